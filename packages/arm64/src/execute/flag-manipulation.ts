import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { FLAG_MANIPULATION } from '../facts/encodings/flag-manipulation.ts';
import { xOrZero } from '../state.ts';

const N = 8;
const Z = 4;
const C = 2;

/** N and Z of the low `bits` bits, V where the bit above differs from the sign; C stays. */
function evaluate(bits: 8 | 16): Operation<{ readonly rn: number }> {
  return op(
    ({ rn }) => ({ n: xOrZero(rn) }),
    (s, { n }) => {
      const value = s.int(n, 32);
      const one = s.literal(1, 32);
      const sign = s.and(s.shrU(value, s.literal(bits - 1, 32)), one);
      const above = s.and(s.shrU(value, s.literal(bits, 32)), one);
      const zero = s.isZero(s.and(value, s.literal(2 ** bits - 1, 32)));
      const carry = s.and(s.flags(), s.literal(C, 32));
      const nz = s.or(s.mul(sign, s.literal(N, 32)), s.mul(zero, s.literal(Z, 32)));
      s.setFlagsPacked(s.or(s.or(nz, carry), s.xor(sign, above)));
    },
  );
}

export const flagManipulation: Semantics<typeof FLAG_MANIPULATION> = {
  RMIF: op(
    ({ imm6, rn, mask }) => ({ n: xOrZero(rn), rotate: imm6, mask }),
    (s, { n, rotate, mask }) => {
      const chosen = s.imm(mask, 32);
      const rotated = s.wrap(s.rotr(s.int(n, 64), s.imm(rotate, 64)));
      s.setFlagsPacked(s.or(s.and(s.flags(), s.not(chosen)), s.and(rotated, chosen)));
    },
  ),
  SETF8: evaluate(8),
  SETF16: evaluate(16),
};
