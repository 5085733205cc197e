/** `worldswitch demo`: one set of debug registers, two owners, both modes; every number is of this run. */
import { hex } from '@worldswitch/bits';
import { deadSaves, Ledger, redundantRestores, summarise, type LedgerRow, type LedgerSummary } from '@worldswitch/hypervisor';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { EXIT } from '../exit.ts';
import { count } from '../text.ts';
import { GuestMachine } from '../plugins/arm64/guest.ts';
import { demoGuest } from './guest.ts';

/** A breakpoint of the host's, on a kernel address that no guest executes: EL1 and up, or EL0 as a debugger's would be. */
const HOST_BREAKPOINT = { address: 0xffff_8000_1008_1000n, control: 0x1e5n } as const;
const BUDGET = 100_000;

/** What one run of the guest showed. */
export interface DemoRun {
  readonly mode: 'nvhe' | 'vhe';
  readonly instructions: number;
  /** Exceptions that the guest's own breakpoint raised in the guest, and their syndrome. */
  readonly hits: bigint;
  readonly syndrome: bigint;
  readonly end: string;
  /** Entries into the guest, and those that exchanged the debug registers on their way in. */
  readonly entries: number;
  readonly exchanged: number;
  /** What happened to DBGBVR0_EL1 in the world switch. */
  readonly moves: readonly LedgerRow[];
  readonly summary: LedgerSummary;
  readonly redundant: number;
  readonly dead: number;
  /** DBGBVR0_EL1 of the host before the guest ran, and after. */
  readonly hostBefore: bigint;
  readonly hostAfter: bigint;
}

/** Runs the guest once. */
export function demoRun(mode: 'nvhe' | 'vhe'): DemoRun {
  const elf = demoGuest();
  const symbols = elfSymbols(parseElf(elf));
  const machine = new GuestMachine('interpreter', { boot: { kind: 'elf', elf }, symbols },
    { as: 'guest', gic: '2', mode, cpu: 'neoverse-n1', cpus: 1, memory: 1 << 24 }, () => { /* what it prints is read from its variables */ });
  const variable = (name: string): bigint => {
    const bytes = machine.readMemory(symbols.find((symbol) => symbol.name === name)?.value ?? 0n, 8, 'physical');
    return bytes === undefined ? 0n : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  };
  const { code } = machine.hypervisor.host;
  const door = machine.hypervisor.host.processor.debugger;
  code.place = { step: 'host-debugger', phase: '', kind: 'host' };
  code.write('DBGBVR0_EL1', HOST_BREAKPOINT.address);
  code.write('DBGBCR0_EL1', HOST_BREAKPOINT.control);
  const hostBefore = door.read('DBGBVR0_EL1') ?? 0n;
  const ledger = new Ledger();
  code.ledger = ledger;
  const stop = machine.run(BUDGET);
  code.ledger = undefined;
  const rows = ledger.drain();
  const of = (step: string, phase: string): number => rows.filter((row) => row.step === step && row.phase === phase && row.operation === 'write' && row.reached === 'DBGBVR0_EL1').length;
  return {
    mode, instructions: machine.retired, hits: variable('hits'), syndrome: variable('syndrome'),
    end: 'why' in stop ? stop.why : stop.kind,
    entries: rows.filter(({ phase, operation, written }) => phase === 'enter' && operation === 'control' && written === 'eret').length,
    exchanged: of('debug-to-guest', 'restore-guest'),
    moves: rows.filter(({ kind, operation, reached }) => kind === 'debug' && operation === 'write' && reached === 'DBGBVR0_EL1'),
    summary: summarise(rows.filter(({ phase }) => phase !== '')), redundant: redundantRestores(rows).length, dead: deadSaves(rows).length,
    hostBefore, hostAfter: door.read('DBGBVR0_EL1') ?? 0n,
  };
}

/** The screen, line by line. */
export function demoScreen(runs: readonly DemoRun[]): readonly string[] {
  const row = (label: string, value: (run: DemoRun) => string): string => `  ${label.padEnd(42)}${runs.map((run) => value(run).padStart(22)).join('')}`.trimEnd();
  const [first] = runs;
  const kinds = [...new Set(runs.flatMap(({ summary }) => [...summary.byKind.keys()]))];
  const moves = (run: DemoRun, kind: string): string => {
    const { reads, writes } = run.summary.byKind.get(kind) ?? { reads: 0, writes: 0 };
    return `${reads} / ${writes}`;
  };
  return [
    'One set of debug registers, two owners',
    '',
    `A guest at EL1 sets a hardware breakpoint on itself and handles the exception it raises. The host has a breakpoint of its own, at`,
    `${hex(HOST_BREAKPOINT.address)}, in the same register. Each must find its own value whenever it runs.`,
    '',
    `DBGBVR0_EL1 in the world switch, ${first.mode}:`,
    ...first.moves.map(({ icount, step, before, after }) =>
      `  after ${String(icount).padStart(3)} instructions  ${step.padEnd(14)} ${hex(before ?? 0n).padStart(18)} → ${hex(after ?? 0n)}`),
    '',
    row('', ({ mode }) => mode),
    row('host runs at', ({ mode }) => (mode === 'vhe' ? 'EL2' : 'EL1')),
    row('instructions of the guest', ({ instructions }) => count(instructions)),
    row('its breakpoint raised, in the guest', ({ hits, syndrome }) => `${hits} (ESR ${hex(syndrome)})`),
    row('times the guest was entered', ({ entries }) => count(entries)),
    row('of them with the debug registers exchanged', ({ exchanged }) => count(exchanged)),
    row("the host's breakpoint afterwards", ({ hostBefore, hostAfter }) => (hostBefore === hostAfter ? 'unchanged' : hex(hostAfter))),
    '',
    row('register reads / writes by what they move', () => ''),
    ...kinds.map((kind) => row(`  ${kind}`, (run) => moves(run, kind))),
    row('  all', ({ summary }) => `${count(summary.reads)} / ${count(summary.writes)}`),
    row('writes of the value that was there already', ({ redundant }) => count(redundant)),
    row('saves that nobody loaded before the next', ({ dead }) => count(dead)),
    '',
    'Each number is counted from the ledger of this run. See it row by row, or look a register up:',
    '  worldswitch run IMAGE --trace world-switch        worldswitch regs DBGBCR0_EL1',
  ];
}

/** Prints the demonstration. Gives 1 where what it claims did not happen. */
export function demo(): number {
  const runs = (['nvhe', 'vhe'] as const).map(demoRun);
  process.stdout.write(`${demoScreen(runs).join('\n')}\n`);
  const fine = runs.every(({ hits, hostBefore, hostAfter }) => hits === 1n && hostBefore === hostAfter);
  return fine ? EXIT.ok : EXIT.guestFailed;
}
