/** Random translation tables and controls for comparisons with another walker: most walks get far, every fault occurs. */
import { blocksAt, inputSize, lowBit, stage2StartLevel, startLevel } from './geometry.ts';
import type { Granule, MmuFeatures } from './features.ts';
import type { TranslationBench } from './translation-bench.ts';
import type { Root } from './translation-bench.ts';
import type { ControlRegister } from './types.ts';

export interface Scenario {
  readonly registers: Partial<Record<ControlRegister, bigint>>;
  /** Virtual addresses worth trying. */
  readonly addresses: readonly bigint[];
}

/** Draws from a sequence of 32-bit numbers. */
export class Dice {
  readonly #next: () => number;

  constructor(next: () => number) {
    this.#next = next;
  }

  below(n: number): number {
    return this.#next() % n;
  }

  /** True once in `n`. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  wide(bits: number): bigint {
    return BigInt.asUintN(bits, (BigInt(this.#next()) << 32n) | BigInt(this.#next()));
  }
}

const TG0: Readonly<Record<Granule, bigint>> = { 12: 0n, 14: 2n, 16: 1n };
const TG1: Readonly<Record<Granule, bigint>> = { 12: 2n, 14: 1n, 16: 3n };
const IPS_BITS = [32, 36, 40, 42, 44, 48] as const;
const MAIR_BYTES = [0x00, 0x04, 0x08, 0x0c, 0x44, 0xbb, 0xff, 0xaa, 0xee, 0x4f, 0xf4, 0xb4] as const;
/** Stage 2 memory types without the reserved ones; mostly write-back. */
const MEM_ATTR = [0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 15, 15, 15] as const;

/** Intermediate addresses that stage 2 maps and stage 1 leads to. */
const TARGETS = [0x0n, 0x4000_0000n, 0x8000_0000n, 0x1_2000_0000n] as const;

/** Where table memory lies; stage 2 maps it onto itself. */
const TABLES = { first: 0x4800_0000n, end: 0x8000_0000n } as const;

/** A leaf of stage 1 with a sound address; once in a while with one that is too large for `bits`. */
function leaf1(dice: Dice, size: bigint, bits: number): bigint {
  let address = (dice.pick(TARGETS) + (dice.wide(24) & ~(size - 1n))) & ~(size - 1n);
  if (bits < 48 && dice.once(10)) address |= 1n << BigInt(bits + dice.below(48 - bits));
  const attributes = (dice.wide(10) << 2n) & 0xbfcn;
  return address | attributes | (dice.once(6) ? 0n : 0x400n) | (dice.wide(3) << 52n);
}

function leaf2(dice: Dice, address: bigint): bigint {
  const access = dice.once(4) ? dice.wide(2) : 3n;
  return address | (BigInt(dice.pick(MEM_ATTR)) << 2n) | (access << 6n) | (dice.wide(2) << 8n) | (dice.once(12) ? 0n : 0x400n) | (dice.wide(2) << 53n);
}

function tableBits(dice: Dice): bigint {
  return dice.once(4) ? dice.wide(5) << 59n : 0n;
}

/** Spoils one descriptor on the way now and then: invalid, reserved type, address too large. */
function spoil(dice: Dice, bench: TranslationBench, root: Root, input: bigint, level: number, bits: number): void {
  if (!dice.once(7)) return;
  const where = root.level + dice.below(level - root.level + 1);
  const at = bench.entry(root, input, where);
  const old = bench.memory.get(at) ?? 0n;
  // QEMU takes 0b01 for a block at any level but the last; the manual has no blocks at some (D8.3.1).
  const reserved = where === 3 || blocksAt(root.granule, where) ? (old & ~3n) | 1n : old & ~3n;
  const large = bits < 48 ? old | (1n << BigInt(bits + dice.below(48 - bits))) : old & ~1n;
  bench.memory.set(at, dice.pick([old & ~1n, reserved, large]));
}

function granuleOf(dice: Dice, features: MmuFeatures, second: boolean): Granule {
  return dice.pick(second ? features.stage2Granules : features.stage1Granules);
}

function leafLevel(dice: Dice, granule: Granule, first: number): number {
  const levels = [3, 3, 2, 1].filter((level) => level >= first && (level === 3 || blocksAt(granule, level)));
  return dice.pick(levels);
}

/** Tables for one half, with some pages mapped; their addresses go to `addresses`. */
function half(dice: Dice, bench: TranslationBench, features: MmuFeatures, upper: boolean, bits: number, addresses: bigint[]): {
  granule: Granule; tsz: number; base: bigint;
} {
  const granule = granuleOf(dice, features, false);
  const tsz = dice.once(12) ? dice.pick([14, 15, 40, 50]) : 16 + dice.below(24);
  const size = inputSize(tsz, granule, features);
  if (size === undefined) return { granule, tsz, base: 0n };
  const level = startLevel(granule, size);
  const root: Root = { base: bench.table(2 ** granule), granule, level };
  for (let i = 0; i < 6; i++) {
    const input = dice.once(2) ? dice.wide(size) : dice.wide(Math.min(size, 32));
    const at = leafLevel(dice, granule, level);
    const low = lowBit(granule, at);
    if (!blocked(bench, root, input, at)) {
      bench.map(root, input, at, leaf1(dice, 1n << BigInt(low), bits), tableBits(dice));
      spoil(dice, bench, root, input, at, bits);
    }
    addresses.push(upper ? BigInt.asUintN(64, input - (1n << BigInt(size))) : input);
  }
  return { granule, tsz, base: BigInt(root.base) };
}

/** Whether a leaf already stands above where a path would lead, or something spoilt does. */
function blocked(bench: TranslationBench, root: Root, input: bigint, level: number): boolean {
  let base = BigInt(root.base);
  for (let at = root.level; at < level; at++) {
    const low = lowBit(root.granule, at);
    const width = at === root.level ? 48 : root.granule - 3;
    const d = bench.memory.get(Number(base + (BigInt.asUintN(width, input >> BigInt(low)) << 3n))) ?? 0n;
    if (d === 0n) return false;
    if ((d & 3n) !== 3n || (d & 0xffff_ffff_f000n) >= TABLES.end) return true;
    base = d & 0xffff_ffff_f000n;
  }
  return false;
}

/** Stage 2: table memory onto itself and some of what stage 1 leads to. Returns VTCR_EL2 and the base. */
function second(dice: Dice, bench: TranslationBench, features: MmuFeatures): { vtcr: bigint; base: bigint } {
  for (;;) {
    const granule = granuleOf(dice, features, true);
    const tsz = dice.pick([16, 20, 22, 24, 24, 25, 28, 30]);
    const sl0 = dice.below(3);
    const size = 64 - tsz;
    const ps = dice.pick([2, 4, 5, 5]);
    // Versions of QEMU report illegal combinations at level 0 or 1, and hold PS for the processor's size: other tests know these.
    const level = stage2StartLevel(sl0, size, granule, { ...features, physicalBits: IPS_BITS[ps] });
    if (level === undefined) continue;
    const bits = Math.max(size - lowBit(granule, level) + 3, granule);
    const root: Root = { base: bench.table(2 ** bits), granule, level };
    const block = granule === 12 && level <= 1 && dice.once(2) ? 1 : 2;
    const step = 1n << BigInt(lowBit(granule, Math.max(block, level)));
    for (const target of TARGETS.filter((address) => address >> BigInt(size) === 0n && dice.once(3))) {
      for (let i = 0; i < 40; i++) {
        const page = 1n << BigInt(granule);
        bench.map(root, target | dice.wide(20), 3, leaf2(dice, dice.wide(30) & ~(page - 1n)));
      }
    }
    for (const target of [...TARGETS, TABLES.first, 0x6000_0000n]) {
      const whole = target & ~(step - 1n);
      for (let at = whole; at < whole + 0x2000_0000n; at += step) {
        if (at >> BigInt(size) !== 0n || blocked(bench, root, at, Math.max(block, level)) || (bench.memory.get(bench.entry(root, at, Math.max(block, level))) ?? 0n) !== 0n) continue;
        const table = at + step > TABLES.first && at < TABLES.end;
        bench.map(root, at, Math.max(block, level), table && !dice.once(8) ? at | 0x7fcn : leaf2(dice, table ? at : dice.wide(30) & ~(step - 1n)));
      }
    }
    if (dice.once(3)) spoil(dice, bench, root, dice.pick(TARGETS), Math.max(block, level), IPS_BITS[ps]);
    const vtcr = BigInt(tsz) | (BigInt(sl0) << 6n) | (TG0[granule] << 14n) | (BigInt(ps) << 16n) | (1n << 31n);
    return { vtcr, base: BigInt(root.base) };
  }
}

/** One set of controls and tables of the EL1&0 regime, the tables added to the memory of `bench`. */
export function scenario(dice: Dice, bench: TranslationBench, features: MmuFeatures): Scenario {
  const addresses: bigint[] = [];
  const ips = dice.pick([1, 2, 4, 5, 5]);
  const low = half(dice, bench, features, false, IPS_BITS[ips], addresses);
  const high = half(dice, bench, features, true, IPS_BITS[ips], addresses);
  const tcr = BigInt(low.tsz) | (BigInt(high.tsz) << 16n) | (TG0[low.granule] << 14n) | (TG1[high.granule] << 30n) | (BigInt(ips) << 32n)
    | (dice.once(10) ? 1n << 7n : 0n) | (dice.once(10) ? 1n << 23n : 0n) | (dice.wide(2) << 37n) | (dice.once(4) ? dice.wide(2) << 41n : 0n);
  const stage2 = dice.once(2) ? second(dice, bench, features) : undefined;
  const mode = dice.below(12);
  const hcr = (1n << 31n) | (stage2 ? 1n : 0n) | (stage2 && mode === 0 ? 1n << 12n : 0n);
  const spoiltBase = dice.once(20) && ips < 5 ? 1n << 47n : 0n;
  return {
    registers: {
      SCTLR_EL1: 0x30d0_0804n | (mode === 1 ? 0n : 1n) | (dice.once(3) ? 1n << 19n : 0n),
      TCR_EL1: tcr, TTBR0_EL1: low.base | spoiltBase | 1n, TTBR1_EL1: high.base,
      MAIR_EL1: Array.from({ length: 8 }, () => BigInt(dice.pick(MAIR_BYTES))).reduce((all, b) => (all << 8n) | b, 0n),
      HCR_EL2: hcr, VTCR_EL2: stage2?.vtcr ?? 0n, VTTBR_EL2: stage2?.base ?? 0n,
    },
    addresses: [
      ...addresses, ...addresses.map((a) => a ^ (1n << BigInt(dice.below(64)))), ...addresses.map((a) => a ^ (dice.wide(8) << 56n)), dice.wide(64), dice.wide(34),
    ],
  };
}
