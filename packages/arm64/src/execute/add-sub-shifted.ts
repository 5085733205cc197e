import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { ADD_SUB_SHIFTED } from '../facts/encodings/add-sub-shifted.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { addOrSubtract } from './arithmetic.ts';
import { shiftBy, shiftKind, width } from './common.ts';

type Fields = Operands<(typeof ADD_SUB_SHIFTED)['ADD_shift']['pattern']>;

function addSub(kind: 'add' | 'sub', setsFlags: boolean): Operation<Fields> {
  return op(
    ({ sf, shift, rm, imm6, rn, rd }) => ({
      shape: { width: width(sf), shift: shiftKind(shift, imm6) }, n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd), amount: imm6,
    }),
    (s, { shape: { width: size, shift }, n, m, d, amount }) => {
      const a = s.int(n, size);
      const b = shift === 'none' ? s.int(m, size) : shiftBy(s, shift, s.int(m, size), s.imm(amount, size));
      addOrSubtract(s, kind, setsFlags, d, a, b);
    },
  );
}

export const addSubShifted: Semantics<typeof ADD_SUB_SHIFTED> = {
  ADD_shift: addSub('add', false),
  ADDS_shift: addSub('add', true),
  SUB_shift: addSub('sub', false),
  SUBS_shift: addSub('sub', true),
};
