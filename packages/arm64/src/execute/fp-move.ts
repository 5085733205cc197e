import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { FP_MOVE } from '../facts/encodings/fp-move.ts';
import { V, xOrSink, xOrZero } from '../state.ts';
import { immediate } from './common.ts';
import { floatImmediateBits } from './modified-immediate.ts';
import { laneBits, scalar } from './vector.ts';

/** Bytes by the low bit of the type field: single or double. */
function sizeOf(ftype: number): 4 | 8 {
  return ftype === 0 ? 4 : 8;
}

export const fpMove: Semantics<typeof FP_MOVE> = {
  FMOV_reg: op(
    ({ ftype, rn, rd }) => ({ shape: { size: sizeOf(ftype) }, n: V[rn], d: V[rd] }),
    (s, { shape: { size }, n, d }) => s.setVector(d, scalar(s, size, s.lane(laneBits(size), s.vector(n), 0))),
  ),
  FMOV_imm: op(
    ({ ftype, imm8, rd }) => {
      const size = sizeOf(ftype);
      const { imm, wide } = immediate(floatImmediateBits(imm8, size === 8 ? 64 : 32), size === 8 ? 64 : 32);
      return { shape: { size, wide }, d: V[rd], imm };
    },
    (s, { shape: { size }, d, imm }) => s.setVector(d, scalar(s, size, s.imm(imm, size === 8 ? 64 : 32))),
  ),
  FMOV_s_to_w: op(({ rn, rd }) => ({ n: V[rn], d: xOrSink(rd) }), (s, { n, d }) => s.setInt(d, s.lane(32, s.vector(n), 0))),
  FMOV_w_to_s: op(({ rn, rd }) => ({ n: xOrZero(rn), d: V[rd] }), (s, { n, d }) => s.setVector(d, scalar(s, 4, s.int(n, 32)))),
  FMOV_d_to_x: op(({ rn, rd }) => ({ n: V[rn], d: xOrSink(rd) }), (s, { n, d }) => s.setInt(d, s.lane(64, s.vector(n), 0))),
  FMOV_x_to_d: op(({ rn, rd }) => ({ n: xOrZero(rn), d: V[rd] }), (s, { n, d }) => s.setVector(d, scalar(s, 8, s.int(n, 64)))),
  FMOV_top_to_x: op(({ rn, rd }) => ({ n: V[rn], d: xOrSink(rd) }), (s, { n, d }) => s.setInt(d, s.lane(64, s.vector(n), 1))),
  FMOV_x_to_top: op(
    ({ rn, rd }) => ({ n: xOrZero(rn), d: V[rd] }),
    (s, { n, d }) => s.setVector(d, s.withLane(64, s.vector(d), 1, s.int(n, 64))),
  ),
};
