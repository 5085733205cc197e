import { op } from '@worldswitch/engine';
import type { I32, I64, Int, Operation, Semantics, SemanticsBuilder, SlotHole, V128 } from '@worldswitch/engine';
import type { SIMD_COPY } from '../facts/encodings/simd-copy.ts';
import { V, xOrSink, xOrZero } from '../state.ts';
import { laneBits, lowHalf, scalar } from './vector.ts';

type Size = 1 | 2 | 4 | 8;

interface Lane {
  readonly index: number;
  readonly rn: number;
  readonly rd: number;
}

/** Rows of one arrangement have no q; they are 128 bits wide. */
interface Wide {
  readonly q?: number;
}

function spread(s: SemanticsBuilder, size: Size, value: Int, quad: boolean): V128 {
  const all = s.splat(laneBits(size), value);
  return quad ? all : lowHalf(s, all);
}

function integer(s: SemanticsBuilder, size: Size, slot: SlotHole): Int {
  return s.int(slot, size === 8 ? 64 : 32);
}

function duplicateElement(size: Size): Operation<Lane & Wide> {
  return op(
    ({ index, q, rn, rd }) => ({ shape: { index, quad: q !== 0 }, n: V[rn], d: V[rd] }),
    (s, { shape, n, d }) => s.setVector(d, spread(s, size, s.lane(laneBits(size), s.vector(n), shape.index), shape.quad)),
  );
}

function duplicateScalar(size: Size): Operation<Lane> {
  return op(
    ({ index, rn, rd }) => ({ shape: { index }, n: V[rn], d: V[rd] }),
    (s, { shape, n, d }) => s.setVector(d, scalar(s, size, s.lane(laneBits(size), s.vector(n), shape.index))),
  );
}

function duplicateGeneral(size: Size): Operation<{ readonly rn: number; readonly rd: number } & Wide> {
  return op(
    ({ q, rn, rd }) => ({ shape: { quad: q !== 0 }, n: xOrZero(rn), d: V[rd] }),
    (s, { shape, n, d }) => s.setVector(d, spread(s, size, integer(s, size, n), shape.quad)),
  );
}

function insertGeneral(size: Size): Operation<Lane> {
  return op(
    ({ index, rn, rd }) => ({ shape: { index }, n: xOrZero(rn), d: V[rd] }),
    (s, { shape, n, d }) => s.setVector(d, s.withLane(laneBits(size), s.vector(d), shape.index, integer(s, size, n))),
  );
}

/** The source lane is late bound: both in the shape would be 340 shapes. */
function insertElement(size: Size): Operation<Lane & { readonly from: number }> {
  return op(
    ({ index, from, rn, rd }) => ({ shape: { index }, n: V[rn], d: V[rd], bit: from * size * 8 }),
    (s, { shape, n, d, bit }) => {
      const inHigh = s.compare('ltU', s.literal(63, 32), s.imm(bit, 32));
      const half = s.select(inHigh, s.lane(64, s.vector(n), 1), s.lane(64, s.vector(n), 0)) as I64;
      const value = s.shrU(half, s.imm(bit, 64));
      s.setVector(d, s.withLane(laneBits(size), s.vector(d), shape.index, size === 8 ? value : s.wrap(value)));
    },
  );
}

/** SMOV and UMOV; `width` is that of the general-purpose register. */
function toGeneral(size: Size, signed: boolean): Operation<Lane & Wide> {
  return op(
    ({ index, q, rn, rd }) => ({ shape: { index, width: signed && q !== 0 ? 64 : 32 }, n: V[rn], d: xOrSink(rd) }),
    (s, { shape, n, d }) => {
      const value = s.lane(laneBits(size), s.vector(n), shape.index, signed);
      s.setInt(d, value.type === 'i32' && shape.width === 64 ? s.extendS(value as I32) : value);
    },
  );
}

export const simdCopy: Semantics<typeof SIMD_COPY> = {
  DUP_elem_b: duplicateElement(1),
  DUP_scalar_b: duplicateScalar(1),
  DUP_gen_b: duplicateGeneral(1),
  INS_gen_b: insertGeneral(1),
  INS_elem_b: insertElement(1),
  SMOV_b: toGeneral(1, true),
  UMOV_b: toGeneral(1, false),
  DUP_elem_h: duplicateElement(2),
  DUP_scalar_h: duplicateScalar(2),
  DUP_gen_h: duplicateGeneral(2),
  INS_gen_h: insertGeneral(2),
  INS_elem_h: insertElement(2),
  SMOV_h: toGeneral(2, true),
  UMOV_h: toGeneral(2, false),
  DUP_elem_s: duplicateElement(4),
  DUP_scalar_s: duplicateScalar(4),
  DUP_gen_s: duplicateGeneral(4),
  INS_gen_s: insertGeneral(4),
  INS_elem_s: insertElement(4),
  SMOV_s: toGeneral(4, true),
  UMOV_s: toGeneral(4, false),
  DUP_elem_d: duplicateElement(8),
  DUP_scalar_d: duplicateScalar(8),
  DUP_gen_d: duplicateGeneral(8),
  INS_gen_d: insertGeneral(8),
  INS_elem_d: insertElement(8),
  UMOV_d: toGeneral(8, false),
};
