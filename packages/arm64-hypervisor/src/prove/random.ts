/** Numbers that look random and are the same for the same seed: a 64-bit generator with Knuth's MMIX constants, of which the upper half is used. */

export interface Random {
  /** 64 bits. */
  next(): bigint;
  /** A whole number below `limit`, which is at most 2^32. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
}

export function randomFrom(seed: bigint): Random {
  let state = BigInt.asUintN(64, seed * 0x9e37_79b9_7f4a_7c15n + 1n);
  const half = (): bigint => (state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n)) >> 32n;
  half();
  const below = (limit: number): number => Number((half() * BigInt(limit)) >> 32n);
  return { next: () => (half() << 32n) | half(), below, pick: (from) => from[below(from.length)] };
}
