import type { Access, Semantics, SemanticsBuilder, SlotHole } from '@worldswitch/engine';
import type { SIMD_STRUCTURES } from '../facts/encodings/simd-structures.ts';
import { structure } from './structures.ts';
import { bytesOf, laneBits, loadScalar, storeScalar } from './vector.ts';

/** A type, to be a shape: q 1 for 128-bit registers, size the log2 of the element's bytes. */
type Arrangement = { readonly q: number; readonly size: number };

const shape = ({ q, size }: Arrangement): Arrangement => ({ q, size });
const element = ({ size }: Arrangement): 1 | 2 | 4 | 8 => bytesOf(size) as 1 | 2 | 4 | 8;

/** LD1 and ST1: whole registers, one after the other. */
function whole(kind: 'load' | 'store', registers: number) {
  return structure({
    kind, registers, shape, element,
    bytes: ({ q }) => registers * (8 << q),
    move(s, access, targets, { q }) {
      const size = q === 1 ? 16 : 8;
      targets.forEach((target, i) => {
        if (kind === 'load') s.setVector(target, loadScalar(s, access, i * size, size));
        else storeScalar(s, access, i * size, size, target);
      });
    },
  });
}

/** LD2 to LD4 and ST2 to ST4: element e of register r is element e × registers + r in memory. */
function interleaved(kind: 'load' | 'store', registers: number) {
  return structure({
    kind, registers, shape, element,
    bytes: ({ q }) => registers * (8 << q),
    move(s, access, targets, arrangement) {
      const step = element(arrangement);
      const count = (8 << arrangement.q) / step;
      const place = (r: number, e: number): number => (e * registers + r) * step;
      targets.forEach((target, r) => {
        if (kind === 'load') loadElements(s, access, target, step, count, (e) => place(r, e));
        else storeElements(s, access, target, step, count, (e) => place(r, e));
      });
    },
  });
}

function loadElements(
  s: SemanticsBuilder, access: Access, target: SlotHole, size: 1 | 2 | 4 | 8, count: number, place: (e: number) => number,
): void {
  let value = s.vectorLiteral(0n);
  for (let e = 0; e < count; e++) {
    const lane = size === 8 ? s.loadFrom(access, place(e), 8, 64) : s.loadFrom(access, place(e), size, 32);
    value = s.withLane(laneBits(size), value, e, lane);
  }
  s.setVector(target, value);
}

function storeElements(
  s: SemanticsBuilder, access: Access, source: SlotHole, size: 1 | 2 | 4 | 8, count: number, place: (e: number) => number,
): void {
  const value = s.vector(source);
  for (let e = 0; e < count; e++) s.storeTo(access, place(e), size, s.lane(laneBits(size), value, e));
}

export const simdStructures: Semantics<typeof SIMD_STRUCTURES> = {
  ST1_x1: whole('store', 1),
  ST1_x1_post: whole('store', 1),
  ST1_x2: whole('store', 2),
  ST1_x2_post: whole('store', 2),
  ST1_x3: whole('store', 3),
  ST1_x3_post: whole('store', 3),
  ST1_x4: whole('store', 4),
  ST1_x4_post: whole('store', 4),
  ST2: interleaved('store', 2),
  ST2_post: interleaved('store', 2),
  ST3: interleaved('store', 3),
  ST3_post: interleaved('store', 3),
  ST4: interleaved('store', 4),
  ST4_post: interleaved('store', 4),
  LD1_x1: whole('load', 1),
  LD1_x1_post: whole('load', 1),
  LD1_x2: whole('load', 2),
  LD1_x2_post: whole('load', 2),
  LD1_x3: whole('load', 3),
  LD1_x3_post: whole('load', 3),
  LD1_x4: whole('load', 4),
  LD1_x4_post: whole('load', 4),
  LD2: interleaved('load', 2),
  LD2_post: interleaved('load', 2),
  LD3: interleaved('load', 3),
  LD3_post: interleaved('load', 3),
  LD4: interleaved('load', 4),
  LD4_post: interleaved('load', 4),
};
