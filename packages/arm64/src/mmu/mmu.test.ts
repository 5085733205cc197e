import { describe, expect, it } from 'vitest';
import { AP, LEAF, LEAF2, PXN, TranslationBench, UXN, addStage2, el1Bench, tcr } from './translation-bench.ts';
import type { Granule } from './features.ts';

const HIGH = 0xffff_ff80_0000_0000n;

describe('stage 1', () => {
  it('takes the table by the half of the address space', () => {
    const { bench, low, high } = el1Bench();
    bench.map(low, 0x1000n, 3, LEAF | 0x8000_0000n);
    bench.map(high, 0x1000n, 3, LEAF | 0x9000_0000n);
    expect(bench.outcome(0x1234n)).toBe('80000234');
    expect(bench.outcome(HIGH + 0x1234n)).toBe('90000234');
    expect(bench.outcome(0x2000n)).toBe('1.07');
    expect(bench.outcome(0x20_0000n)).toBe('1.06');
    expect(bench.outcome(0x4000_0000n)).toBe('1.05');
  });

  it.each<[Granule, number, number, number]>([
    [12, 16, 0, 3], [12, 16, 0, 2], [12, 16, 0, 1], [12, 24, 0, 3], [12, 25, 1, 2], [12, 33, 1, 3], [12, 34, 2, 3], [12, 39, 2, 2],
    [14, 16, 0, 3], [14, 17, 1, 3], [14, 27, 1, 2], [14, 28, 2, 2], [14, 38, 2, 3], [14, 39, 3, 3],
    [16, 16, 1, 3], [16, 21, 1, 2], [16, 22, 2, 2], [16, 34, 2, 3], [16, 35, 3, 3], [16, 39, 3, 3],
  ])('granule 2^%i, T0SZ %i starts at level %i; leaf at level %i', (granule, tsz, start, leafLevel) => {
    const bench = new TranslationBench();
    const base = bench.table(0x1_0000);
    bench.set({ SCTLR_EL1: 1n, TCR_EL1: tcr(granule, tsz), TTBR0_EL1: BigInt(base), TTBR1_EL1: BigInt(base) });
    const size = 1n << BigInt((3 - leafLevel) * (granule - 3) + granule);
    const top = (1n << BigInt(64 - tsz)) - 1n;
    bench.map({ base, granule, level: start }, top, leafLevel, LEAF | (5n * size));
    const result = bench.translate(top);
    expect(result).toMatchObject({ ok: true, physical: Number(6n * size - 1n), pageSize: Number(size) });
    // The upper half runs through the same table here.
    expect(bench.translate((1n << 64n) - 1n)).toMatchObject({ ok: true, physical: Number(6n * size - 1n) });
    expect(bench.outcome(top + 1n)).toBe('1.04');
    expect(bench.outcome((1n << 64n) - 2n - top)).toBe('1.04');
  });

  it('refuses sizes outside the limits, disabled halves and halves closed to EL0', () => {
    const { bench, low } = el1Bench();
    bench.map(low, 0n, 3, LEAF | AP.all);
    const base = bench.registers.TCR_EL1;
    expect(bench.outcome(0n)).toBe('0');
    bench.set({ TCR_EL1: base | (1n << 7n) });
    expect(bench.outcome(0n)).toBe('1.04');
    bench.set({ TCR_EL1: base | (1n << 55n) });
    expect(bench.outcome(0n)).toBe('0');
    expect(bench.outcome(0n, 'read', { el: 0 })).toBe('1.04');
    expect(bench.outcome(0n, 'read', { unprivileged: true })).toBe('1.04');
    bench.set({ TCR_EL1: tcr(12, 15, 25) });
    expect(bench.outcome(0n)).toBe('1.04');
    bench.set({ TCR_EL1: tcr(12, 40, 25) });
    expect(bench.outcome(0n)).toBe('1.04');
  });

  it('ignores the top byte where told, and reports it', () => {
    const { bench, low, high } = el1Bench();
    bench.map(low, 0n, 3, LEAF);
    bench.map(high, 0n, 3, LEAF | 0x1000n);
    expect(bench.outcome(0x12n << 56n)).toBe('1.04');
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (3n << 37n) });
    expect(bench.outcome((0x12n << 56n) | 8n)).toBe('8');
    expect(bench.outcome((0x12n << 56n) | BigInt.asUintN(56, HIGH) | 8n)).toBe('1008');
    expect(bench.outcome(0x80n << 48n)).toBe('1.04');
    expect(bench.translate((0x12n << 56n) | 0x1000n)).toMatchObject({ fault: { address: (0x12n << 56n) | 0x1000n, status: 7 } });
  });

  it('has no blocks where the granule has none', () => {
    const bench = new TranslationBench();
    const at = (granule: Granule, tsz: number, level: number): string => {
      bench.mmu.reset();
      const base = bench.table(0x1_0000);
      bench.set({ SCTLR_EL1: 1n, TCR_EL1: tcr(granule, tsz), TTBR0_EL1: BigInt(base) });
      bench.map({ base, granule, level: { 12: 0, 14: 0, 16: 1 }[granule] }, 0n, level, LEAF);
      if (level === 3) bench.memory.set(bench.entry({ base, granule, level: { 12: 0, 14: 0, 16: 1 }[granule] }, 0n, 3), LEAF | 1n);
      return bench.outcome(0n);
    };
    expect([0, 1, 2, 3].map((level) => at(12, 16, level))).toEqual(['1.04', '0', '0', '1.07']);
    expect([0, 1, 2, 3].map((level) => at(14, 16, level))).toEqual(['1.04', '1.05', '0', '1.07']);
    expect([1, 2, 3].map((level) => at(16, 16, level))).toEqual(['1.05', '0', '1.07']);
  });

  it('finds address size faults before access flag faults, and those before permission faults', () => {
    const { bench, low } = el1Bench();
    const ips36 = (bench.registers.TCR_EL1 & ~(7n << 32n)) | (1n << 32n);
    bench.set({ TCR_EL1: ips36 });
    const leaf = bench.map(low, 0n, 3, 1n << 40n);
    expect(bench.outcome(0n)).toBe('1.03');
    bench.memory.set(leaf, 3n | AP.readOnly);
    expect(bench.outcome(0n, 'write')).toBe('1.0b');
    bench.memory.set(leaf, 3n | LEAF | AP.readOnly);
    expect(bench.outcome(0n, 'write')).toBe('1.0f');
    bench.memory.set(bench.entry(low, 0n, 2), (1n << 40n) | 3n);
    expect(bench.outcome(0n, 'fetch')).toBe('1.02');
    bench.set({ TTBR0_EL1: 1n << 40n });
    expect(bench.outcome(0n)).toBe('1.00');
  });

  it('takes external aborts of walks at their level and routes them by TEA', () => {
    const { bench, low } = el1Bench();
    bench.map(low, 0n, 3, LEAF);
    bench.holes.add(bench.entry(low, 0n, 2));
    expect(bench.translate(0n)).toMatchObject({ fault: { status: 0x16, level: 2, external: true, toEl2: false } });
    bench.set({ HCR_EL2: 1n << 37n });
    expect(bench.translate(0n)).toMatchObject({ fault: { status: 0x16, toEl2: true } });
  });

  it('reads big-endian tables where EE says so', () => {
    const { bench, low } = el1Bench();
    bench.map(low, 0x5000n, 3, LEAF | 0x8000_0000n);
    for (const [address, value] of bench.memory) {
      const bytes = value.toString(16).padStart(16, '0').match(/../g)!;
      bench.memory.set(address, BigInt(`0x${bytes.reverse().join('')}`));
    }
    bench.set({ SCTLR_EL1: bench.registers.SCTLR_EL1 | (1n << 25n) });
    expect(bench.outcome(0x5008n)).toBe('80000008');
  });

  it('inherits from tables unless HPD says otherwise', () => {
    const cases: [bigint, 'read' | 'write' | 'fetch', 0 | 1][] = [
      [1n << 62n, 'write', 1], [1n << 61n, 'read', 0], [1n << 60n, 'fetch', 0], [1n << 59n, 'fetch', 1],
    ];
    for (const [bit, kind, el] of cases) {
      const { bench, low } = el1Bench();
      bench.map(low, 0n, 3, LEAF | (el === 0 ? AP.all : AP.privileged), bit);
      expect(bench.outcome(0n, kind, { el })).toBe('1.0f');
      bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (1n << 41n) });
      expect(bench.outcome(0n, kind, { el })).toBe('0');
    }
  });

  it('says what is Device', () => {
    const { bench, low } = el1Bench();
    bench.map(low, 0n, 3, LEAF | 4n);
    bench.map(low, 0x1000n, 3, LEAF);
    expect(bench.translate(0n)).toMatchObject({ strict: true, device: 1 });
    expect(bench.translate(0n, 'fetch')).toMatchObject({ strict: false });
    expect(bench.translate(0x1000n)).toMatchObject({ strict: false, device: 0 });
    bench.map(low, 0x2000n, 3, LEAF | AP.readOnly | 4n);
    expect(bench.translate(0x2000n, 'write')).toMatchObject({ fault: { status: 15, alignment: 1 } });
  });

  it('sets the access flag and clears AP[2] of clean pages where hardware does that', () => {
    const { bench, low } = el1Bench();
    const leaf = bench.map(low, 0n, 3, AP.readOnly | (1n << 51n));
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (1n << 39n) });
    expect(bench.outcome(0n, 'write')).toBe('1.0f');
    expect(bench.memory.get(leaf)).toBe(3n | AP.readOnly | (1n << 51n));
    expect(bench.outcome(0n)).toBe('0');
    expect(bench.memory.get(leaf)).toBe(3n | 0x400n | AP.readOnly | (1n << 51n));
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (3n << 39n) });
    expect(bench.outcome(0n)).toBe('0');
    expect(bench.memory.get(leaf)! & AP.readOnly).toBe(AP.readOnly);
    expect(bench.outcome(0n, 'write')).toBe('0');
    expect(bench.memory.get(leaf)).toBe(3n | 0x400n | (1n << 51n));
  });

  it('answers a debugger without keeping an entry or setting an access flag', () => {
    const { bench, low } = el1Bench();
    const leaf = bench.map(low, 0x1000n, 3, 0x8000_0000n);
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (1n << 39n) });
    const who = { el: 1, pan: false, unprivileged: false } as const;
    const asked = bench.mmu.inspect(0x1234n, 'read', who);
    expect(bench.memory.get(leaf)! & 0x400n).toBe(0n);
    expect(bench.mmu.entries()).toEqual([]);
    expect(bench.mmu.translate(0x1234n, 'read', who)).toEqual(asked);
    expect(bench.mmu.entries()).toHaveLength(1);
    const kept = bench.mmu.save();
    expect(bench.mmu.inspect(0x1ff8n, 'write', who)).toEqual(bench.mmu.inspect(0x1ff8n, 'read', who));
    expect(bench.mmu.inspect(0x3000n, 'fetch', who)).toMatchObject({ ok: false, fault: { status: 7 } });
    expect(bench.mmu.save()).toEqual(kept);
  });
});

