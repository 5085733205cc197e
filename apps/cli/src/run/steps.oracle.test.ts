/**
 * guests/arm64/steps under the command: its steps, breakpoints and watchpoints stop where QEMU's instruction trace of the same ELF at EL1
 * goes, with the exit that a user of KVM sees (the syndromes of DDI 0487 D24.2.40, ESR_EL2), and the guest runs on to its end.
 */
import { readFileSync } from 'node:fs';
import { elfSymbols, parseElf } from '@worldswitch/image';
import { beforeAll, describe, expect, it } from 'vitest';
import { QEMU, runDigested, type TraceRow } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { guestElf, jsonEvents } from '../test/capture.ts';

const STEPS = guestElf('steps');
const COUNT = 1000;
const MODES = ['nvhe', 'vhe'] as const;
const BRK = 0xd420_0040;
/** `str x6, [sp, #-16]!` and `ldr x6, [sp], #16`. */
const STORE = 0xf81f_0fe6;
const LOAD = 0xf841_07e6;
const HSR = { breakpoint: '0xc2000022', read: '0xd2000022', write: '0xd2000062', brk: '0xf2000002' } as const;

interface Event {
  readonly event: string;
  readonly position: { readonly pc: string };
  readonly report?: Readonly<Record<string, string>>;
  readonly registers?: Readonly<Record<string, string>>;
}

const text = (address: bigint): string => `0x${address.toString(16)}`;

describe.runIf(haveTools(QEMU, 'gcc'))('the command stops a guest where QEMU\'s trace goes', () => {
  /** From the first instruction of the stretch to the last of the run. */
  let trace: readonly TraceRow[];
  const symbols = new Map(elfSymbols(parseElf(readFileSync(STEPS))).map(({ name, value }) => [name, value]));
  const stretch = symbols.get('stretch') as bigint;

  beforeAll(() => {
    const whole = runDigested({ cpu: 'neoverse-n1', el2: false, blocks: 1, trace: { from: 0, to: 65_536 } }, ['-kernel', STEPS]).trace;
    trace = whole.slice(whole.findIndex(({ pc }) => pc === stretch));
    expect(trace.length).toBeGreaterThan(2 * COUNT);
  });

  const run = async (...args: readonly string[]): Promise<readonly Event[]> => {
    const { status, events } = await jsonEvents<Event>('run', STEPS, ...args, '--hits', '0');
    expect(status).toBe(0);
    expect(events.at(-1)).toMatchObject({ event: 'end', kind: 'halted', why: 'the guest powered off' });
    const said = events.filter(({ event }) => event === 'console').map((event) => (event as unknown as { readonly text: string }).text).join('');
    expect(said).toBe('steps\r\nsteps done rounds=0x28 exceptions=0x50\r\n');
    return events;
  };
  const reports = (events: readonly Event[]): readonly unknown[] => events.filter(({ event }) => event === 'stop').map(({ report }) => report);

  it.each(MODES)('by single steps from a breakpoint, and on to the end, %s', async (mode) => {
    const events = await run('--mode', mode, '--break', 'stretch', '--step', `${COUNT}`);
    expect(events.filter(({ event }) => event === 'step').map(({ position }) => position.pc)).toEqual(trace.slice(0, COUNT + 1).map(({ pc }) => text(pc)));
    // A breakpoint that a step arrives at has not been run to; the guest's own BRK comes to the debugger either way.
    const stops = trace.filter(({ pc, word }, n) => word === BRK || (pc === stretch && (n === 0 || n >= COUNT)));
    expect(reports(events)).toEqual(stops.map(({ pc, word }) => ({ hsr: word === BRK ? HSR.brk : HSR.breakpoint, far: '0x0', pc: text(pc) })));
  });

  it.each(MODES)('at a watchpoint, at the accessing instruction and with the address, %s', async (mode) => {
    const store = trace.find(({ word }) => word === STORE) as TraceRow;
    const first = (await run('--mode', mode, '--break', text(store.pc))).find(({ report }) => report?.['hsr'] === HSR.breakpoint);
    const slot = text(BigInt(first?.registers?.['sp'] ?? 0) - 16n);
    const inStretch = ({ position }: Event): boolean => BigInt(position.pc) >= stretch && BigInt(position.pc) < (symbols.get('stretch_end') as bigint);
    const seen = (await run('--mode', mode, '--watch', `${slot}:8`)).filter((event) => event.event === 'stop' && inStretch(event));
    const hsr: Readonly<Record<number, string>> = { [BRK]: HSR.brk, [STORE]: HSR.write, [LOAD]: HSR.read };
    const stops = trace.filter(({ word }) => word in hsr);
    expect(reports(seen)).toEqual(stops.map(({ pc, word }) => ({ hsr: hsr[word], far: word === BRK ? '0x0' : slot, pc: text(pc) })));
  });
});
