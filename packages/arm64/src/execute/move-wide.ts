import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { MOVE_WIDE } from '../facts/encodings/move-wide.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { immediate, width } from './common.ts';

type Fields = Operands<(typeof MOVE_WIDE)['MOVZ']['pattern']>;

/** The whole constant is known at predecode. */
function constant(inverted: boolean): Operation<Fields> {
  return op(
    ({ sf, hw, imm16, rd }) => {
      const value = BigInt(imm16) << BigInt(16 * hw);
      const { imm, wide } = immediate(inverted ? ~value : value, width(sf));
      return { shape: { width: width(sf), wide }, d: xOrSink(rd), imm };
    },
    (s, { shape, d, imm }) => s.setInt(d, s.imm(imm, shape.width)),
  );
}

export const moveWide: Semantics<typeof MOVE_WIDE> = {
  MOVN: constant(true),
  MOVZ: constant(false),
  MOVK: op(
    ({ sf, hw, imm16, rd }) => ({ shape: { width: width(sf), hw }, from: xOrZero(rd), d: xOrSink(rd), imm: imm16 }),
    (s, { shape: { width: bits, hw }, from, d, imm }) => {
      const kept = s.and(s.int(from, bits), s.literal(~(0xffffn << BigInt(16 * hw)), bits));
      const moved = hw === 0 ? s.imm(imm, bits) : s.shl(s.imm(imm, bits), s.literal(16 * hw, bits));
      s.setInt(d, s.or(kept, moved));
    },
  ),
};
