/** All A64 rows that this processor has, class by class in the order of the manual's encoding tables (DDI 0487 C4.1). */
import { PC_RELATIVE } from './pc-relative.ts';
import { ADD_SUB_IMMEDIATE } from './add-sub-immediate.ts';
import { LOGICAL_IMMEDIATE } from './logical-immediate.ts';
import { MOVE_WIDE } from './move-wide.ts';
import { BITFIELD } from './bitfield.ts';
import { EXTRACT } from './extract.ts';
import { BRANCHES } from './branches.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { HINTS } from './hints.ts';
import { BARRIERS } from './barriers.ts';
import { PSTATE } from './pstate.ts';
import { SYSTEM } from './system.ts';
import { LOGICAL_SHIFTED } from './logical-shifted.ts';
import { ADD_SUB_SHIFTED } from './add-sub-shifted.ts';
import { ADD_SUB_EXTENDED } from './add-sub-extended.ts';
import { ADD_SUB_CARRY } from './add-sub-carry.ts';
import { CONDITIONAL } from './conditional.ts';
import { DATA_1_SOURCE } from './data-1-source.ts';
import { DATA_2_SOURCE } from './data-2-source.ts';
import { FLAG_MANIPULATION } from './flag-manipulation.ts';
import { CRC32 } from './crc32.ts';
import { DATA_3_SOURCE } from './data-3-source.ts';
import { LOAD_STORE_UNSIGNED } from './load-store-unsigned.ts';
import { LOAD_STORE_INDEXED } from './load-store-indexed.ts';
import { LOAD_STORE_UNSCALED } from './load-store-unscaled.ts';
import { LOAD_STORE_UNPRIVILEGED } from './load-store-unprivileged.ts';
import { LOAD_STORE_REGISTER } from './load-store-register.ts';
import { LOAD_LITERAL } from './load-literal.ts';
import { LOAD_STORE_PAIR } from './load-store-pair.ts';
import { EXCLUSIVES } from './exclusives.ts';
import { ORDERED } from './ordered.ts';
import { ATOMICS } from './atomics.ts';
import { SIMD_LOAD_STORE } from './simd-load-store.ts';
import { SIMD_LOAD_STORE_PAIR } from './simd-load-store-pair.ts';
import { SIMD_STRUCTURES } from './simd-structures.ts';
import { SIMD_SINGLE_STRUCTURES } from './simd-single-structures.ts';
import { SIMD_COPY } from './simd-copy.ts';
import { SIMD_IMMEDIATE } from './simd-immediate.ts';
import { SIMD_LOGICAL } from './simd-logical.ts';
import { FP_MOVE } from './fp-move.ts';

export const A64_ROWS = {
  ...PC_RELATIVE,
  ...ADD_SUB_IMMEDIATE,
  ...LOGICAL_IMMEDIATE,
  ...MOVE_WIDE,
  ...BITFIELD,
  ...EXTRACT,
  ...BRANCHES,
  ...EXCEPTIONS,
  ...HINTS,
  ...BARRIERS,
  ...PSTATE,
  ...SYSTEM,
  ...LOGICAL_SHIFTED,
  ...ADD_SUB_SHIFTED,
  ...ADD_SUB_EXTENDED,
  ...ADD_SUB_CARRY,
  ...CONDITIONAL,
  ...DATA_1_SOURCE,
  ...DATA_2_SOURCE,
  ...FLAG_MANIPULATION,
  ...CRC32,
  ...DATA_3_SOURCE,
  ...LOAD_STORE_UNSIGNED,
  ...LOAD_STORE_INDEXED,
  ...LOAD_STORE_UNSCALED,
  ...LOAD_STORE_UNPRIVILEGED,
  ...LOAD_STORE_REGISTER,
  ...LOAD_LITERAL,
  ...LOAD_STORE_PAIR,
  ...EXCLUSIVES,
  ...ORDERED,
  ...ATOMICS,
  ...SIMD_LOAD_STORE,
  ...SIMD_LOAD_STORE_PAIR,
  ...SIMD_STRUCTURES,
  ...SIMD_SINGLE_STRUCTURES,
  ...SIMD_COPY,
  ...SIMD_IMMEDIATE,
  ...SIMD_LOGICAL,
  ...FP_MOVE,
} as const;

/** The tables whose instructions need SIMD&FP access. */
export const SIMD_TABLES = [
  SIMD_LOAD_STORE, SIMD_LOAD_STORE_PAIR, SIMD_STRUCTURES, SIMD_SINGLE_STRUCTURES, SIMD_COPY,
  SIMD_IMMEDIATE, SIMD_LOGICAL, FP_MOVE,
] as const;
