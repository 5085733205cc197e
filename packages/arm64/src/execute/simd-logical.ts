import { op } from '@worldswitch/engine';
import type { Operation, Semantics, SemanticsBuilder, V128 } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { SIMD_LOGICAL } from '../facts/encodings/simd-logical.ts';
import { V } from '../state.ts';
import { lowHalf } from './vector.ts';

type Fields = Operands<(typeof SIMD_LOGICAL)['AND_vec']['pattern']>;

/** From the first and second source and the old destination. */
type Compute = (s: SemanticsBuilder, n: V128, m: V128, d: V128) => V128;

const ONES = (1n << 128n) - 1n;

/** Bits of a where the mask is 1, of b where it is 0. */
function choose(s: SemanticsBuilder, mask: V128, a: V128, b: V128): V128 {
  return s.vectorOp('vor', s.vectorOp('vand', a, mask), s.vectorOp('vandnot', b, mask));
}

function bitwise(compute: Compute): Operation<Fields> {
  return op(
    ({ q, rm, rn, rd }) => ({ shape: { quad: q === 1 }, n: V[rn], m: V[rm], d: V[rd] }),
    (s, { shape, n, m, d }) => {
      const result = compute(s, s.vector(n), s.vector(m), s.vector(d));
      s.setVector(d, shape.quad ? result : lowHalf(s, result));
    },
  );
}

export const simdLogical: Semantics<typeof SIMD_LOGICAL> = {
  AND_vec: bitwise((s, n, m) => s.vectorOp('vand', n, m)),
  BIC_vec: bitwise((s, n, m) => s.vectorOp('vandnot', n, m)),
  ORR_vec: bitwise((s, n, m) => s.vectorOp('vor', n, m)),
  ORN_vec: bitwise((s, n, m) => s.vectorOp('vor', n, s.vectorOp('vxor', m, s.vectorLiteral(ONES)))),
  EOR_vec: bitwise((s, n, m) => s.vectorOp('vxor', n, m)),
  BSL_vec: bitwise((s, n, m, d) => choose(s, d, n, m)),
  BIT_vec: bitwise((s, n, m, d) => choose(s, m, n, d)),
  BIF_vec: bitwise((s, n, m, d) => choose(s, m, d, n)),
  NOT_vec: op(
    ({ q, rn, rd }) => ({ shape: { quad: q === 1 }, n: V[rn], d: V[rd] }),
    (s, { shape, n, d }) => {
      const result = s.vectorOp('vxor', s.vector(n), s.vectorLiteral(ONES));
      s.setVector(d, shape.quad ? result : lowHalf(s, result));
    },
  ),
};
