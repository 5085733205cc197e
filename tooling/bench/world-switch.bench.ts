import { PAIRS, revisionNamed, type RevisionPair } from '@worldswitch/arm64-hypervisor';
import { Ledger } from '@worldswitch/hypervisor';
import { guestMachine, program, type GuestMachine } from '../../packages/vmm/src/test/guest-machine.ts';
import { cpuTime, median } from './cpu-time.ts';
import type { Table } from './table.ts';

/** Samples of each figure, ledger off and on in turn. */
const ROUNDS = 3;
/** Round trips of a sample, and before the first. */
const TRIPS = 40;
const WARM_UP = 80;
/** Instructions from the start of one loop of the guest to that of the next. */
const APART = 16;

/** Loops of one guest that leave once a round; how many instructions a round has; the exit that comes to the VMM, if one does. */
const LOOPS = [
  // PSCI_VERSION leaves its answer in x0, so the function is loaded anew.
  { name: 'hypercall', instructions: 4, source: 'mov w0, #0\n movk w0, #0x8400, lsl #16\n hvc #0\n b .-12', debug: false },
  { name: 'MMIO', instructions: 2, source: 'ldr w3, [x2, #0x18]\n b .-4', debug: false },
  { name: 'sysreg trap', instructions: 2, source: 'mrs x1, ID_AA64PFR0_EL1\n b .-4', debug: false },
  { name: 'debug exit', instructions: 1, source: 'b .', debug: true },
] as const;
type Loop = (typeof LOOPS)[number];

/** A pair of revision and mode, its machine, and what was measured. Microseconds a round trip. */
interface Subject extends RevisionPair {
  readonly machine: GuestMachine;
  readonly figures: readonly { readonly loop: Loop; readonly off: number[]; readonly on: number[]; rows: number }[];
}

/** Round trips a second between a guest and its host, and what it costs to keep a ledger of them. */
export function bench(): readonly Table[] {
  const subjects = PAIRS.map(prepare);
  for (const subject of subjects) for (const { loop } of subject.figures) for (const keeping of [false, true]) measure(subject, loop, keeping, WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) {
      for (const figure of subject.figures) {
        figure.off.push(measure(subject, figure.loop, false, TRIPS).microseconds);
        const { microseconds, rows } = measure(subject, figure.loop, true, TRIPS);
        figure.on.push(microseconds);
        figure.rows = rows;
      }
    }
  }
  return [rates(subjects), ledger(subjects)];
}

function prepare(pair: RevisionPair): Subject {
  const padded = LOOPS.map(({ source }) => `${source}\n${' nop\n'.repeat(APART - source.split('\n').length)}`);
  const revision = revisionNamed(pair.revision, pair.mode);
  const machine = guestMachine({ mode: pair.mode, revision, image: program(padded.join('')), ram: 2 << 20 });
  const loops = LOOPS.filter(({ debug }) => !debug || revision.guestDebug !== 'none');
  return { ...pair, machine, figures: loops.map((loop) => ({ loop, off: [], on: [], rows: 0 })) };
}

/** So many round trips of a loop. Making and ending a ledger is no part of what is measured; its rows are, as somebody reads them. */
function measure({ machine, revision, mode }: Subject, loop: Loop, keeping: boolean, trips: number): { readonly microseconds: number; readonly rows: number } {
  const { vcpu, hypervisor } = machine;
  vcpu.setGuestDebug({ enable: loop.debug, singleStep: true, hardware: { bcr: [], bvr: [], wcr: [], wvr: [] } });
  vcpu.setRegister('x2', 0x0900_0000n);
  vcpu.setRegister('pc', 0x4000_0000n + BigInt(4 * APART * LOOPS.indexOf(loop)));
  const kept = keeping ? new Ledger() : undefined;
  hypervisor.host.code.ledger = kept;
  let rows = 0;
  const cpu = cpuTime(() => {
    for (let trip = 0; trip < (loop.debug ? trips : 1); trip++) {
      const stop = machine.run(loop.debug ? 1000 : trips * loop.instructions);
      if (stop.kind !== (loop.debug ? 'debug' : 'budget')) throw new Error(`${revision}, ${mode}, ${loop.name}: the guest stopped with ${stop.kind}`);
    }
    rows = kept?.rows.length ?? 0;
  });
  hypervisor.host.code.ledger = undefined;
  if ((kept?.lost ?? 0) > 0) throw new Error(`${revision}, ${mode}, ${loop.name}: ${kept?.lost} rows were lost, so the figure is of something else`);
  return { microseconds: (cpu * 1000) / trips, rows: rows / trips };
}

const nameOf = ({ revision, mode }: Subject): string => `${revision}, ${mode}`;
const figureOf = ({ figures }: Subject, loop: Loop): Subject['figures'][number] | undefined => figures.find((figure) => figure.loop === loop);

function rates(subjects: readonly Subject[]): Table {
  const rate = (samples: readonly number[] | undefined): number | undefined => samples && 1e6 / median(samples);
  return {
    title: 'World switch',
    method: `Round trips a second of processor time: out of the guest, through the host, and back in, with every register access of the switch executed on the simulated
processor. Medians of ${ROUNDS} samples of ${TRIPS} round trips, ledger off and on in turn, after ${WARM_UP} of each.
Hypercall: \`HVC\`, PSCI_VERSION. MMIO: a load that the VMM answers. Sysreg trap: \`MRS\` of an identification register. Debug exit: a single step by a debugger
in the VMM that has the debug registers, too, so that both sets of them move; 2015-base has nothing for one.
What limits it: no one thing. Hosted loads and stores with their checks are a quarter of a round trip, writes of system registers with their consequences a fifth,
compiling the regime of EL1 anew, running the guest's few instructions and the verdicts of accesses a twentieth each. Not taken: answering hosted
accesses from the engine's translation caches, which are stale in the middle of a switch.`,
    columns: ['revision and mode', ...LOOPS.flatMap(({ name }) => [name, 'with ledger'])],
    rows: subjects.map((subject) => [nameOf(subject), ...LOOPS.flatMap((loop) => [rate(figureOf(subject, loop)?.off), rate(figureOf(subject, loop)?.on)])]),
  };
}

function ledger(subjects: readonly Subject[]): Table {
  return {
    title: 'What a ledger costs',
    method: `From the same samples: rows of a round trip, microseconds for each, and how much longer a round trip takes. Aim: ≤ 2 µs a row.
Rows are packed while the switch runs and made when the ledger is read; a sample contains both. What limits it: the collection of garbage, a quarter of the time
with a ledger, and reading a register before and after each write.`,
    columns: ['revision and mode', ...LOOPS.flatMap(({ name }) => [`${name}: rows`, 'µs a row', '%'])],
    rows: subjects.map((subject) => [nameOf(subject), ...LOOPS.flatMap((loop) => {
      const figure = figureOf(subject, loop);
      if (figure === undefined) return [undefined, undefined, undefined];
      const [off, on] = [median(figure.off), median(figure.on)];
      return [figure.rows, (on - off) / figure.rows, (on / off - 1) * 100];
    })]),
  };
}
