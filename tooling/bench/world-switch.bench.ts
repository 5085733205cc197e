import { guestMachine, program, type GuestMachine } from '../../packages/vmm/src/test/guest-machine.ts';
import { cpuTime, median } from './cpu-time.ts';
import type { Table } from './table.ts';

const ROUNDS = 5;
const MODES = ['nvhe', 'vhe'] as const;

/** Loops of a guest that exit once a round, and how many instructions a round has. */
const LOOPS = [
  // PSCI_VERSION leaves its answer in x0, so the function is loaded anew.
  { name: 'HVC (PSCI_VERSION)', instructions: 4, source: '1: mov w0, #0\n movk w0, #0x8400, lsl #16\n hvc #0\n b 1b' },
  { name: 'MRS of an identification register', instructions: 2, source: '1: mrs x1, ID_AA64PFR0_EL1\n b 1b' },
  { name: 'MMIO read', instructions: 2, source: 'mov x2, #0x9000000\n1: ldr w3, [x2, #0x18]\n b 1b' },
] as const;
/** Round trips of a sample, and before the first. */
const TRIPS = 50;
const WARM_UP = 100;

/** Round trips a second between a guest and its host. */
export function bench(): Table {
  const subjects = LOOPS.flatMap((loop) => [false, true].map((dirty) => ({
    loop, dirty, modes: MODES.map((mode) => ({ machine: prepare(mode, loop.source, dirty), samples: [] as number[] })),
  })));
  for (const { loop, modes } of subjects) for (const { machine } of modes) machine.run(WARM_UP * loop.instructions);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { loop, modes } of subjects) {
      for (const { machine, samples } of modes) {
        const cpu = cpuTime(() => {
          const stop = machine.run(TRIPS * loop.instructions);
          if (stop.kind !== 'budget') throw new Error(`a loop that never ends ended: ${JSON.stringify(stop)}`);
        });
        samples.push((TRIPS / cpu) * 1000);
      }
    }
  }
  return {
    title: 'World switch',
    method: `Round trips a second of processor time: out of the guest, through the host, and back in, with every register access of the switch executed on the simulated
processor. Medians of ${ROUNDS} samples of ${TRIPS} round trips, taken in turn, after ${WARM_UP}. "Debugged" has guest debug enabled, so every round trip moves both banks of debug registers.`,
    columns: ['exit', ...MODES],
    rows: subjects.map(({ loop, dirty, modes }) => [dirty ? `${loop.name}, debugged` : loop.name, ...modes.map(({ samples }) => median(samples))]),
  };
}

function prepare(mode: (typeof MODES)[number], source: string, dirty: boolean): GuestMachine {
  const machine = guestMachine({ mode, image: program(source) });
  if (dirty) machine.vcpu.setGuestDebug({ enable: true, hardware: { bcr: [], bvr: [], wcr: [], wvr: [] } });
  return machine;
}
