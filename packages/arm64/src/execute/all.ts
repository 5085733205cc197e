/** The semantics of all A64 rows. A row without semantics does not compile. */
import type { Semantics } from '@worldswitch/engine';
import type { A64_ROWS } from '../facts/encodings/all.ts';
import { addSubCarry } from './add-sub-carry.ts';
import { addSubExtended } from './add-sub-extended.ts';
import { addSubImmediate } from './add-sub-immediate.ts';
import { addSubShifted } from './add-sub-shifted.ts';
import { atomics } from './atomics.ts';
import { barriers } from './barriers.ts';
import { bitfield } from './bitfield.ts';
import { branches } from './branches.ts';
import { conditional } from './conditional.ts';
import { crc32 } from './crc32.ts';
import { data1Source } from './data-1-source.ts';
import { data2Source } from './data-2-source.ts';
import { data3Source } from './data-3-source.ts';
import { exceptions } from './exceptions.ts';
import { exclusives } from './exclusives.ts';
import { extract } from './extract.ts';
import { flagManipulation } from './flag-manipulation.ts';
import { fpMove } from './fp-move.ts';
import { hints } from './hints.ts';
import { loadLiteral } from './load-literal.ts';
import { loadStoreIndexed } from './load-store-indexed.ts';
import { loadStorePair } from './load-store-pair.ts';
import { loadStoreRegister } from './load-store-register.ts';
import { loadStoreUnprivileged } from './load-store-unprivileged.ts';
import { loadStoreUnscaled } from './load-store-unscaled.ts';
import { loadStoreUnsigned } from './load-store-unsigned.ts';
import { logicalImmediate } from './logical-immediate.ts';
import { logicalShifted } from './logical-shifted.ts';
import { moveWide } from './move-wide.ts';
import { ordered } from './ordered.ts';
import { pcRelative } from './pc-relative.ts';
import { pstate } from './pstate.ts';
import { simdCopy } from './simd-copy.ts';
import { simdImmediate } from './simd-immediate.ts';
import { simdLoadStore } from './simd-load-store.ts';
import { simdLoadStorePair } from './simd-load-store-pair.ts';
import { simdLogical } from './simd-logical.ts';
import { simdSingleStructures } from './simd-single-structures.ts';
import { simdStructures } from './simd-structures.ts';
import { system } from './system.ts';

export const A64_SEMANTICS: Semantics<typeof A64_ROWS> = {
  ...pcRelative,
  ...addSubImmediate,
  ...logicalImmediate,
  ...moveWide,
  ...bitfield,
  ...extract,
  ...branches,
  ...exceptions,
  ...hints,
  ...barriers,
  ...pstate,
  ...system,
  ...logicalShifted,
  ...addSubShifted,
  ...addSubExtended,
  ...addSubCarry,
  ...conditional,
  ...data1Source,
  ...data2Source,
  ...flagManipulation,
  ...crc32,
  ...data3Source,
  ...loadStoreUnsigned,
  ...loadStoreIndexed,
  ...loadStoreUnscaled,
  ...loadStoreUnprivileged,
  ...loadStoreRegister,
  ...loadLiteral,
  ...loadStorePair,
  ...exclusives,
  ...ordered,
  ...atomics,
  ...simdLoadStore,
  ...simdLoadStorePair,
  ...simdStructures,
  ...simdSingleStructures,
  ...simdCopy,
  ...simdImmediate,
  ...simdLogical,
  ...fpMove,
};
