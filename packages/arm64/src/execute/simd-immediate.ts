import { op } from '@worldswitch/engine';
import type { Operation, Semantics, SemanticsBuilder, V128 } from '@worldswitch/engine';
import type { SIMD_IMMEDIATE } from '../facts/encodings/simd-immediate.ts';
import { V } from '../state.ts';
import { immediate } from './common.ts';
import { byteMask, floatImmediateBits, repeated } from './modified-immediate.ts';
import { lowHalf } from './vector.ts';

interface Fields {
  readonly abc: number;
  readonly defgh: number;
  readonly rd: number;
  /** Rows of one arrangement have no q: all 128 bits, or for MOVI_d the low 64. */
  readonly q?: number;
}

/** The 64 bits that eight bits and the rest of the operands stand for. */
type Expand<F> = (imm8: bigint, operands: F) => bigint;

/** What happens to the register: it becomes the immediate, or is combined with it. */
type Combine = 'set' | 'or' | 'clear';

function modified<F>(combine: Combine, quad: (o: F & Fields) => boolean, expand: Expand<F>): Operation<F & Fields> {
  return op(
    (o: F & Fields) => {
      const { imm, wide } = immediate(expand(BigInt(o.abc * 32 + o.defgh), o), 64);
      return { shape: { quad: quad(o), wide }, d: V[o.rd], imm };
    },
    (s, { shape, d, imm }) => {
      const all = combined(s, combine, s.vector(d), s.splat(64, s.imm(imm, 64)));
      s.setVector(d, shape.quad ? all : lowHalf(s, all));
    },
  );
}

function combined(s: SemanticsBuilder, combine: Combine, old: V128, imm: V128): V128 {
  switch (combine) {
    case 'set': return imm;
    case 'or': return s.vectorOp('vor', old, imm);
    case 'clear': return s.vectorOp('vandnot', old, imm);
  }
}

const byQ = ({ q }: Fields): boolean => q !== 0;

interface Shifted {
  readonly shift: number;
}

/** Eight bits at one of the bytes of a word or halfword. */
const inWord = (imm8: bigint, { shift }: Shifted): bigint => repeated(imm8 << BigInt(8 * shift), 32);
const inHalf = (imm8: bigint, { shift }: Shifted): bigint => repeated(imm8 << BigInt(8 * shift), 16);
/** Eight bits above 8 or 16 ones. */
const aboveOnes = (imm8: bigint, { shift }: Shifted): bigint => {
  const bits = BigInt(8 * (shift + 1));
  return repeated((imm8 << bits) | ((1n << bits) - 1n), 32);
};
const inverted = <F>(expand: Expand<F>): Expand<F> => (imm8, operands) => BigInt.asUintN(64, ~expand(imm8, operands));
const bytes = (imm8: bigint): bigint => byteMask(Number(imm8));

export const simdImmediate: Semantics<typeof SIMD_IMMEDIATE> = {
  MOVI_s: modified('set', byQ, inWord),
  MOVI_h: modified('set', byQ, inHalf),
  ORR_vimm_s: modified('or', byQ, inWord),
  ORR_vimm_h: modified('or', byQ, inHalf),
  MVNI_s: modified('set', byQ, inverted(inWord)),
  MVNI_h: modified('set', byQ, inverted(inHalf)),
  BIC_vimm_s: modified('clear', byQ, inWord),
  BIC_vimm_h: modified('clear', byQ, inHalf),
  MOVI_msl: modified('set', byQ, aboveOnes),
  MVNI_msl: modified('set', byQ, inverted(aboveOnes)),
  MOVI_b: modified('set', byQ, (imm8) => repeated(imm8, 8)),
  MOVI_d: modified('set', () => false, bytes),
  MOVI_2d: modified('set', () => true, bytes),
  FMOV_vimm_s: modified('set', byQ, (imm8) => repeated(floatImmediateBits(Number(imm8), 32), 32)),
  FMOV_vimm_d: modified('set', () => true, (imm8) => floatImmediateBits(Number(imm8), 64)),
};
