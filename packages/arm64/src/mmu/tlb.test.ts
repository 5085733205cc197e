import { describe, expect, it } from 'vitest';
import { AP, LEAF, NG, TranslationBench, el1Bench } from './translation-bench.ts';
import { CONTROL_REGISTERS } from './types.ts';

const HIGH = 0xffff_ff80_0000_0000n;

describe('the TLB', () => {
  it('keeps a translation until it is invalidated, also where the tables changed', () => {
    const { bench, low } = el1Bench();
    const leaf = bench.map(low, 0x1000n, 3, LEAF | NG | 0x8000_0000n);
    expect(bench.outcome(0x1000n)).toBe('80000000');
    bench.memory.set(leaf, 0n);
    expect(bench.outcome(0x1000n)).toBe('80000000');
    bench.mmu.invalidate('VAE1', (2n << 48n) | 1n, { el: 1 });
    expect(bench.outcome(0x1000n)).toBe('80000000');
    bench.mmu.invalidate('VAE1', (1n << 48n) | 1n, { el: 1 });
    expect(bench.outcome(0x1000n)).toBe('1.07');
    bench.memory.set(leaf, LEAF | NG | 3n);
    expect(bench.outcome(0x1000n)).toBe('0');
  });

  it('walks again where an entry refuses, and replaces it', () => {
    const { bench, low } = el1Bench();
    const leaf = bench.map(low, 0x1000n, 3, LEAF | AP.readOnly);
    expect(bench.outcome(0x1000n)).toBe('0');
    bench.memory.set(leaf, 3n | LEAF | 0x5000n);
    expect(bench.outcome(0x1000n)).toBe('0');
    expect(bench.outcome(0x1000n, 'write')).toBe('5000');
    expect(bench.outcome(0x1000n)).toBe('5000');
    expect(bench.replaced).toEqual([{ address: 0x1000n, bytes: 4096 }]);
  });

  it('tells ASIDs and VMIDs apart, and shares global entries', () => {
    const { bench, low, high } = el1Bench();
    const own = bench.map(low, 0n, 3, LEAF | NG | 0x5000n);
    const shared = bench.map(high, 0n, 3, LEAF | 0x6000n);
    expect([bench.outcome(0n), bench.outcome(HIGH)]).toEqual(['5000', '6000']);
    bench.memory.set(own, 0n);
    bench.memory.set(shared, 0n);
    const ttbr0 = bench.registers.TTBR0_EL1;
    bench.set({ TTBR0_EL1: ttbr0 + (1n << 48n) });
    expect([bench.outcome(0n), bench.outcome(HIGH)]).toEqual(['1.07', '6000']);
    bench.set({ TTBR0_EL1: ttbr0, VTTBR_EL2: 7n << 48n });
    expect([bench.outcome(0n), bench.outcome(HIGH)]).toEqual(['1.07', '1.07']);
    bench.set({ VTTBR_EL2: 0n });
    expect([bench.outcome(0n), bench.outcome(HIGH)]).toEqual(['5000', '6000']);
  });

  it('is not asked under other controls, and answers when they come back', () => {
    const { bench, low } = el1Bench();
    const leaf = bench.map(low, 0n, 3, LEAF | 0x5000n);
    expect(bench.outcome(0n)).toBe('5000');
    bench.memory.set(leaf, 0n);
    bench.set({ SCTLR_EL1: 0x1004n });
    expect(bench.outcome(0n)).toBe('0');
    bench.set({ SCTLR_EL1: 0x1005n });
    expect(bench.outcome(0n)).toBe('5000');
    // Many other controls in between take the number of these away.
    for (let i = 0n; i < 16n; i++) {
      bench.set({ MAIR_EL1: i });
      bench.outcome(0n);
    }
    bench.set({ MAIR_EL1: 0xbb_44_00_ffn });
    expect(bench.outcome(0n)).toBe('1.07');
    expect(bench.replaced).toContainEqual({ address: 0n, bytes: 2 ** 64 });
  });

  it('is bounded and replaces in turn', () => {
    const { bench, low } = el1Bench({}, { sets: 2, ways: 2 });
    for (let i = 0n; i < 8n; i++) bench.map(low, i << 12n, 3, LEAF | (i << 12n));
    const pages = (): number[] => bench.mmu.entries().map((e) => e.page);
    for (let i = 0n; i < 4n; i++) bench.outcome(i << 12n);
    expect(pages()).toEqual([0, 2, 1, 3]);
    bench.outcome(4n << 12n);
    expect(pages()).toEqual([4, 2, 1, 3]);
    bench.outcome(6n << 12n);
    bench.outcome(0n);
    expect(pages()).toEqual([0, 6, 1, 3]);
    expect(bench.replaced.map((r) => r.address)).toEqual([0n, 0x2000n, 0x4000n]);
  });

  it('reports replaced addresses of the upper half as they are', () => {
    const { bench, high } = el1Bench({}, { sets: 1, ways: 1 });
    bench.map(high, 0x20_0000n, 2, LEAF);
    bench.map(high, 0n, 3, LEAF);
    bench.outcome(HIGH + 0x20_1000n);
    bench.outcome(HIGH);
    expect(bench.replaced).toEqual([{ address: HIGH + 0x20_0000n, bytes: 0x20_0000 }]);
  });

  it('goes into a snapshot and comes out of it', () => {
    const { bench, low } = el1Bench();
    const leaf = bench.map(low, 0x1000n, 3, LEAF | NG | 0x8000_0000n);
    bench.outcome(0x1000n);
    const state = JSON.parse(JSON.stringify(bench.mmu.save())) as ReturnType<typeof bench.mmu.save>;
    bench.memory.set(leaf, 0n);
    bench.mmu.reset();
    expect(bench.outcome(0x1000n)).toBe('1.07');
    bench.mmu.restore(state);
    expect(bench.outcome(0x1000n)).toBe('80000000');
    expect(bench.mmu.save()).toEqual(state);
    expect(() => new TranslationBench({}, { sets: 1, ways: 1 }).mmu.restore(state)).toThrow(/does not fit/);
  });

  it('refuses sizes that are none', () => {
    expect(() => new TranslationBench({}, { sets: 3, ways: 1 })).toThrow(/3 TLB sets/);
    expect(() => new TranslationBench({}, { sets: 4, ways: 0 })).toThrow(/0 TLB ways/);
  });
});

