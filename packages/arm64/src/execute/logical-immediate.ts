import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { LOGICAL_IMMEDIATE } from '../facts/encodings/logical-immediate.ts';
import { xOrSink, xOrSp, xOrZero } from '../state.ts';
import { decodeBitmask } from './bitmask.ts';
import { immediate, width } from './common.ts';

type Fields = Operands<(typeof LOGICAL_IMMEDIATE)['AND_imm']['pattern']>;

function logical(kind: 'and' | 'or' | 'xor', setsFlags: boolean): Operation<Fields> {
  return op(
    ({ sf, n, immr, imms, rn, rd }) => {
      const value = decodeBitmask(n, immr, imms, width(sf));
      if (value === undefined) return undefined;
      const { imm, wide } = immediate(value, width(sf));
      const move = kind === 'or' && rn === 31;
      return { shape: { width: width(sf), wide, move }, n: xOrZero(rn), d: setsFlags ? xOrSink(rd) : xOrSp(rd), imm };
    },
    (s, { shape, n, d, imm }) => {
      const b = s.imm(imm, shape.width);
      const result = shape.move ? b : s.binary(kind, s.int(n, shape.width), b);
      s.setInt(d, result);
      if (setsFlags) s.setFlagsLogic(result);
    },
  );
}

export const logicalImmediate: Semantics<typeof LOGICAL_IMMEDIATE> = {
  AND_imm: logical('and', false),
  ORR_imm: logical('or', false),
  EOR_imm: logical('xor', false),
  ANDS_imm: logical('and', true),
};
