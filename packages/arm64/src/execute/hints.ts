import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { HINTS } from '../facts/encodings/hints.ts';

/** By CRm:op2. Everything else is a NOP: unallocated, or of a feature that works as one when it is absent (BTI, PAuth, ESB…). */
const HELPERS: Readonly<Partial<Record<number, string>>> = { 1: 'yield', 2: 'wfe', 3: 'wfi', 4: 'sev', 5: 'sevl', 17: 'psb' };

export const hints: Semantics<typeof HINTS> = {
  HINT: op(
    ({ crm, op2 }) => ({ shape: { helper: HELPERS[crm * 8 + op2] ?? 'none' } }),
    (s, { shape }) => {
      if (shape.helper !== 'none') s.helper(shape.helper);
    },
  ),
};
