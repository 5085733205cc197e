import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DBGBCR, DBGWCR, extendAddress, implementationFrom, legaliseDbgbcr, legaliseDbgbvr, legaliseDbgwcr, legaliseDbgwvr } from './index.ts';
import { LAB } from './test/fixtures.ts';

const ONES = (1n << 64n) - 1n;
const wide = fc.bigInt({ min: 0n, max: ONES });

/** Writable bits and bits that read as one, DDI 0487 D24.3, for an AArch64-only core without the later extensions. */
const MASKS = [
  { register: 'DBGBCR', legalise: legaliseDbgbcr, n: 0, stored: 0x0000_0000_00ff_e007n, ones: 0x1e0n },
  { register: 'DBGBVR, address only', legalise: legaliseDbgbvr, n: 0, stored: 0xffff_ffff_ffff_fffcn, ones: 0n },
  { register: 'DBGBVR, context-aware', legalise: legaliseDbgbvr, n: 5, stored: ONES, ones: 0n },
  { register: 'DBGWCR', legalise: legaliseDbgwcr, n: 0, stored: 0x1f1f_ffffn, ones: 0n },
  { register: 'DBGWVR', legalise: legaliseDbgwvr, n: 0, stored: 0xffff_ffff_ffff_fffcn, ones: 0n },
];

describe('writes', () => {
  for (const { register, legalise, n, stored, ones } of MASKS) {
    it(`${register} keeps its fields, reserved values included, and nothing else`, () => {
      fc.assert(fc.property(wide, (value) => {
        expect(legalise(n, value, LAB)).toBe((value & stored) | ones);
        expect(legalise(n, legalise(n, value, LAB), LAB)).toBe(legalise(n, value, LAB));
      }));
    });
  }

  it('BAS is in halfwords where AArch32 exists', () => {
    const kept = (BAS: number): number => DBGBCR.decode(legaliseDbgbcr(0, DBGBCR.encode({ BAS }), { ...LAB, aarch32: true })).BAS;
    expect([0, 1, 2, 3, 4, 8, 12, 15].map(kept)).toEqual([0, 3, 0, 3, 12, 0, 12, 15]);
  });

  it('refuse unimplemented numbers by name', () => {
    expect(() => legaliseDbgbcr(6, 0n, LAB)).toThrow(/DBGBCR6_EL1: this core implements numbers 0 to 5.*UNDEFINED/);
    expect(() => legaliseDbgbvr(6, 0n, LAB)).toThrow(RangeError);
    expect(() => legaliseDbgwcr(4, 0n, LAB)).toThrow(/0 to 3/);
    expect(() => legaliseDbgwvr(-1, 0n, LAB)).toThrow(RangeError);
    expect(legaliseDbgbcr(5, 0n, LAB)).toBe(0x1e0n);
  });
});

describe('layouts', () => {
  it('decode what Linux writes for a kernel breakpoint, a user breakpoint and a watchpoint', () => {
    // BAS=0xf, PMC=01 / 10, E; length and privilege in the places DDI 0487 gives them.
    expect(DBGBCR.decode(0x1e3n)).toEqual({ E: 1, PMC: 1, BAS: 0xf, HMC: 0, SSC: 0, LBN: 0, BT: 0 });
    expect(DBGBCR.decode(0x1e5n)).toMatchObject({ E: 1, PMC: 2 });
    expect(DBGWCR.decode(0x1ff5n)).toEqual({ E: 1, PAC: 2, LSC: 2, BAS: 0xff, HMC: 0, SSC: 0, LBN: 0, WT: 0, MASK: 0 });
    expect(DBGWCR.encode({ MASK: 31, WT: 1, LBN: 5 })).toBe(0x1f15_0000n);
  });

  it('addresses are extended from bit 48, or 52', () => {
    expect(extendAddress(0x0001_8000_0000_0000n)).toBe(0xffff_8000_0000_0000n);
    expect(extendAddress(0x5a00_0000_4000_0000n)).toBe(0x4000_0000n);
    expect(extendAddress(0x0001_8000_0000_0000n, true)).toBe(0x0001_8000_0000_0000n);
    expect(extendAddress(0x001f_8000_0000_0000n, true)).toBe(0xffff_8000_0000_0000n);
  });
});

describe('implementation', () => {
  const rest = { EL2: true, VHE: false, aarch32: false, zvaBytes: 64, invalidateBytes: 64 };

  it('is read from ID_AA64DFR0_EL1: Cortex-A57 has 6 breakpoints, 2 of them context-aware, and 4 watchpoints', () => {
    expect(implementationFrom(0x1030_5106n, rest)).toMatchObject({ breakpoints: 6, contextAware: 2, watchpoints: 4, debugv8p2: false });
    expect(implementationFrom(0x1030_5108n, rest).debugv8p2).toBe(true);
  });

  it('that the architecture does not allow is refused', () => {
    expect(() => implementationFrom(0x0030_0006n, rest)).toThrow(/1 breakpoints: a core has 2 to 16/);
    expect(() => implementationFrom(0xf030_5106n, rest)).toThrow(/16 context-aware.*6 breakpoints/);
    expect(() => implementationFrom(0x1030_5106n, { ...rest, zvaBytes: 48 })).toThrow(/48 bytes for DC ZVA/);
    expect(() => implementationFrom(0x1030_5106n, { ...rest, EL2: false, VHE: true })).toThrow(/VHE without EL2/);
  });
});
