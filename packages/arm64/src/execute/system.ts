import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { SYSTEM } from '../facts/encodings/system.ts';
import { xOrSink, xOrZero } from '../state.ts';

interface Place {
  readonly op1: number;
  readonly crn: number;
  readonly crm: number;
  readonly op2: number;
}

/** op0:op1:CRn:CRm:op2 as 16 bits. */
export function systemEncoding(op0: number, { op1, crn, crm, op2 }: Place): number {
  return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}

/** Rt goes along for the syndrome of a trap, where 31 stays 31. */
export const system: Semantics<typeof SYSTEM> = {
  SYS: op(
    (o) => ({ t: xOrZero(o.rt), encoding: systemEncoding(1, o), rt: o.rt }),
    (s, { t, encoding, rt }) => void s.helper('sys', s.imm(encoding, 64), s.imm(rt, 64), s.int(t, 64)),
  ),
  SYSL: op(
    (o) => ({ t: xOrSink(o.rt), encoding: systemEncoding(1, o), rt: o.rt }),
    (s, { t, encoding, rt }) => s.setInt(t, s.helper('sysl', s.imm(encoding, 64), s.imm(rt, 64))),
  ),
  MSR_reg: op(
    (o) => ({ t: xOrZero(o.rt), encoding: systemEncoding(2 + o.o0, o), rt: o.rt }),
    (s, { t, encoding, rt }) => void s.helper('msr', s.imm(encoding, 64), s.imm(rt, 64), s.int(t, 64)),
  ),
  MRS: op(
    (o) => ({ t: xOrSink(o.rt), encoding: systemEncoding(2 + o.o0, o), rt: o.rt }),
    (s, { t, encoding, rt }) => s.setInt(t, s.helper('mrs', s.imm(encoding, 64), s.imm(rt, 64))),
  ),
};
