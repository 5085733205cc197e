import type { FlagsEffect } from '../ir/types.ts';

/** How the header's operands give N, Z, C and V. 32-bit operands are kept in the upper halves. */
export const FLAGS_KIND = {
  /** `flagsA` is the packed number. */
  packed: 0,
  /** N and Z of `flagsA`; C and V clear. */
  logic: 1,
  /** Flags of `flagsA` − `flagsB`. */
  sub: 2,
} as const;

const SIGN = 1n << 63n;

/** N 8, Z 4, C 2, V 1 of an addition with carry in. */
export function addFlags(width: 32 | 64, a: bigint, b: bigint, carry: bigint): number {
  const wide = BigInt.asUintN(width, a) + BigInt.asUintN(width, b) + carry;
  const result = BigInt.asUintN(width, wide);
  const signed = BigInt.asIntN(width, a) + BigInt.asIntN(width, b) + carry;
  return (result >> BigInt(width - 1) !== 0n ? 8 : 0) | (result === 0n ? 4 : 0) | (wide !== result ? 2 : 0) | (BigInt.asIntN(width, result) !== signed ? 1 : 0);
}

export function logicFlags(width: 32 | 64, result: bigint): number {
  const value = BigInt.asUintN(width, result);
  return (value >> BigInt(width - 1) !== 0n ? 8 : 0) | (value === 0n ? 4 : 0);
}

export function subFlags(width: 32 | 64, a: bigint, b: bigint): number {
  return addFlags(width, a, ~b, 1n);
}

/** The packed number of a lazy triple. */
export function packFlags(kind: number, a: bigint, b: bigint): number {
  if (kind === FLAGS_KIND.logic) return ((a & SIGN) !== 0n ? 8 : 0) | (a === 0n ? 4 : 0);
  if (kind === FLAGS_KIND.sub) return subFlags(64, a, b);
  return Number(a) & 15;
}

/** The flags that an effect leaves, from its operands' values. */
export function effectFlags(effect: FlagsEffect, value: (id: number) => bigint): number {
  switch (effect.kind) {
    case 'add': return addFlags(effect.width, value(effect.a), value(effect.b), 0n);
    case 'sub': return subFlags(effect.width, value(effect.a), value(effect.b));
    case 'adc': return addFlags(effect.width, value(effect.a), value(effect.b), value(effect.carry));
    case 'logic': return logicFlags(effect.width, value(effect.a));
    case 'packed': return Number(value(effect.a)) & 15;
  }
}

/** Does a condition hold for packed flags. */
export function conditionHolds(index: number, flags: number): boolean {
  const n = (flags & 8) !== 0, z = (flags & 4) !== 0, c = (flags & 2) !== 0, v = (flags & 1) !== 0;
  const base = [z, c, n, v, c && !z, n === v, n === v && !z, true][index >> 1];
  return (index & 1) !== 0 && index !== 15 ? !base : base;
}
