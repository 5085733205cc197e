/** Records the round trips on the whole machine: `npx tsx examples/recorded-port/record.ts`. Only this file has a processor. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { NEOVERSE_N1, createHostBoard } from '@worldswitch/arm64';
import { HOSTED_SIZE, processorOf } from '@worldswitch/arm64-hypervisor';
import * as devices from '@worldswitch/devices';
import * as images from '@worldswitch/image';
import { Recorder } from './recording.ts';
import { RAM, RECORDED, roundTrip, type Recorded } from './round-trip.ts';

/** What the machine is asked and answers, in one round trip. */
export function record(which: Recorded): readonly string[] {
  const board = createHostBoard({ devices, images, model: NEOVERSE_N1, kind: 'evaluator', ram: RAM.size, hosted: HOSTED_SIZE });
  const recorder = new Recorder(processorOf(board));
  const { end } = roundTrip(recorder, which);
  if (end !== 'shutdown') throw new Error(`${which.revision} (${which.mode}): the guest ended with ${end}, not with its SYSTEM_OFF`);
  return recorder.lines;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const which of RECORDED) {
    const lines = record(which);
    writeFileSync(new URL(`./${which.revision}-${which.mode}.json`, import.meta.url), `${JSON.stringify(lines).replaceAll('","', '",\n"')}\n`);
    console.log(`${which.revision} (${which.mode}): ${lines.length} questions and answers`);
  }
}
