/**
 * The debug facility of the whole processor against QEMU: breakpoints, watchpoints, software step and BRK of EL0 and EL1 code, taken to EL1
 * and, with MDCR_EL2.TDE, to EL2: the same exceptions with the same ESR, FAR, ELR and SPSR, in the same order. Where both differ stands in
 * debug-differences.md (`vitest -u` writes it anew).
 */
import type { EngineKind } from '@worldswitch/engine';
import { describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { debugSource, EL0_OFFSET, recordsOf, SCENARIOS, type Scenario, type Taken } from './debug-guest.ts';
import { Guest, GUEST_TOOLS } from './guest.ts';

const CPU = 'neoverse-n1';
const WNR = 1n << 6n;
/** SPSR.D. */
const MASKED = 1n << 9n;
const UNALIGNED = ['ldr x0, [x10, #3]', 'ldr x0, [x10, #13]', 'str w0, [x10, #6]'];
/** Classes after which FAR_ELx is valid: aborts, PC alignment, watchpoints. */
const WITH_FAR = new Set([0x20, 0x21, 0x22, 0x24, 0x25, 0x34, 0x35]);

interface Pair {
  readonly scenario: Scenario;
  /** The instruction, as the guest has it. */
  readonly instruction: string;
  readonly ours: Taken | undefined;
  readonly qemu: Taken | undefined;
}

const exceptionClass = ({ esr }: Taken): number => Number(esr >> 26n);
const isWatchpoint = (taken: Taken): boolean => exceptionClass(taken) >> 1 === 0x34 >> 1;

/** Where QEMU 7.2 departs from the manual (DDI 0487 D2.9, watchpoint exceptions), or both have a choice. */
const DIFFERENCES: readonly { readonly why: string; readonly is: (pair: Pair) => boolean }[] = [
  {
    why: 'FAR may be any address from the lowest the access touches to the highest watched (D2.9.8.2): we give the lowest accessed, QEMU the lowest accessed that is watched',
    is: ({ ours, qemu }) => ours !== undefined && qemu !== undefined && isWatchpoint(ours) && ours.esr === qemu.esr && ours.spsr === qemu.spsr && ours.far < qemu.far,
  },
  {
    why: 'FAR is the lowest address accessed; QEMU does an unaligned access in a watched page as aligned ones and gives the address of the first',
    is: ({ ours, qemu, instruction }) => ours !== undefined && qemu !== undefined && isWatchpoint(ours) && ours.esr === qemu.esr && ours.spsr === qemu.spsr
      && UNALIGNED.includes(instruction) && qemu.far === (ours.far & ~7n),
  },
  {
    why: 'with PSTATE.D set no debug exception is taken at its own level: step is inactive (D2.11.3); QEMU takes the one of the instruction that sets D',
    is: ({ ours, qemu, scenario }) => ours === undefined && qemu !== undefined && scenario.el === scenario.to && exceptionClass(qemu) === 0x33 && (qemu.spsr & MASKED) !== 0n,
  },
  {
    why: 'a load sets WnR = 0, as does an atomic where a read would have hit (ESR_EL1, ISS of a watchpoint); QEMU keeps the 1 of an earlier store that hit',
    is: ({ ours, qemu }) => ours !== undefined && qemu !== undefined && isWatchpoint(ours) && qemu.esr === (ours.esr | WNR) && ours.spsr === qemu.spsr && ours.far <= qemu.far,
  },
  {
    why: 'the load touches no watched byte; QEMU does an unaligned load in a watched page as two aligned ones',
    is: ({ ours, qemu, instruction }) => ours === undefined && qemu !== undefined && isWatchpoint(qemu) && instruction === 'ldr x0, [x10, #13]',
  },
  {
    why: 'whether a store-exclusive that fails can hit is IMPLEMENTATION DEFINED (D2.9.6.1); QEMU looks at the monitor first',
    is: ({ ours, qemu, instruction }) => qemu === undefined && ours !== undefined && isWatchpoint(ours) && instruction.startsWith('stxr'),
  },
];

const sameText = (a: Taken | undefined, b: Taken | undefined): boolean => describeTaken(a) === describeTaken(b);
function describeTaken(taken: Taken | undefined): string {
  if (taken === undefined) return 'nothing';
  const { vector, esr, far, elr, spsr } = taken;
  const show = (value: bigint): string => value.toString(16);
  return `vector ${show(vector)}, ESR ${show(esr)}, FAR ${WITH_FAR.has(exceptionClass(taken)) ? show(far) : '-'}, ELR ${show(elr)}, SPSR ${show(spsr)}`;
}

/** Pairs records in order; one that the other side does not have at all stands alone. */
function pairs(scenario: Scenario, base: bigint, ours: readonly Taken[], qemu: readonly Taken[]): Pair[] {
  const lines = scenario.code.split('\n').map((line) => line.replace(/^\d: ?/, ''));
  const same = (a: Taken, b: Taken): boolean => a.elr === b.elr && a.vector === b.vector;
  const pair = (a: Taken | undefined, b: Taken | undefined): Pair => {
    const elr = ((a ?? b)?.elr ?? base) - base - (scenario.el === 0 ? BigInt(EL0_OFFSET) : 0n);
    return { scenario, instruction: lines[Number(elr / 4n)] ?? 'behind the end', ours: a, qemu: b };
  };
  const found: Pair[] = [];
  for (let a = 0, b = 0; a < ours.length || b < qemu.length;) {
    if (a < ours.length && b < qemu.length && same(ours[a], qemu[b])) found.push(pair(ours[a++], qemu[b++]));
    else if (a < ours.length && !qemu.slice(b).some((one) => same(one, ours[a]))) found.push(pair(ours[a++], undefined));
    else found.push(pair(undefined, qemu[b++]));
  }
  return found;
}

function table(rows: readonly { readonly where: string; readonly instruction: string; readonly why: string }[]): string {
  const lines = new Map<string, Set<string>>();
  for (const { where, instruction, why } of rows) {
    const key = `| ${where} | ${instruction} | ${why} |`;
    lines.set(key, new Set([...(lines.get(key) ?? []), where]));
  }
  return [
    '# Debug exceptions: where QEMU 7.2 and this processor differ', '',
    `Written by debug.oracle.test.ts: ${SCENARIOS.length} scenarios on ${CPU}. Sections are those of DDI 0487.`, '',
    '| scenario (of EL0 and EL1, by EL1 and EL2) | instruction | why |', '|---|---|---|', ...lines.keys(), '',
  ].join('\n');
}

describe.runIf(haveTools(...GUEST_TOOLS))('debug exceptions', () => {
  const { source, bytes } = debugSource(SCENARIOS);
  const guest = new Guest(source, bytes);
  const qemu = recordsOf(guest.onQemu(CPU));
  const ours = (kind: EngineKind): Taken[][] => recordsOf(guest.onOurs(kind, CPU));

  it('take place in each scenario, of every kind', () => {
    const kinds = new Set(qemu.flat().map(exceptionClass));
    for (const kind of [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3c]) expect(kinds.has(kind), `class ${kind.toString(16)}`).toBe(true);
    expect(qemu).toHaveLength(SCENARIOS.length);
  });

  it('are those of QEMU, but for a known list', async () => {
    const mine = ours('interpreter');
    const different = SCENARIOS.flatMap((scenario, n) => pairs(scenario, guest.symbol(`scenario${n}`), mine[n], qemu[n]))
      .filter((pair) => !sameText(pair.ours, pair.qemu));
    const unexplained = different.filter((pair) => !DIFFERENCES.some(({ is }) => is(pair)))
      .map(({ scenario, instruction, ...both }) => `${scenario.name}: ${instruction}: ours ${describeTaken(both.ours)}; QEMU ${describeTaken(both.qemu)}`);
    expect(unexplained).toEqual([]);
    await expect(table(different.map((pair) => ({
      where: pair.scenario.name.replace(/, EL. by EL.$/, ''), instruction: pair.instruction, why: DIFFERENCES.find(({ is }) => is(pair))?.why ?? '',
    })))).toMatchFileSnapshot('./debug-differences.md');
  });

  it.each(['evaluator', 'translator'] as const)('are the same on the %s', (kind) => {
    expect(ours(kind)).toEqual(ours('interpreter'));
  });
});
