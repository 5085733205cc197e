import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { ADD_SUB_IMMEDIATE } from '../facts/encodings/add-sub-immediate.ts';
import { xOrSink, xOrSp } from '../state.ts';
import { addOrSubtract } from './arithmetic.ts';
import { width } from './common.ts';

type Fields = Operands<(typeof ADD_SUB_IMMEDIATE)['ADD_imm']['pattern']>;

function addSub(kind: 'add' | 'sub', setsFlags: boolean): Operation<Fields> {
  return op(
    ({ sf, sh, imm12, rn, rd }) => ({
      shape: { width: width(sf) },
      n: xOrSp(rn), d: setsFlags ? xOrSink(rd) : xOrSp(rd), imm: sh === 1 ? imm12 << 12 : imm12,
    }),
    (s, { shape, n, d, imm }) => {
      const a = s.int(n, shape.width);
      const b = s.imm(imm, shape.width);
      addOrSubtract(s, kind, setsFlags, d, a, b);
    },
  );
}

export const addSubImmediate: Semantics<typeof ADD_SUB_IMMEDIATE> = {
  ADD_imm: addSub('add', false),
  ADDS_imm: addSub('add', true),
  SUB_imm: addSub('sub', false),
  SUBS_imm: addSub('sub', true),
};
