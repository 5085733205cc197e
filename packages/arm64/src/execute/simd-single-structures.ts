import type { IntHole, Semantics, SemanticsBuilder, V128 } from '@worldswitch/engine';
import type { SIMD_SINGLE_STRUCTURES } from '../facts/encodings/simd-single-structures.ts';
import { structure } from './structures.ts';
import { bytesOf, laneBits, lowHalf } from './vector.ts';

type Size = 1 | 2 | 4 | 8;

/** The number of a lane's lowest bit, from the fields that make up the index (DDI 0487 C7.2 LD1 (single structure)). */
const LANES = {
  b: ({ q, s, size }: { readonly q: number; readonly s: number; readonly size: number }): number => (q * 8 + s * 4 + size) * 8,
  h: ({ q, s, size }: { readonly q: number; readonly s: number; readonly size: number }): number => (q * 4 + s * 2 + size) * 16,
  s: ({ q, s }: { readonly q: number; readonly s: number }): number => (q * 2 + s) * 32,
  d: ({ q }: { readonly q: number }): number => q * 64,
} as const;

/**
 * The half of a register that a lane lies in. Lanes are late bound here, so that their number does not multiply the shapes; shift
 * amounts count modulo 64, so that the bit number of the lane shifts within its half.
 */
function halves(s: SemanticsBuilder, value: V128, bit: IntHole) {
  const low = s.lane(64, value, 0);
  const high = s.lane(64, value, 1);
  const inHigh = s.compare('ltU', s.literal(63, 32), s.imm(bit, 32));
  return { low, high, inHigh, half: s.select(inHigh, high, low), shift: s.imm(bit, 64) };
}

function lane<F>(kind: 'load' | 'store', registers: number, size: Size, laneOf: (operands: F) => number) {
  return structure<F, Readonly<Record<string, never>>>({
    kind, registers, shape: () => ({}), element: () => size, bytes: () => registers * size, lane: laneOf,
    move(s, access, targets, _, bit) {
      const ones = s.literal((1n << BigInt(8 * size)) - 1n, 64);
      targets.forEach((target, i) => {
        const { low, high, inHigh, half, shift } = halves(s, s.vector(target), bit);
        if (kind === 'store') return s.storeTo(access, i * size, size, s.shrU(half, shift));
        const kept = s.and(half, s.not(s.shl(ones, shift)));
        const changed = s.or(kept, s.shl(s.loadFrom(access, i * size, size, 64), shift));
        const lowChanged = s.withLane(64, s.vector(target), 0, s.select(inHigh, low, changed));
        s.setVector(target, s.withLane(64, lowChanged, 1, s.select(inHigh, changed, high)));
      });
    },
  });
}

/** LD1R to LD4R: one element of each structure member to all lanes of its register. */
function replicate(registers: number) {
  return structure({
    kind: 'load', registers,
    shape: ({ q, size }: { readonly q: number; readonly size: number }) => ({ q, size }),
    element: ({ size }) => bytesOf(size) as Size,
    bytes: ({ size }) => registers * bytesOf(size),
    move(s, access, targets, { q, size }) {
      const step = bytesOf(size) as Size;
      targets.forEach((target, i) => {
        const value = step === 8 ? s.loadFrom(access, i * step, 8, 64) : s.loadFrom(access, i * step, step, 32);
        const all = s.splat(laneBits(step), value);
        s.setVector(target, q === 1 ? all : lowHalf(s, all));
      });
    },
  });
}

