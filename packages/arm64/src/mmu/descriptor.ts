/** Descriptors as pairs of 32-bit halves: walks are frequent enough to be spared wide arithmetic (DDI 0487 D8.3). */
import { blocksAt, lowBit } from './geometry.ts';
import type { Granule } from './features.ts';

/** A descriptor as read. */
export interface Descriptor {
  readonly high: number;
  readonly low: number;
}

export const VALID = 1;
const TABLE = 2;
/** Bit 10. */
export const ACCESS_FLAG = 1 << 10;
/** Bit 51, in the high half. */
export const DBM = 1 << 19;

export function split(value: bigint): Descriptor {
  return { low: Number(value & 0xffff_ffffn), high: Number(value >> 32n) };
}

export function join({ high, low }: Descriptor): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export type DescriptorClass = 'invalid' | 'table' | 'leaf';

/** What a descriptor is at its level. 0b01 where no block may stand, and at level 3, is invalid. */
export function classOf({ low }: Descriptor, granule: Granule, level: number): DescriptorClass {
  if ((low & VALID) === 0) return 'invalid';
  const table = (low & TABLE) !== 0;
  if (level === 3) return table ? 'leaf' : 'invalid';
  if (table) return 'table';
  return blocksAt(granule, level) ? 'leaf' : 'invalid';
}

/** The output address of a table, page or block: bits 47 down to where the level's own bits end. Reserved bits below are ignored. */
export function addressOf({ high, low }: Descriptor, granule: Granule, level: number, kind: 'table' | 'leaf'): number {
  const bits = kind === 'table' ? granule : lowBit(granule, level);
  const top = high & 0xffff;
  if (bits >= 32) return Math.floor(top / 2 ** (bits - 32)) * 2 ** bits;
  return top * 2 ** 32 + ((low >>> bits) * 2 ** bits);
}
