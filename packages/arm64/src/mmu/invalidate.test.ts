import { describe, expect, it } from 'vitest';
import { SYSTEM_INSTRUCTIONS } from '@worldswitch/arm64-sysreg';
import { LEAF, LEAF2, NG, TranslationBench, addStage2, el1Bench, tcr } from './translation-bench.ts';
import { selectionOf } from './invalidate.ts';

const E2H = 1n << 34n;
const TGE = 1n << 27n;

/** What the TLB is filled with: regime, VMID, ASID (g: global) and VA page. */
const FILL = [
  'el10 v1 a1 1', 'el10 v1 a2 1', 'el10 v1 g 1', 'el10 v1 a1 2', 'el10 v1 g 2', 'el10 v2 a1 1', 'el10 v2 g 1',
  'el20 a1 1', 'el20 a2 1', 'el20 g 1', 'el20 a1 2', 'el2 1', 'el2 2',
] as const;

/** Translates once per line of {@link FILL}; global pages are those of the upper half. */
function filled(): TranslationBench {
  const bench = new TranslationBench({}, { sets: 4, ways: 16 });
  const low = { base: bench.table(4096), granule: 12, level: 1 } as const;
  const high = { base: bench.table(4096), granule: 12, level: 1 } as const;
  for (const page of [0x1000n, 0x2000n]) {
    bench.map(low, page, 3, LEAF | NG);
    bench.map(high, page, 3, LEAF);
  }
  for (const line of FILL) {
    const asid = BigInt(/a(\d)/.exec(line)?.[1] ?? 0) << 48n;
    const vmid = BigInt(/v(\d)/.exec(line)?.[1] ?? 0) << 48n;
    const kind = line.split(' ')[0];
    const tables = { TTBR0_EL1: BigInt(low.base) | asid, TTBR1_EL1: BigInt(high.base), TTBR0_EL2: BigInt(low.base) | asid, TTBR1_EL2: BigInt(high.base) };
    bench.set({
      ...tables, HCR_EL2: kind === 'el20' ? E2H : 0n, VTTBR_EL2: vmid, SCTLR_EL1: 1n, SCTLR_EL2: 1n,
      TCR_EL1: tcr(12, 25), TCR_EL2: kind === 'el2' ? 25n | (5n << 16n) : tcr(12, 25),
    });
    const va = (BigInt(line.at(-1)!) << 12n) | (line.includes(' g ') ? 0xffff_ff80_0000_0000n : 0n);
    if (!bench.translate(va, 'read', { el: kind === 'el10' ? 1 : 2 }).ok) throw new Error(`${line} does not translate`);
  }
  return bench;
}

function name(e: ReturnType<TranslationBench['mmu']['entries']>[number]): string {
  const page = e.page % 16;
  if (e.kind === 'el2') return `el2 ${page}`;
  return `${e.kind}${e.kind === 'el10' ? ` v${e.vmid}` : ''} ${e.global ? 'g' : `a${e.asid}`} ${page}`;
}

/** The lines of {@link FILL} that an operation drops with VMID 1 in force. */
function dropped(op: string, operand: bigint, el: 1 | 2, hcr = 0n): string[] {
  const bench = filled();
  bench.set({ HCR_EL2: hcr, VTTBR_EL2: 1n << 48n, TCR_EL2: hcr & E2H ? tcr(12, 25) : 0n });
  bench.mmu.invalidate(op, operand, { el });
  const left = bench.mmu.entries().map(name);
  return FILL.filter((line) => !left.includes(line));
}

const asid1 = 1n << 48n;
const HIGH_PAGE = 0xfff_f800_0000n;
const starting = (...prefixes: string[]): string[] => FILL.filter((line) => prefixes.some((p) => line.startsWith(p)));