export const simdSingleStructures: Semantics<typeof SIMD_SINGLE_STRUCTURES> = {
  ST1_b: lane('store', 1, 1, LANES.b),
  ST1_b_post: lane('store', 1, 1, LANES.b),
  ST1_h: lane('store', 1, 2, LANES.h),
  ST1_h_post: lane('store', 1, 2, LANES.h),
  ST1_s: lane('store', 1, 4, LANES.s),
  ST1_s_post: lane('store', 1, 4, LANES.s),
  ST1_d: lane('store', 1, 8, LANES.d),
  ST1_d_post: lane('store', 1, 8, LANES.d),
  ST2_b: lane('store', 2, 1, LANES.b),
  ST2_b_post: lane('store', 2, 1, LANES.b),
  ST2_h: lane('store', 2, 2, LANES.h),
  ST2_h_post: lane('store', 2, 2, LANES.h),
  ST2_s: lane('store', 2, 4, LANES.s),
  ST2_s_post: lane('store', 2, 4, LANES.s),
  ST2_d: lane('store', 2, 8, LANES.d),
  ST2_d_post: lane('store', 2, 8, LANES.d),
  ST3_b: lane('store', 3, 1, LANES.b),
  ST3_b_post: lane('store', 3, 1, LANES.b),
  ST3_h: lane('store', 3, 2, LANES.h),
  ST3_h_post: lane('store', 3, 2, LANES.h),
  ST3_s: lane('store', 3, 4, LANES.s),
  ST3_s_post: lane('store', 3, 4, LANES.s),
  ST3_d: lane('store', 3, 8, LANES.d),
  ST3_d_post: lane('store', 3, 8, LANES.d),
  ST4_b: lane('store', 4, 1, LANES.b),
  ST4_b_post: lane('store', 4, 1, LANES.b),
  ST4_h: lane('store', 4, 2, LANES.h),
  ST4_h_post: lane('store', 4, 2, LANES.h),
  ST4_s: lane('store', 4, 4, LANES.s),
  ST4_s_post: lane('store', 4, 4, LANES.s),
  ST4_d: lane('store', 4, 8, LANES.d),
  ST4_d_post: lane('store', 4, 8, LANES.d),
  LD1_b: lane('load', 1, 1, LANES.b),
  LD1_b_post: lane('load', 1, 1, LANES.b),
  LD1_h: lane('load', 1, 2, LANES.h),
  LD1_h_post: lane('load', 1, 2, LANES.h),
  LD1_s: lane('load', 1, 4, LANES.s),
  LD1_s_post: lane('load', 1, 4, LANES.s),
  LD1_d: lane('load', 1, 8, LANES.d),
  LD1_d_post: lane('load', 1, 8, LANES.d),
  LD1R: replicate(1),
  LD1R_post: replicate(1),
  LD2_b: lane('load', 2, 1, LANES.b),
  LD2_b_post: lane('load', 2, 1, LANES.b),
  LD2_h: lane('load', 2, 2, LANES.h),
  LD2_h_post: lane('load', 2, 2, LANES.h),
  LD2_s: lane('load', 2, 4, LANES.s),
  LD2_s_post: lane('load', 2, 4, LANES.s),
  LD2_d: lane('load', 2, 8, LANES.d),
  LD2_d_post: lane('load', 2, 8, LANES.d),
  LD2R: replicate(2),
  LD2R_post: replicate(2),
  LD3_b: lane('load', 3, 1, LANES.b),
  LD3_b_post: lane('load', 3, 1, LANES.b),
  LD3_h: lane('load', 3, 2, LANES.h),
  LD3_h_post: lane('load', 3, 2, LANES.h),
  LD3_s: lane('load', 3, 4, LANES.s),
  LD3_s_post: lane('load', 3, 4, LANES.s),
  LD3_d: lane('load', 3, 8, LANES.d),
  LD3_d_post: lane('load', 3, 8, LANES.d),
  LD3R: replicate(3),
  LD3R_post: replicate(3),
  LD4_b: lane('load', 4, 1, LANES.b),
  LD4_b_post: lane('load', 4, 1, LANES.b),
  LD4_h: lane('load', 4, 2, LANES.h),
  LD4_h_post: lane('load', 4, 2, LANES.h),
  LD4_s: lane('load', 4, 4, LANES.s),
  LD4_s_post: lane('load', 4, 4, LANES.s),
  LD4_d: lane('load', 4, 8, LANES.d),
  LD4_d_post: lane('load', 4, 8, LANES.d),
  LD4R: replicate(4),
  LD4R_post: replicate(4),
};
