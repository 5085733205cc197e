/** What of the Performance Monitors the comparison with QEMU (testkit, pmu.oracle.test.ts) does not reach: DDI 0487 D13 and J1.3.1. */
import { encodingOf, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { EngineKind } from '@worldswitch/engine';
import { describe, expect, it } from 'vitest';
import { bare, type Bare } from '../../test/bare.ts';
import { hostPort } from '../host-port.ts';
import { CORTEX_A57, NEOVERSE_N1, type Arm64Model } from '../model.ts';

/** Instructions at all levels. */
const INSTRUCTIONS = 0x0800_0008n;
const NSH = 0x0800_0000n;
const ALL = 0x8000_003fn;
const [E, P, C, D, DP, LC] = [1n, 2n, 4n, 8n, 0x20n, 0x40n];
const [HPMD, HPME] = [1n << 17n, 1n << 7n];

type Registers = Partial<Record<RegisterName, bigint>>;
function counting(registers: Registers, { source = '1: b 1b', model = NEOVERSE_N1, kind = 'interpreter', sync = 'early' }: {
  readonly source?: string; readonly model?: Arm64Model; readonly kind?: EngineKind; readonly sync?: 'early' | 'late';
} = {}): Bare {
  const b = bare(model, source, kind, 2, sync);
  write(b, { PMEVTYPER0_EL0: INSTRUCTIONS, PMEVTYPER5_EL0: INSTRUCTIONS, PMCCFILTR_EL0: NSH, PMCNTENSET_EL0: ALL, PMCR_EL0: E, ...registers });
  hostPort(b.cpu.processor).execute({ op: 'isb' });
  return b;
}
function write({ cpu }: Bare, registers: Registers): void {
  const port = hostPort(cpu.processor);
  for (const [name, value] of Object.entries(registers)) port.execute({ op: 'msr', encoding: encodingOf(name), value });
}
const read = ({ cpu }: Bare, name: RegisterName): bigint => cpu.registers.debugger.read(name) as bigint;
const COUNTERS = ['PMEVCNTR0_EL0', 'PMEVCNTR5_EL0', 'PMCCNTR_EL0'] as const;
/** Counter 0, counter 5 and cycles after 1000 instructions. */
const after1000 = (registers: Registers, model: Arm64Model = NEOVERSE_N1): readonly bigint[] => {
  const b = counting(registers, { model });
  b.machine.run({ budget: 1000 });
  return COUNTERS.map((name) => read(b, name));
};

describe('who counts at EL2', () => {
  it('MDCR_EL2.HPMN splits the counters: PMCR_EL0.E is for the first, HPME for the others', () => {
    expect(after1000({ MDCR_EL2: 6n })).toEqual([1000n, 1000n, 1000n]);
    expect(after1000({ MDCR_EL2: 4n })).toEqual([1000n, 0n, 1000n]);
    expect(after1000({ MDCR_EL2: 4n | HPME })).toEqual([1000n, 1000n, 1000n]);
    expect(after1000({ MDCR_EL2: 4n | HPME, PMCR_EL0: 0n })).toEqual([0n, 1000n, 0n]);
    // Out of range: as if EL2 kept none.
    expect(after1000({ MDCR_EL2: 0n })).toEqual([1000n, 1000n, 1000n]);
  });
  it('HPMD prohibits the first ones, and cycles with PMCR_EL0.DP; a processor before PMUv3.1 has neither', () => {
    expect(after1000({ MDCR_EL2: 4n | HPMD | HPME })).toEqual([0n, 1000n, 1000n]);
    expect(after1000({ MDCR_EL2: 6n | HPMD, PMCR_EL0: E | DP })).toEqual([0n, 0n, 0n]);
    expect(after1000({ MDCR_EL2: 6n | HPMD }, CORTEX_A57)).toEqual([1000n, 1000n, 1000n]);
  });
  it('without NSH nothing counts there', () => {
    expect(after1000({ PMEVTYPER0_EL0: 8n, PMCCFILTR_EL0: 0n })).toEqual([0n, 1000n, 0n]);
  });
});

describe('PMCR_EL0', () => {
  it('D counts one cycle in 64, also across stops; LC takes it back', () => {
    const b = counting({ PMCR_EL0: E | D });
    for (let n = 0; n < 100; n++) b.machine.run({ budget: 13 });
    expect(read(b, 'PMCCNTR_EL0')).toBe(1300n / 64n);
    expect(after1000({ PMCR_EL0: E | D | LC })[2]).toBe(1000n);
  });
  it('P and C clear; below EL2 P leaves what is EL2\'s', () => {
    const b = counting({ MDCR_EL2: 4n | HPME });
    b.machine.run({ budget: 10 });
    write(b, { PMCR_EL0: E | C });
    expect([read(b, 'PMEVCNTR0_EL0'), read(b, 'PMCCNTR_EL0'), read(b, 'PMCR_EL0') & 7n]).toEqual([10n, 0n, E]);
    write(b, { SPSR_EL2: 0x3c5n, ELR_EL2: 0x4000_0000n });
    hostPort(b.cpu.processor).execute({ op: 'eret' });
    expect((read(b, 'PMCR_EL0') >> 11n) & 31n).toBe(4n);
    write(b, { PMCR_EL0: E | P });
    expect([b.cpu.registers.raw.read('PMEVCNTR0_EL0'), b.cpu.registers.raw.read('PMEVCNTR5_EL0')]).toEqual([0n, 10n]);
    // Nor does EL1 have its bits.
    expect(read(b, 'PMCNTENSET_EL0')).toBe(0x8000_000fn);
  });
  it('cycles overflow at 32 bits, with LC at 64', () => {
    const flagged = (pmcr: bigint, start: bigint): bigint => {
      const b = counting({ PMCR_EL0: pmcr, PMCCNTR_EL0: start });
      b.machine.run({ budget: 20 });
      return read(b, 'PMOVSSET_EL0') >> 31n;
    };
    expect([flagged(E, 0xffff_fff0n), flagged(E | LC, 0xffff_fff0n), flagged(E | LC, (1n << 64n) - 16n), flagged(E, 0xffff_0000n)]).toEqual([1n, 0n, 1n, 0n]);
  });
});

describe('counting is lazy', () => {
  it.each(['evaluator', 'interpreter', 'translator'] as const)('and exact at every instruction, on the %s', (kind) => {
    const b = counting({}, { kind, source: 'mov x1, #5\n1: mrs x0, PMEVCNTR0_EL0\n mrs x2, PMCCNTR_EL0\n subs x1, x1, #1\n b.ne 1b\n b .' });
    b.machine.run({ budget: 2 });
    // What reads has been counted.
    expect(b.cpu.registers.debugger.read('x0')).toBe(2n);
    b.machine.run({ budget: 17 });
    expect([b.cpu.registers.debugger.read('x0'), b.cpu.registers.debugger.read('x2')]).toEqual([18n, 19n]);
    b.machine.run({ budget: 100_000 });
    expect(read(b, 'PMEVCNTR0_EL0')).toBe(100_019n);
  });
  it('a snapshot in between changes nothing', () => {
    const [b, copy] = [counting({ PMCR_EL0: E | D }), counting({})];
    b.machine.run({ budget: 100 });
    copy.machine.restore(b.machine.save());
    for (const one of [b, copy]) one.machine.run({ budget: 100 });
    expect(COUNTERS.map((name) => read(copy, name))).toEqual([200n, 200n, 3n]);
    expect(copy.machine.hash()).toBe(b.machine.hash());
  });
  it('with late writes enables act at the ISB, and read as written', () => {
    const b = counting({}, { sync: 'late', source: 'nop\n nop\n isb\n nop\n nop' });
    write(b, { PMCNTENCLR_EL0: 0x21n });
    write(b, { PMCNTENSET_EL0: 0x20n });
    expect(read(b, 'PMCNTENSET_EL0')).toBe(ALL & ~1n);
    b.machine.run({ budget: 5 });
    expect(COUNTERS.map((name) => read(b, name))).toEqual([3n, 5n, 5n]);
  });
});