describe('the regimes', () => {
  it('take a change of any register by its name alone', () => {
    // Every register that matters at all shows in the outcome of one of these accesses.
    const outcomes = (bench: TranslationBench): string =>
      ([[1, 0n], [1, HIGH], [2, 0n], [2, HIGH]] as const).map(([el, va]) => {
        const result = bench.translate(va, 'write', { el });
        return JSON.stringify(result, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
      }).join();
    for (const host of [0n, 1n << 34n]) {
      for (const name of CONTROL_REGISTERS) {
        for (let bit = 0n; bit < 64n; bit++) {
          const { bench, low, high } = el1Bench();
          bench.map(low, 0n, 3, LEAF);
          bench.map(high, 0n, 3, LEAF | 0x5000n);
          const { TTBR0_EL1, TTBR1_EL1, MAIR_EL1, SCTLR_EL1, TCR_EL1 } = bench.registers;
          bench.set({ HCR_EL2: host, TTBR0_EL2: TTBR0_EL1, TTBR1_EL2: TTBR1_EL1, MAIR_EL2: MAIR_EL1, SCTLR_EL2: SCTLR_EL1, TCR_EL2: TCR_EL1 });
          outcomes(bench);
          bench.registers[name] ^= 1n << bit;
          bench.mmu.invalidateRegimes(name);
          const byName = outcomes(bench);
          bench.mmu.invalidateRegimes();
          expect(outcomes(bench), `${name} bit ${bit}`).toBe(byName);
        }
      }
    }
  });
});