describe('stage 1 off', () => {
  it('is flat, Device for data, Normal for fetches, with an address size check', () => {
    const bench = new TranslationBench({ physicalBits: 40 });
    expect(bench.translate(0x12_3456_7891n)).toMatchObject({ ok: true, physical: 0x12_3456_7891, strict: true });
    expect(bench.translate(0x12_3456_7891n, 'fetch')).toMatchObject({ ok: true, strict: false });
    expect(bench.outcome(1n << 40n)).toBe('1.00');
    expect(bench.outcome(1n << 60n)).toBe('1.00');
    bench.set({ TCR_EL1: 1n << 37n });
    expect(bench.outcome((1n << 60n) | 5n)).toBe('5');
    expect(bench.outcome(1n << 53n)).toBe('1.00');
  });

  it('DC makes it cacheable and turns stage 2 on', () => {
    const { bench } = el1Bench();
    const root = addStage2(bench, { HCR_EL2: 1n << 12n });
    bench.map(root, 0x20_0000n, 2, LEAF2 | 0x8000_0000n);
    expect(bench.translate(0x20_1234n)).toMatchObject({ physical: 0x8000_1234, strict: false });
    expect(bench.translate(0n)).toMatchObject({ fault: { stage: 2, status: 6, ipa: 0n, toEl2: true } });
  });

  it('TGE without E2H turns stage 1 off at EL0 and routes its faults to EL2', () => {
    const { bench } = el1Bench();
    bench.set({ HCR_EL2: 1n << 27n });
    expect(bench.outcome(0x1000n, 'read', { el: 0 })).toBe('1000');
    expect(bench.translate(1n << 50n, 'read', { el: 0 })).toMatchObject({ fault: { status: 0, stage: 1, toEl2: true } });
  });
});

