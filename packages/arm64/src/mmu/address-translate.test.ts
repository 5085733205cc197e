import { describe, expect, it } from 'vitest';
import { AP, LEAF, LEAF2, TranslationBench, addStage2, el1Bench, tcr } from './translation-bench.ts';
import { SYSTEM_INSTRUCTIONS } from '@worldswitch/arm64-sysreg';
import { atOperation } from './address-translate.ts';

function par(bench: TranslationBench, op: string, va: bigint, el: 1 | 2 = 1, pan = false): string {
  const result = bench.mmu.addressTranslate(op, va, { el, pan });
  return result.ok ? result.par.toString(16) : `fault ${result.fault.stage}.${result.fault.status.toString(16)}`;
}

describe('AT', () => {
  it('reports address, attributes and shareability', () => {
    const { bench, low } = el1Bench();
    bench.map(low, 0n, 2, LEAF | 0x8000_0000n);
    bench.map(low, 0x20_0000n, 3, LEAF | 4n | 0x9000_0000n);
    bench.map(low, 0x20_1000n, 3, LEAF | 8n | 0x9000_0000n);
    expect(par(bench, 'S1E1R', 0x1234n)).toBe('ff00000080001b80');
    expect(par(bench, 'S1E1R', 0x20_0123n)).toBe('90000b00');
    expect(par(bench, 'S1E1R', 0x20_1123n)).toBe('4400000090000b00');
    expect(par(bench, 'S1E1R', 0x40_0000n)).toBe('80d');
  });

  it.each([
    [AP.privileged, 'rw --'], [AP.all, 'rw rw'], [AP.readOnly, 'r- --'], [AP.readOnlyAll, 'r- r-'],
  ])('asks for permissions, AP %s', (ap, expected) => {
    const { bench, low } = el1Bench();
    bench.map(low, 0n, 3, LEAF | ap);
    const may = (op: string): string => (par(bench, op, 0n).endsWith('81f') ? '-' : op.at(-1)!.toLowerCase());
    expect(`${may('S1E1R')}${may('S1E1W')} ${may('S1E0R')}${may('S1E0W')}`).toBe(expected);
  });

  it('heeds PAN in the P forms alone', () => {
    const { bench, low } = el1Bench();
    bench.map(low, 0n, 3, LEAF | AP.all);
    expect(par(bench, 'S1E1R', 0n, 1, true)).toBe('ff00000000000b80');
    expect(par(bench, 'S1E1RP', 0n, 1, true)).toBe('81f');
    expect(par(bench, 'S1E1WP', 0n, 1, false)).toBe('ff00000000000b80');
  });

  it('S1 gives the intermediate address, S12 the physical one with the stages combined', () => {
    const { bench, low } = el1Bench();
    const root = addStage2(bench);
    bench.map(root, 0x4000_0000n, 1, LEAF2 | 0x4000_0000n);
    bench.map(low, 0n, 3, LEAF | 0x8000_0000n);
    expect(par(bench, 'S1E1R', 0n)).toBe('ff00000080000b80');
    expect(par(bench, 'S12E1R', 0n, 2)).toBe('a0b');
    bench.map(root, 0x8000_0000n, 3, (LEAF2 & ~0xbcn) | 0x14n | 0x5000n);
    expect(par(bench, 'S12E1R', 0n, 2)).toBe('4400000000005b00');
    expect(par(bench, 'S12E1W', 0n, 2)).toBe('a1f');
    expect(par(bench, 'S12E0R', 0n, 2)).toBe('81f');
  });

  it('a stage 2 fault of the walk traps at EL1 and is recorded at EL2', () => {
    const { bench, low } = el1Bench();
    addStage2(bench);
    const result = bench.mmu.addressTranslate('S1E1R', 0x5008n, { el: 1, pan: false });
    expect(result).toMatchObject({ fault: { stage: 2, status: 5, s1ptw: true, toEl2: true, address: 0x5008n, ipa: BigInt(low.base) } });
    expect(par(bench, 'S1E1R', 0x5008n, 2)).toBe('b0b');
    bench.set({ HCR_EL2: 0n });
    bench.holes.add(low.base);
    expect(par(bench, 'S1E1R', 0n, 2)).toBe('fault 1.15');
  });

  it('with stage 1 off the address is its own, Device or by DC write-back', () => {
    const bench = new TranslationBench({ physicalBits: 40 });
    expect(par(bench, 'S1E1R', 0x12_3456_7000n)).toBe('1234567b00');
    expect(par(bench, 'S1E1R', 1n << 41n)).toBe('801');
    bench.set({ HCR_EL2: 1n << 12n, SCTLR_EL1: 1n });
    expect(par(bench, 'S1E1R', 0x7000n)).toBe('ff00000000007a00');
  });

  it('at EL2 takes the regime by the operation, the host by TGE', () => {
    const { bench, low } = el1Bench();
    const host = { base: bench.table(4096), granule: 12, level: 1 } as const;
    bench.map(low, 0n, 3, LEAF | 0x5000n);
    bench.map(host, 0n, 3, LEAF | 0x6000n);
    const e2h = 1n << 34n;
    bench.set({ SCTLR_EL2: 5n, TCR_EL2: tcr(12, 25), TTBR0_EL2: BigInt(host.base), MAIR_EL2: 0xffn, HCR_EL2: e2h });
    expect(par(bench, 'S1E1R', 0n, 2)).toBe('ff00000000005b80');
    expect(par(bench, 'S1E2W', 0n, 2)).toBe('ff00000000006b80');
    bench.set({ HCR_EL2: e2h | (1n << 27n) | 1n });
    for (const op of ['S1E1R', 'S1E2R', 'S12E1W']) expect(par(bench, op, 0n, 2)).toBe('ff00000000006b80');
    expect(par(bench, 'S1E0R', 0n, 2)).toBe('81f');
  });

  it('changes nothing in memory and keeps nothing', () => {
    const { bench, low } = el1Bench();
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (3n << 39n) });
    const leaf = bench.map(low, 0n, 3, AP.readOnly | (1n << 51n));
    const before = bench.memory.get(leaf);
    expect(par(bench, 'S1E1W', 0n)).toBe('ff00000000000a00');
    expect(bench.memory.get(leaf)).toBe(before);
    expect(bench.mmu.entries()).toEqual([]);
  });

  it('knows every operation of EL1 and EL2, and no other', () => {
    for (const [op, row] of Object.entries(SYSTEM_INSTRUCTIONS)) {
      if (!op.startsWith('AT ') || op.endsWith('A')) continue;
      if (/W/.test(row.access)) expect(op).toContain(`E${atOperation(op).el}`);
      else expect(() => atOperation(op)).toThrow(/should have been UNDEFINED/);
    }
  });
});
