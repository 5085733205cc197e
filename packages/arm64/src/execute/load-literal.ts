import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { LOAD_LITERAL } from '../facts/encodings/load-literal.ts';
import { xOrSink } from '../state.ts';
import { transfer, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { signed } from './common.ts';

interface Fields {
  readonly imm19: number;
  readonly rt: number;
}

function literal<F>(form: (operands: F) => Transfer): Operation<F & Fields> {
  return op(
    (o: F & Fields) => ({ shape: form(o), t: xOrSink(o.rt), offset: signed(o.imm19, 19) * 4 }),
    (s, { shape, t, offset }) => transfer(s, 'load', s.access('read', s.add(s.pc(), s.imm(offset, 64)), shape.size), shape, t),
  );
}

export const loadLiteral: Semantics<typeof LOAD_LITERAL> = {
  LDR_lit: literal(TRANSFERS.register),
  LDRSW_lit: literal(TRANSFERS.signedWord),
  PRFM_lit: op(() => ({}), () => undefined),
};
