import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { ADD_SUB_EXTENDED } from '../facts/encodings/add-sub-extended.ts';
import { xOrSink, xOrSp, xOrZero } from '../state.ts';
import { addOrSubtract } from './arithmetic.ts';
import { extendKind, extendRegister, width } from './common.ts';

type Fields = Operands<(typeof ADD_SUB_EXTENDED)['ADD_ext']['pattern']>;

function addSub(kind: 'add' | 'sub', setsFlags: boolean): Operation<Fields> {
  return op(
    ({ sf, rm, option, imm3, rn, rd }) => ({
      shape: { width: width(sf), extend: extendKind(option, width(sf)), shifted: imm3 !== 0 },
      n: xOrSp(rn), m: xOrZero(rm), d: setsFlags ? xOrSink(rd) : xOrSp(rd), amount: imm3,
    }),
    (s, { shape: { width: size, extend, shifted }, n, m, d, amount }) => {
      const extended = extendRegister(s, extend, m, size);
      addOrSubtract(s, kind, setsFlags, d, s.int(n, size), shifted ? s.shl(extended, s.imm(amount, size)) : extended);
    },
  );
}

export const addSubExtended: Semantics<typeof ADD_SUB_EXTENDED> = {
  ADD_ext: addSub('add', false),
  ADDS_ext: addSub('add', true),
  SUB_ext: addSub('sub', false),
  SUBS_ext: addSub('sub', true),
};
