/** The world switch without a processor: the hypervisor runs on a recording of one, and does exactly what it did then. */
import { readFileSync } from 'node:fs';
import { summarise } from '@worldswitch/hypervisor';
import { RecordedProcessor, type Lines } from './recording.ts';
import { RECORDED, roundTrip } from './round-trip.ts';

for (const which of RECORDED) {
  const lines = JSON.parse(readFileSync(new URL(`./${which.revision}-${which.mode}.json`, import.meta.url), 'utf8')) as Lines;
  const processor = new RecordedProcessor(lines);
  const { end, rows } = roundTrip(processor, which);
  console.log(`${which.revision}, ${which.mode}: ${processor.left === 0 ? 'every answer used' : `${processor.left} answers left`}, the guest ended with ${end}`);

  // One round trip: from the exception that left the guest because of its MRS, to the ERET that entered it again.
  const left = rows.flatMap((row, at) => (row.step === 'guest' && row.operation === 'exception' ? [at] : []));
  const trip = rows.slice(left.at(-2), left.at(-1));
  const { byKind } = summarise(trip);
  for (const kind of ['context', 'debug', 'trap-control', 'timer', 'vgic', 'stage2']) {
    const { reads, writes } = byKind.get(kind) ?? { reads: 0, writes: 0 };
    console.log(`  ${kind.padEnd(13)} ${String(reads).padStart(3)} reads ${String(writes).padStart(3)} writes`);
  }
}
