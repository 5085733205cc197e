/** Transfers between memory, integers and SIMD&FP registers. */
import type { Access, Int, SemanticsBuilder, SlotHole, V128 } from '@worldswitch/engine';

export type ScalarSize = 1 | 2 | 4 | 8 | 16;

export function laneBits(size: 1 | 2 | 4 | 8): 8 | 16 | 32 | 64 {
  return (8 * size) as 8 | 16 | 32 | 64;
}

/** A register whose lowest lane is the value and the rest zero, as every write of a scalar leaves it. */
export function scalar(s: SemanticsBuilder, size: 1 | 2 | 4 | 8, value: Int): V128 {
  return s.withLane(laneBits(size), s.vectorLiteral(0n), 0, value);
}

/** The low half; what a 64-bit vector operation leaves. */
export function lowHalf(s: SemanticsBuilder, value: V128): V128 {
  return s.withLane(64, value, 1, s.literal(0, 64));
}

export function loadScalar(s: SemanticsBuilder, access: Access, offset: number, size: ScalarSize): V128 {
  switch (size) {
    case 16: return s.loadVectorFrom(access, offset);
    case 8: return scalar(s, 8, s.loadFrom(access, offset, 8, 64));
    default: return scalar(s, size, s.loadFrom(access, offset, size, 32));
  }
}

export function storeScalar(s: SemanticsBuilder, access: Access, offset: number, size: ScalarSize, register: SlotHole): void {
  const value = s.vector(register);
  s.storeTo(access, offset, size, size === 16 ? value : s.lane(laneBits(size), value, 0));
}

/** log2 of a size in bytes, to the size. */
export function bytesOf(log: number): ScalarSize {
  return (1 << log) as ScalarSize;
}
