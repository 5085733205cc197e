/** How A64 operands are written: the kinds that the rows' templates name. GNU syntax. */
import type { Kinds, Predicates } from '@worldswitch/isa';
import { IMMEDIATE_KINDS, isMoveWide } from './immediates.ts';
import { REGISTER_KINDS } from './registers.ts';
import { SYSTEM_KINDS } from './system.ts';
import { VECTOR_KINDS } from './vectors.ts';

export { isRegisterWord } from './registers.ts';

export const A64_KINDS: Kinds = { ...REGISTER_KINDS, ...IMMEDIATE_KINDS, ...SYSTEM_KINDS, ...VECTOR_KINDS };

export const A64_PREDICATES: Predicates = {
  /** A bitmask that MOVZ or MOVN can also write. */
  moveWide: ({ sf, n, immr, imms }) => isMoveWide(sf, n, immr, imms),
};
