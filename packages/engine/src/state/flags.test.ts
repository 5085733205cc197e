import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addFlags, conditionHolds, FLAGS_KIND, logicFlags, packFlags, subFlags } from './flags.ts';
import { CONDITIONS } from '../ir/types.ts';

const N = 8, Z = 4, C = 2, V = 1;
const wide = fc.bigInt(0n, (1n << 64n) - 1n);

describe('condition flags', () => {
  // DDI 0487, shared pseudocode AddWithCarry: worked by hand at the edges.
  it.each([
    [64, 0n, 0n, 0n, Z], [64, (1n << 64n) - 1n, 1n, 0n, Z | C], [64, (1n << 63n) - 1n, 1n, 0n, N | V], [64, 1n << 63n, 1n << 63n, 0n, Z | C | V],
    [32, 0xffff_ffffn, 0n, 1n, Z | C], [32, 0x7fff_ffffn, 0n, 1n, N | V], [32, 0x1_0000_0001n, 1n, 0n, 0], [32, 0x8000_0000n, 0xffff_ffffn, 0n, C | V],
  ] as const)('of a %d-bit sum of %x, %x and %d', (width, a, b, carry, flags) => { expect(addFlags(width, a, b, carry)).toBe(flags); });

  it('of a difference order the operands', () => {
    fc.assert(fc.property(wide, fc.oneof(wide, fc.constant(undefined)), (a, other) => {
      const b = other ?? a;
      const flags = subFlags(64, a, b);
      const holds = (name: (typeof CONDITIONS)[number]): boolean => conditionHolds(CONDITIONS.indexOf(name), flags);
      const [x, y] = [BigInt.asIntN(64, a), BigInt.asIntN(64, b)];
      expect([holds('eq'), holds('ne'), holds('cs'), holds('cc'), holds('hi'), holds('ls'), holds('ge'), holds('lt'), holds('gt'), holds('le'), holds('al'), holds('nv')])
        .toEqual([a === b, a !== b, a >= b, a < b, a > b, a <= b, x >= y, x < y, x > y, x <= y, true, true]);
    }));
  });
  it('kept lazily are those computed at once', () => {
    fc.assert(fc.property(wide, wide, (a, b) => {
      expect(packFlags(FLAGS_KIND.sub, a, b)).toBe(subFlags(64, a, b));
      expect(packFlags(FLAGS_KIND.logic, a, b)).toBe(logicFlags(64, a));
      const [high, low] = [BigInt.asUintN(32, a), BigInt.asUintN(32, b)];
      // 32-bit operands are kept in the upper halves.
      expect(packFlags(FLAGS_KIND.sub, high << 32n, low << 32n)).toBe(subFlags(32, high, low));
      expect(packFlags(FLAGS_KIND.logic, high << 32n, 0n)).toBe(logicFlags(32, high));
    }));
  });
});
