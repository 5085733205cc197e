import { op } from '@worldswitch/engine';
import type { Int, Operation, Semantics, SemanticsBuilder } from '@worldswitch/engine';
import type { DATA_1_SOURCE } from '../facts/encodings/data-1-source.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { width } from './common.ts';

interface Fields {
  readonly sf: number;
  readonly rn: number;
  readonly rd: number;
}

function unary(compute: (s: SemanticsBuilder, value: Int, bits: 32 | 64) => Int): Operation<Fields> {
  return op(
    ({ sf, rn, rd }) => ({ shape: { width: width(sf) }, n: xOrZero(rn), d: xOrSink(rd) }),
    (s, { shape, n, d }) => s.setInt(d, compute(s, s.int(n, shape.width), shape.width)),
  );
}

/** A form of one width only. */
function fixed(sf: 0 | 1, operation: Operation<Fields>): Operation<{ readonly rn: number; readonly rd: number }> {
  return { bind: ({ rn, rd }) => operation.bind({ sf, rn, rd }), run: operation.run };
}

const reverse = unary((s, value) => s.unary('reverseBytes', value));

export const data1Source: Semantics<typeof DATA_1_SOURCE> = {
  RBIT: unary((s, value) => s.unary('reverseBits', value)),
  REV16: unary((s, value, bits) => {
    const even = s.literal(0x00ff_00ff_00ff_00ffn, bits);
    const eight = s.literal(8, bits);
    return s.or(s.shl(s.and(value, even), eight), s.and(s.shrU(value, eight), even));
  }),
  REV_32: fixed(0, reverse),
  REV32: fixed(1, unary((s, value) => s.rotr(s.unary('reverseBytes', value), s.literal(32, 64)))),
  REV: fixed(1, reverse),
  CLZ: unary((s, value) => s.unary('clz', value)),
  // Each bit compared with its left neighbour: the first difference ends the run of sign copies.
  CLS: unary((s, value, bits) =>
    s.sub(s.unary('clz', s.xor(value, s.shrS(value, s.literal(1, bits)))), s.literal(1, bits))),
};
