import { describe, expect, expectTypeOf, it } from 'vitest';
import fc from 'fast-check';
import { encode, extractOperands, parsePattern, patternOf } from './index.ts';
import type { FieldNames, Operands } from './index.ts';

const ADD = { pattern: 'sf:1 0 0 100010 sh:1 imm12:12 rn:5 rd:5' } as const;

describe('patterns', () => {
  it('are types: operands have exactly the names written', () => {
    type Add = Operands<typeof ADD.pattern>;
    expectTypeOf<Add>().toEqualTypeOf<{ readonly sf: number; readonly sh: number; readonly imm12: number; readonly rn: number; readonly rd: number }>();
    expectTypeOf<FieldNames<'1111 - (1)(0) 0'>>().toEqualTypeOf<never>();
    expectTypeOf<Operands<string>>().toEqualTypeOf<Readonly<Record<string, number>>>();
    const semantics = (operands: Add): number => operands.imm12 << (operands.sh * 12);
    // @ts-expect-error no such operand in the pattern
    const wrong = (operands: Add): unknown => operands.imm13;
    expect(semantics(extractOperands(ADD, 0x11448c83))).toBe(0x123000);
    expect(wrong(extractOperands(ADD, 0))).toBeUndefined();
    // @ts-expect-error operands are complete or it does not compile
    expect(() => encode(ADD, { sf: 1, sh: 0, imm12: 0, rn: 0 })).toThrow(/operand rd is missing/);
  });

  it('count from the most significant bit', () => {
    const pattern = parsePattern('1 hi:7 - 0000000 (1)(0) 111111 lo:8');
    expect(pattern).toMatchObject({ mask: 0x807f3f00, value: 0x80003f00, preset: 0x00008000 });
    expect(pattern.fields.map(({ name, low, width }) => [name, low, width])).toEqual([['hi', 24, 7], ['lo', 0, 8]]);
  });

  it('encode and extract are inverse', () => {
    const operands = fc.record({ sf: fc.nat(1), sh: fc.nat(1), imm12: fc.nat(0xfff), rn: fc.nat(31), rd: fc.nat(31) });
    fc.assert(fc.property(operands, (given) => {
      const word = encode(ADD, given);
      expect(extractOperands(ADD, word)).toEqual(given);
      expect((word & patternOf(ADD).mask) >>> 0).toBe(patternOf(ADD).value);
    }));
    expect(encode({ pattern: 'all:32' }, { all: 0xffff_ffff })).toBe(0xffff_ffff);
    expect(extractOperands({ pattern: 'all:32' }, -1)).toEqual({ all: 0xffff_ffff });
  });

  it('refuse operands that do not fit', () => {
    expect(() => encode(ADD, { sf: 1, sh: 0, imm12: 4096, rn: 0, rd: 0 })).toThrow(/imm12 = 4096 does not fit 12 bits \(0 to 4095\)/);
    expect(() => encode(ADD, { sf: 1, sh: 0, imm12: -1, rn: 0, rd: 0 })).toThrow(RangeError);
    const untyped: { readonly pattern: string } = ADD;
    expect(() => encode(untyped, { sf: 1, sh: 0, imm12: 1, rn: 0, rd: 0, extra: 1 })).toThrow(/no field extra/);
  });
});
