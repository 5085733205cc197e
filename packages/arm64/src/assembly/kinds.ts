/** How A64 operands are written: the kinds that the rows' templates name. GNU syntax. */
import type { Kinds, Predicates } from '@worldswitch/isa';
import { IMMEDIATE_KINDS, movePreferred } from './immediates.ts';
import { REGISTER_KINDS } from './registers.ts';
import { SYSTEM_KINDS } from './system.ts';

export { isRegisterWord } from './registers.ts';

export const A64_KINDS: Kinds = { ...REGISTER_KINDS, ...IMMEDIATE_KINDS, ...SYSTEM_KINDS };

export const A64_PREDICATES: Predicates = {
  /** A bitmask that MOVZ or MOVN can also write: `mov` then means those (DDI 0487 shared/functions MoveWidePreferred). */
  moveWidePreferred: ({ sf, n, immr, imms }) => movePreferred(sf, n, immr, imms),
};
