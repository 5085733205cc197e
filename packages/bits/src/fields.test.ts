import { describe, expect, expectTypeOf, it } from 'vitest';
import fc from 'fast-check';
import { fields, mask } from './index.ts';

const MDCR_EL2 = fields({ HPMN: [4, 0], TPM: 6, HPME: 7, TDE: 8, TDOSA: 10, TDA: 9 });
const ADR = fields({ imm: [[23, 5], [30, 29]], rd: [4, 0] });
const WIDE = fields({ BADDR: [55, 2], low: [31, 0], top: [63, 32] });

describe('field codecs', () => {
  it('decodes by name, with the types of the layout', () => {
    const decoded = MDCR_EL2.decode(0x306n);
    expect(decoded).toEqual({ HPMN: 6, TPM: 0, HPME: 0, TDE: 1, TDA: 1, TDOSA: 0 });
    expectTypeOf(decoded.HPMN).toEqualTypeOf<number>();
    // @ts-expect-error no such field in the layout
    expect(decoded.HPMX).toBeUndefined();
    const wide = WIDE.decode(0x0080_0000_0000_0004n);
    expect(wide).toEqual({ BADDR: (1n << 53n) | 1n, low: 4, top: 0x800000 });
    expectTypeOf(wide.BADDR).toEqualTypeOf<bigint>();
    expectTypeOf(wide.top).toEqualTypeOf<number>();
    expectTypeOf(ADR.decode(0n).imm).toEqualTypeOf<number>();
  });

  it('joins split fields most significant first', () => {
    expect(ADR.encode({ imm: 0b101 })).toBe((1n << 5n) | (1n << 29n));
    expect(ADR.decode(0x70000020n)).toEqual({ imm: 0b111, rd: 0 });
    expect(ADR.mask('imm')).toBe(0x60ffffe0n);
  });

  it('encode, update and decode are inverse', () => {
    const fit = fc.record({ HPMN: fc.nat(31), TPM: fc.nat(1), HPME: fc.nat(1), TDE: fc.nat(1), TDOSA: fc.nat(1), TDA: fc.nat(1) });
    fc.assert(fc.property(fit, fc.bigInt({ min: 0n, max: mask(64) }), (values, before) => {
      expect(MDCR_EL2.decode(MDCR_EL2.encode(values))).toEqual(values);
      const after = MDCR_EL2.update(before, values);
      expect(MDCR_EL2.decode(after)).toEqual(values);
      expect((after ^ before) & ~MDCR_EL2.encode({ HPMN: 31, TPM: 1, HPME: 1, TDE: 1, TDOSA: 1, TDA: 1 })).toBe(0n);
    }));
    expect(MDCR_EL2.update(0xffffn, { TDE: 0 })).toBe(0xfeffn);
    expect(MDCR_EL2.get(0x1fn, 'HPMN')).toBe(31n);
  });

  it('refuses values, names and layouts that do not fit', () => {
    expect(() => MDCR_EL2.encode({ HPMN: 32 })).toThrow(/field HPMN: 0x20 does not fit 5 bits/);
    expect(() => MDCR_EL2.encode({ TDE: -1 })).toThrow(RangeError);
    expect(() => MDCR_EL2.encode({ TDE: 0.5 })).toThrow(/0.5 is not a whole number/);
    // @ts-expect-error no such field in the layout
    expect(() => MDCR_EL2.encode({ TDX: 1 })).toThrow(/no field TDX/);
    expect(() => fields({ A: [0, 3] })).toThrow(/high first/);
    expect(() => fields({ A: [[3, 0], [2, 1]] })).toThrow(/named twice/);
    expect(() => fields({ A: [[63, 32], [15, 0]] })).toThrow(/separate fields/);
  });
});