describe('TLBI', () => {
  it('fills what it says', () => {
    expect(filled().mmu.entries().map(name).sort()).toEqual([...FILL].sort());
  });

  it.each<[string, bigint, 1 | 2, bigint, readonly string[]]>([
    ['VMALLE1', 0n, 1, 0n, starting('el10 v1')],
    ['VMALLE1IS', 0n, 2, E2H, starting('el10 v1')],
    ['VMALLE1', 0n, 2, E2H | TGE, starting('el20')],
    ['ASIDE1', asid1, 1, 0n, ['el10 v1 a1 1', 'el10 v1 a1 2']],
    ['ASIDE1OS', asid1, 2, E2H | TGE, ['el20 a1 1', 'el20 a1 2']],
    ['VAE1', asid1 | 1n, 1, 0n, ['el10 v1 a1 1']],
    ['VAE1', asid1 | HIGH_PAGE | 1n, 1, 0n, ['el10 v1 g 1']],
    ['VALE1IS', asid1 | 2n, 1, 0n, ['el10 v1 a1 2']],
    ['VAAE1', 1n, 1, 0n, ['el10 v1 a1 1', 'el10 v1 a2 1']],
    ['VAALE1', 1n, 2, E2H | TGE, ['el20 a1 1', 'el20 a2 1']],
    ['VMALLS12E1', 0n, 2, E2H | TGE, starting('el10 v1')],
    ['ALLE1', 0n, 2, 0n, starting('el10')],
    ['ALLE1ISNXS', 0n, 2, E2H | TGE, starting('el10')],
    ['IPAS2E1IS', 0n, 2, 0n, starting('el10 v1')],
    ['RIPAS2LE1', 1n << 46n, 2, 0n, starting('el10 v1')],
    ['ALLE2', 0n, 2, 0n, starting('el2 ')],
    ['ALLE2', 0n, 2, E2H, starting('el20')],
    ['VAE2', 1n, 2, 0n, ['el2 1']],
    ['VALE2IS', asid1 | 1n, 2, E2H, ['el20 a1 1']],
    ['VAE2', HIGH_PAGE | 1n, 2, E2H, ['el20 g 1']],
    // Base page 1, two granules of 4K (NUM 0, SCALE 0).
    ['RVAE1', asid1 | (1n << 46n) | 1n, 1, 0n, ['el10 v1 a1 1', 'el10 v1 a1 2']],
    ['RVAAE1IS', (1n << 46n) | 2n, 1, 0n, ['el10 v1 a1 2']],
    // The upper half: BaseADDR is sign-extended from 37 bits.
    ['RVAALE1', (1n << 46n) | 0x17_f800_0001n, 1, 0n, []],
    ['RVAALE1', (1n << 46n) | 0x1f_f800_0001n, 1, 0n, ['el10 v1 g 1', 'el10 v1 g 2']],
    // 64K granules from 0.
    ['RVALE2OS', 3n << 46n, 2, 0n, ['el2 1', 'el2 2']],
    // TTL is a hint.
    ['VAE1', asid1 | (7n << 44n) | 1n, 1, 0n, ['el10 v1 a1 1']],
  ])('%s %s at EL%i, HCR_EL2 %s', (op, operand, el, hcr, expected) => {
    expect(dropped(op, operand, el, hcr)).toEqual([...expected]);
  });

  it('counts 8 bits of an ASID where TCR.AS is 0', () => {
    const { bench, low } = el1Bench();
    bench.set({ TCR_EL1: bench.registers.TCR_EL1 & ~(1n << 36n), TTBR0_EL1: BigInt(low.base) | (0x3201n << 48n) });
    bench.map(low, 0n, 3, LEAF | NG);
    bench.outcome(0n);
    expect(bench.mmu.entries()[0].asid).toBe(1);
    bench.mmu.invalidate('ASIDE1', 0x7701n << 48n, { el: 1 });
    expect(bench.mmu.entries()).toEqual([]);
  });

  it('takes every piece of a block, also where stage 2 cut it', () => {
    const { bench, low } = el1Bench();
    const root = addStage2(bench);
    bench.map(low, 0x20_0000n, 2, LEAF | 0x8000_0000n);
    bench.map(root, 0x4000_0000n, 1, LEAF2 | 0x4000_0000n);
    bench.map(root, 0x8000_0000n, 3, LEAF2);
    bench.map(root, 0x8000_5000n, 3, LEAF2 | 0x5000n);
    bench.outcome(0x20_0000n);
    bench.outcome(0x20_5000n);
    expect(bench.mmu.entries().map((e) => e.shift)).toEqual([12, 12]);
    bench.mmu.invalidate('VAE1', (1n << 48n) | 0x3ffn, { el: 1 });
    expect(bench.mmu.entries()).toEqual([]);
  });

  it('knows every operation of EL1 and EL2, and no other', () => {
    const context = { el: 2, e2h: false, tge: false, vmid: 1, asidMask: () => 0xff } as const;
    for (const [op, row] of Object.entries(SYSTEM_INSTRUCTIONS)) {
      if (!op.startsWith('TLBI ')) continue;
      if (/W/.test(row.access)) expect(selectionOf(op, 0n, context).kind).toMatch(/^el/);
      else expect(() => selectionOf(op, 0n, context)).toThrow(/should have been UNDEFINED/);
    }
  });
});
