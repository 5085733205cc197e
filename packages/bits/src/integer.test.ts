import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  asSigned, asUnsigned, bit, countLeadingZeros, extract, hex, insert, mask, parseInteger, powerBit, replicate, reverseBits, reverseBytes,
  rotateRight, signExtend,
} from './index.ts';

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const range = fc.tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 63 })).map(([a, b]) => [Math.max(a, b), Math.min(a, b)] as const);

describe('integers', () => {
  it('has the values the manuals print', () => {
    expect(mask(12)).toBe(0xfffn);
    expect(mask(200)).toBe(2n ** 200n - 1n);
    expect(bit(34)).toBe(0x4_0000_0000n); // HCR_EL2.E2H
    expect(powerBit(0)).toBe(0x8000_0000n);
    expect(powerBit(14)).toBe(0x0002_0000n); // MSR[CE]
    expect(powerBit(63, 64)).toBe(1n);
    expect(extract(0x56000000n, 31, 26)).toBe(0x15n); // EC of an SVC
    expect(signExtend(0x1ffffffn, 26, 64)).toBe(0x1ffffffn);
    expect(signExtend(0x2000000n, 26, 64)).toBe(0xffff_ffff_fe00_0000n);
    expect(asSigned(0xfffn, 12)).toBe(-1n);
    expect(asUnsigned(-4n, 32)).toBe(0xffff_fffcn);
    expect(rotateRight(1n, 32, 1)).toBe(0x8000_0000n);
    expect(rotateRight(0x8000_0000n, 32, -1)).toBe(1n);
    expect(replicate(0b10n, 2, 8)).toBe(0xaan);
    expect(countLeadingZeros(0n, 32)).toBe(32);
    expect(countLeadingZeros(1n)).toBe(63);
    expect(reverseBytes(0x12345678n, 32)).toBe(0x78563412n);
    expect(reverseBits(1n, 32)).toBe(0x8000_0000n);
    expect(hex(255)).toBe('0xff');
    expect(hex(1n, 8)).toBe('0x00000001');
    expect(hex(-16)).toBe('-0x10');
  });

  it('reads numbers as people type them', () => {
    expect(parseInteger(' 0xFF ')).toBe(255n);
    expect(parseInteger('-0x10')).toBe(-16n);
    expect(parseInteger('0b1_0000')).toBe(16n);
    expect(parseInteger('010')).toBe(10n);
    for (const wrong of ['', '0x', 'ff', '1.5', '1 2', '0x_1', '1__0', '1_', '--1']) expect(parseInteger(wrong), wrong).toBeUndefined();
  });

  it('keeps its laws', () => {
    fc.assert(fc.property(u64, u64, range, (value, other, [high, low]) => {
      const field = other & mask(high - low + 1);
      const changed = insert(value, high, low, field);
      expect(extract(changed, high, low)).toBe(field);
      expect((changed ^ value) & ~(mask(high - low + 1) << BigInt(low))).toBe(0n);
    }));
    fc.assert(fc.property(u64, fc.integer({ min: 1, max: 64 }), fc.integer({ min: -200, max: 200 }), (value, width, amount) => {
      expect(rotateRight(rotateRight(value, width, amount), width, -amount)).toBe(asUnsigned(value, width));
      expect(asUnsigned(signExtend(value, width), width)).toBe(asUnsigned(value, width));
      expect(asSigned(signExtend(value, width), 64)).toBe(asSigned(value, width));
      expect(reverseBits(reverseBits(value, width), width)).toBe(asUnsigned(value, width));
      expect(asUnsigned(value, width) >> BigInt(width - countLeadingZeros(value, width))).toBe(0n);
    }));
    fc.assert(fc.property(u64, (value) => {
      expect(reverseBytes(reverseBytes(value))).toBe(value);
      expect(parseInteger(hex(value, 16))).toBe(value);
    }));
  });

  it('refuses impossible widths and ranges', () => {
    expect(() => mask(-1)).toThrow(/width -1/);
    expect(() => bit(1.5)).toThrow(RangeError);
    expect(() => powerBit(32)).toThrow(/bits 0 to 31/);
    expect(() => extract(0n, 3, 4)).toThrow(/\[3:4\]/);
    expect(() => insert(0n, 3, 0, 16n)).toThrow(/16 does not fit bits \[3:0\]/);
    expect(() => replicate(1n, 3, 8)).toThrow(RangeError);
    expect(() => reverseBytes(1n, 12)).toThrow(RangeError);
  });
});