describe('the regimes of EL2', () => {
  it('without E2H there is one range, one XN and no PAN', () => {
    const bench = new TranslationBench();
    const root = { base: bench.table(4096), granule: 12, level: 1 } as const;
    bench.set({ SCTLR_EL2: 5n, TCR_EL2: 25n | (5n << 16n), TTBR0_EL2: BigInt(root.base), MAIR_EL2: 0xffn });
    bench.map(root, 0n, 3, LEAF | AP.all | PXN);
    bench.map(root, 0x1000n, 3, LEAF | UXN | AP.readOnly);
    const who = { el: 2, pan: true } as const;
    expect(['read', 'write', 'fetch'].map((k) => bench.outcome(0n, k as 'read', who))).toEqual(['0', '0', '0']);
    expect(['read', 'write', 'fetch'].map((k) => bench.outcome(0x1000n, k as 'read', who))).toEqual(['0', '1.0f', '1.0f']);
    expect(bench.outcome(HIGH, 'read', who)).toBe('1.04');
    expect(bench.outcome(1n << 55n, 'read', who)).toBe('1.04');
    expect(bench.translate(0x2000n, 'read', who)).toMatchObject({ fault: { toEl2: true, stage: 1 } });
    bench.set({ SCTLR_EL2: 5n | (1n << 19n) });
    expect(bench.outcome(0n, 'fetch', who)).toBe('1.0f');
    bench.set({ TCR_EL2: 25n | (5n << 16n) | (1n << 20n) });
    expect(bench.outcome(0xa5n << 56n, 'read', who)).toBe('0');
  });

  it('with E2H there are two, and EL0 joins them under TGE', () => {
    const bench = new TranslationBench();
    const low = { base: bench.table(4096), granule: 12, level: 1 } as const;
    const high = { base: bench.table(4096), granule: 12, level: 1 } as const;
    const e2h = 1n << 34n;
    bench.set({
      HCR_EL2: e2h | (1n << 27n) | 1n, SCTLR_EL2: 5n, TCR_EL2: tcr(12, 25), TTBR0_EL2: BigInt(low.base), TTBR1_EL2: BigInt(high.base), MAIR_EL2: 0xffn,
    });
    bench.map(low, 0n, 3, LEAF | AP.all | 0x5000n);
    bench.map(high, 0n, 3, LEAF | 0x6000n);
    expect(bench.outcome(0n, 'read', { el: 0 })).toBe('5000');
    expect(bench.outcome(HIGH, 'read', { el: 2 })).toBe('6000');
    expect(bench.translate(HIGH, 'read', { el: 0 })).toMatchObject({ fault: { status: 15, stage: 1, toEl2: true } });
    expect(bench.outcome(0n, 'read', { el: 2, pan: true })).toBe('1.0f');
    expect(bench.outcome(0n, 'read', { el: 2, pan: true, unprivileged: true })).toBe('5000');
    expect(bench.outcome(HIGH, 'read', { el: 2, unprivileged: true })).toBe('1.0f');
    bench.set({ HCR_EL2: e2h });
    expect(bench.outcome(HIGH, 'read', { el: 2, unprivileged: true })).toBe('6000');
    expect(bench.outcome(0x7000n, 'read', { el: 0 })).toBe('7000');
  });
});

