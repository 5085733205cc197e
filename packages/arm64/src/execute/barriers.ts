import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { BARRIERS } from '../facts/encodings/barriers.ts';

export const barriers: Semantics<typeof BARRIERS> = {
  CLREX: op(() => ({}), (s) => void s.helper('clrex')),
  // A context-synchronising machine may hold back TLB maintenance until here.
  DSB: op(({ crm }) => ({ crm }), (s, { crm }) => void s.helper('dsb', s.imm(crm, 64))),
  // Memory accesses are made in program order by one thread, so there is nothing left to order.
  DMB: op(() => ({}), () => undefined),
  // Nothing is executed speculatively.
  SB: op(() => ({}), () => undefined),
  ISB: op(() => ({}), (s) => void s.helper('isb')),
};
