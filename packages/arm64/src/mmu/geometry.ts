/** Shapes of translation tables by granule and input size (DDI 0487 D8.2). */
import type { Granule, MmuFeatures } from './features.ts';

/** Bits resolved by one full table. */
export const stride = (granule: Granule): number => granule - 3;

/** The lowest input bit that a table of this level indexes: an entry maps 2 to this power bytes. */
export const lowBit = (granule: Granule, level: number): number => (3 - level) * stride(granule) + granule;

/** The level of the first stage 1 table. */
export const startLevel = (granule: Granule, inputSize: number): number => 4 - Math.ceil((inputSize - granule) / stride(granule));

/** Whether a block descriptor may stand at a level (without 52-bit addresses). */
export const blocksAt = (granule: Granule, level: number): boolean => level === 2 || (level === 1 && granule === 12);

/** TCR.TG0 and VTCR.TG0; a reserved or unsupported value acts as the smallest granule the processor has. */
export function granuleOfTg0(tg0: number, supported: readonly Granule[]): Granule {
  return supportedGranule(([12, 16, 14] as const)[tg0], supported);
}

/** TCR.TG1, which counts differently. */
export function granuleOfTg1(tg1: number, supported: readonly Granule[]): Granule {
  return supportedGranule(([undefined, 14, 12, 16] as const)[tg1], supported);
}

function supportedGranule(granule: Granule | undefined, supported: readonly Granule[]): Granule {
  return granule !== undefined && supported.includes(granule) ? granule : supported[0];
}

const SIZES = [32, 36, 40, 42, 44, 48, 48, 48] as const;

/** Output address bits of an IPS or PS code; 52 bits and the reserved code act as 48, and no size exceeds the processor's. */
export const outputSize = (code: number, features: MmuFeatures): number => Math.min(SIZES[code], features.physicalBits);

/**
 * Input bits of a TnSZ field, or undefined outside its limits. The manual leaves a choice between clamping and a translation fault of
 * level 0 there; this processor takes the fault on both sides.
 */
export function inputSize(tsz: number, granule: Granule, features: MmuFeatures): number | undefined {
  const max = features.smallTables ? (granule === 16 ? 47 : 48) : 39;
  return tsz < 16 || tsz > max ? undefined : 64 - tsz;
}

/** Levels of VTCR_EL2.SL0; undefined is reserved. */
const STAGE2_LEVELS: Readonly<Record<Granule, readonly (number | undefined)[]>> = {
  12: [2, 1, 0, 3],
  14: [3, 2, 1, undefined],
  16: [3, 2, 1, undefined],
};

/**
 * The first level of a stage 2 walk, or undefined where VTCR_EL2 asks for what does not exist: then every access is a translation fault of
 * level 0. Up to 16 tables are concatenated at the first level. An input larger than the processor's addresses counts as such an error, too.
 */
export function stage2StartLevel(sl0: number, input: number, granule: Granule, features: MmuFeatures): number | undefined {
  const level = STAGE2_LEVELS[granule][sl0];
  if (level === undefined || (sl0 === 3 && !features.smallTables)) return undefined;
  const bits = input - lowBit(granule, level);
  if (bits < 1 || bits > stride(granule) + 4 || input > features.physicalBits) return undefined;
  const tooDeep = granule === 12 ? level === 0 && features.physicalBits <= 42
    : granule === 14 ? level === 1 && features.physicalBits <= 40
      : level === 1 && features.physicalBits <= 42;
  return tooDeep ? undefined : level;
}

/** The aligned table address of a TTBR or VTTBR, and nothing of its other fields. */
export function tableBase(register: bigint, granule: Granule, level: number, input: number): number {
  const bits = Math.max(input - lowBit(granule, level) + 3, 4);
  return Number((register & 0xffff_ffff_ffffn) >> BigInt(bits)) * 2 ** bits;
}