describe('stage 2', () => {
  it('concatenates tables at its first level and aligns them to their sum', () => {
    const { bench } = el1Bench();
    const root = addStage2(bench, { SCTLR_EL1: 0n });
    bench.map(root, 0x80_0000_0000n, 2, LEAF2 | 0x4000_0000n);
    bench.set({ VTTBR_EL2: bench.registers.VTTBR_EL2 | 0x1001n });
    expect(bench.outcome(0x80_0000_0010n)).toBe('40000010');
    expect(bench.outcome(0x100_0000_0000n)).toBe('2.04');
  });

  it.each([
    ['4K level 0 of 40 bits', 24n | (2n << 6n), 44, '2.04'],
    ['level too deep for T0SZ', 24n | (0n << 6n), 48, '2.04'],
    ['17 tables', 20n | (1n << 6n), 48, '2.04'],
    ['16 tables', 21n | (1n << 6n), 48, '2.05'],
    ['SL0 3', 34n | (3n << 6n), 48, '2.04'],
    ['larger than the processor', 16n | (2n << 6n), 44, '2.04'],
    ['16K level 1 of 40 bits', 24n | (2n << 6n) | (2n << 14n), 40, '2.04'],
    ['16K level 1 of 42 bits', 22n | (2n << 6n) | (2n << 14n), 42, '2.05'],
    ['64K level 1 of 44 bits', 20n | (2n << 6n) | (1n << 14n), 44, '2.05'],
  ] as const)('%s', (_, vtcr, physicalBits, expected) => {
    const bench = new TranslationBench({ physicalBits });
    bench.set({ HCR_EL2: 1n, VTCR_EL2: vtcr | (5n << 16n) });
    expect(bench.outcome(0n)).toBe(expected);
  });

  it('faults of descriptors are S1PTW with their own address', () => {
    const { bench, low } = el1Bench();
    const root = addStage2(bench);
    const leaf = bench.map(low, 0x1000n, 3, LEAF | 0x8000_0000n);
    const table = BigInt(leaf) & ~0xfffn;
    expect(bench.translate(0x1008n)).toMatchObject({
      fault: { stage: 2, status: 5, s1ptw: true, ipa: BigInt(low.base), address: 0x1008n, toEl2: true },
    });
    // The first table's page, the second's, then the third's and the target's.
    bench.map(root, BigInt(low.base), 3, LEAF2 | BigInt(low.base));
    const middle = bench.memory.get(low.base)! & 0xffff_ffff_f000n;
    bench.map(root, middle, 3, LEAF2 | middle);
    expect(bench.translate(0x1008n)).toMatchObject({ fault: { status: 7, s1ptw: true, ipa: BigInt(leaf) } });
    bench.map(root, table, 3, (LEAF2 & ~0x40n) | table);
    expect(bench.outcome(0x1008n)).toBe('2.0fp');
    bench.map(root, table, 3, (LEAF2 & ~0x80n) | table);
    expect(bench.translate(0x1008n)).toMatchObject({ fault: { stage: 2, status: 5, s1ptw: false, ipa: 0x8000_0008n } });
    bench.map(root, 0x8000_0000n, 3, LEAF2 | 0x9000_0000n);
    expect(bench.outcome(0x1008n)).toBe('90000008');
    // Setting the access flag needs write permission for the table.
    bench.memory.set(leaf, 0x8000_0003n);
    bench.mmu.invalidate('ALLE1', 0n, { el: 2 });
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 | (1n << 39n) });
    expect(bench.translate(0x1008n)).toMatchObject({ fault: { stage: 2, status: 15, s1ptw: true, ipa: BigInt(leaf) } });
    bench.map(root, table, 3, LEAF2 | table);
    expect(bench.outcome(0x1008n)).toBe('90000008');
    expect(bench.memory.get(leaf)).toBe(0x8000_0403n);
  });

  it('PTW refuses tables in Device memory', () => {
    const { bench, low } = el1Bench();
    const root = addStage2(bench, { HCR_EL2: 5n });
    bench.map(low, 0n, 3, LEAF);
    const device = LEAF2 & ~0x3cn;
    bench.map(root, 0x4000_0000n, 1, device | 0x4000_0000n);
    expect(bench.outcome(0n)).toBe('2.0dp');
    bench.set({ HCR_EL2: 1n });
    expect(bench.outcome(0n)).toBe('2.05');
  });

  it('a stage 1 permission fault hides a missing stage 2 page', () => {
    const { bench, low } = el1Bench();
    const root = addStage2(bench);
    bench.map(root, 0x4000_0000n, 1, LEAF2 | 0x4000_0000n);
    bench.map(low, 0n, 3, LEAF | AP.readOnly | 0x8000_0000n);
    expect(bench.outcome(0n, 'write')).toBe('1.0f');
    expect(bench.outcome(0n)).toBe('2.05');
  });

  it('makes memory Device, and sets dirty state', () => {
    const { bench } = el1Bench();
    const root = addStage2(bench, { HCR_EL2: (1n << 12n) });
    bench.map(root, 0n, 3, LEAF2 & ~0x30n);
    expect(bench.translate(0n)).toMatchObject({ strict: true, device: 2 });
    const leaf = bench.map(root, 0x1000n, 3, (1n << 51n) | 0x7cn);
    bench.set({ VTCR_EL2: bench.registers.VTCR_EL2 | (3n << 21n) });
    expect(bench.outcome(0x1000n)).toBe('0');
    expect(bench.memory.get(leaf)).toBe((1n << 51n) | 0x47fn);
    expect(bench.outcome(0x1000n, 'write')).toBe('0');
    expect(bench.memory.get(leaf)).toBe((1n << 51n) | 0x4ffn);
  });
});
