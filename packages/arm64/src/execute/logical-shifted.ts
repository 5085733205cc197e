import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { LOGICAL_SHIFTED } from '../facts/encodings/logical-shifted.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { shiftBy, shiftKind, width } from './common.ts';

type Fields = Operands<(typeof LOGICAL_SHIFTED)['AND_shift']['pattern']>;

function logical(kind: 'and' | 'or' | 'xor', inverted: boolean, setsFlags = false): Operation<Fields> {
  return op(
    ({ sf, shift, rm, imm6, rn, rd }) => ({
      // MOV and MVN of a register are by far the most frequent forms.
      shape: { width: width(sf), shift: shiftKind(shift, imm6), move: kind === 'or' && rn === 31 },
      n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd), amount: imm6,
    }),
    (s, { shape: { width: size, shift, move }, n, m, d, amount }) => {
      const shifted = shift === 'none' ? s.int(m, size) : shiftBy(s, shift, s.int(m, size), s.imm(amount, size));
      const b = inverted ? s.not(shifted) : shifted;
      const result = move ? b : s.binary(kind, s.int(n, size), b);
      s.setInt(d, result);
      if (setsFlags) s.setFlagsLogic(result);
    },
  );
}

export const logicalShifted: Semantics<typeof LOGICAL_SHIFTED> = {
  AND_shift: logical('and', false),
  BIC_shift: logical('and', true),
  ORR_shift: logical('or', false),
  ORN_shift: logical('or', true),
  EOR_shift: logical('xor', false),
  EON_shift: logical('xor', true),
  ANDS_shift: logical('and', false, true),
  BICS_shift: logical('and', true, true),
};
