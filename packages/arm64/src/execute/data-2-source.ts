import { op } from '@worldswitch/engine';
import type { BinaryOp, Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { DATA_2_SOURCE } from '../facts/encodings/data-2-source.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { width } from './common.ts';

type Fields = Operands<(typeof DATA_2_SOURCE)['UDIV']['pattern']>;

/** The engine's division is total and its shifts count modulo the width, both as A64 wants them (DDI 0487 C3.4.8, C3.4.9). */
function binary(kind: BinaryOp): Operation<Fields> {
  return op(
    ({ sf, rm, rn, rd }) => ({ shape: { width: width(sf) }, n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd) }),
    (s, { shape, n, m, d }) => s.setInt(d, s.binary(kind, s.int(n, shape.width), s.int(m, shape.width))),
  );
}

export const data2Source: Semantics<typeof DATA_2_SOURCE> = {
  UDIV: binary('divU'),
  SDIV: binary('divS'),
  LSLV: binary('shl'),
  LSRV: binary('shrU'),
  ASRV: binary('shrS'),
  RORV: binary('rotr'),
};
