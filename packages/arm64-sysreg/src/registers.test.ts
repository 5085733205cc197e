import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REGISTER_DOCS, docOf } from './docs.ts';
import {
  LATER_REGISTERS, REGISTERS, REGISTER_LIST, SPLIT_ENCODINGS, SYSTEM_INSTRUCTIONS, byEncoding, classify, encodingOf, familyOf, genericName,
  instructionAt, isRegisterName, layoutOf, nameOf, packEncoding, parseGenericName, registerAt, unpackEncoding,
} from './index.ts';

const recorded = readFileSync(new URL('../fixtures/gnu-encodings.txt', import.meta.url), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));

describe('the table', () => {
  it('has the 465 registers and 228 system instructions of the facts', () => {
    expect(REGISTER_LIST).toHaveLength(465);
    expect(Object.keys(SYSTEM_INSTRUCTIONS)).toHaveLength(228);
    expect(REGISTER_LIST.filter((r) => r.alias !== undefined)).toHaveLength(27);
    expect(Object.keys(LATER_REGISTERS)).toHaveLength(798);
  });

  it('has no later register where a described one is', () => {
    for (const name of Object.keys(LATER_REGISTERS)) expect(registerAt(encodingOf(name)), name).toBeUndefined();
  });

  it('documents every register, and only fields that exist', () => {
    for (const r of REGISTER_LIST) expect(docOf(r.name), r.name).toBeDefined();
    for (const [name, doc] of Object.entries(REGISTER_DOCS)) {
      const member = name.replace('<n>', '0');
      if (!isRegisterName(member)) throw new Error(`${name} is no register`);
      const fields = Object.values(REGISTERS[member].layouts).flatMap((l) => Object.keys(l.fields));
      for (const field of Object.keys(doc.fields)) expect(fields, name).toContain(field);
    }
    expect(docOf('SCTLR_EL12')).toBe(docOf('SCTLR_EL1'));
    expect(docOf('DBGBCR7_EL1')).toBe(REGISTER_DOCS['DBGBCR<n>_EL1']);
  });
});

describe('encodings', () => {
  // Bits [20:5] of MRS, MSR, SYS: L op0 op1 CRn CRm op2, with bit 20 part of op0 (op0 = 2 or 3 for MRS and MSR, 1 for SYS).
  it('equal GNU as for every name it knows', () => {
    const checked = { register: new Set<string>(), instruction: new Set<string>() };
    for (const line of recorded) {
      const [word, mnemonic, ...rest] = line.split(/[ ,]+/) as [string, string, ...string[]];
      if (word === '-') continue;
      const bits = (Number.parseInt(word, 16) >>> 5) & 0x3fff | ((Number.parseInt(word, 16) >>> 19) & 3) << 14;
      if (mnemonic === 'mrs' || mnemonic === 'msr') {
        const name = mnemonic === 'mrs' ? rest[1] : rest[0];
        expect(genericName(bits), line).toBe(genericName(encodingOf(name)));
        expect(nameOf(bits, mnemonic === 'mrs' ? 'read' : 'write'), line).toBe(name);
        checked.register.add(name);
      } else {
        const name = `${mnemonic} ${rest[0]}`.toUpperCase();
        expect(instructionAt(bits), line).toBe(name);
        checked.instruction.add(name);
      }
    }
    // This assembler (2.40) knows neither ACTLR_EL12 nor ID_AA64MMFR3_EL1.
    expect(REGISTER_LIST.map((r) => r.name).filter((n) => !checked.register.has(n))).toEqual(['ID_AA64MMFR3_EL1', 'ACTLR_EL12']);
    expect(checked.instruction.size).toBe(132);
  });

  it('relates the NXS forms to their plain ones by CRn', () => {
    for (const name of Object.keys(SYSTEM_INSTRUCTIONS).filter((n) => n.endsWith('NXS'))) {
      const [op0, op1, , crm, op2] = unpackEncoding(encodingOf(name.slice(0, -3)));
      expect(encodingOf(name), name).toBe(packEncoding(op0, op1, 9, crm, op2));
    }
  });

  it('relate EL12 and EL02 names to what they reach by op1', () => {
    for (const r of REGISTER_LIST.filter((row) => row.alias !== undefined)) {
      const [op0, , crn, crm, op2] = REGISTERS[r.alias as keyof typeof REGISTERS].encoding;
      expect(r.encoding, r.name).toEqual([op0, 5, crn, crm, op2]);
    }
  });

  it('are found again by their numbers, both sides of a split one', () => {
    for (const r of REGISTER_LIST) {
      const direction = SPLIT_ENCODINGS.some((s) => s.write === r.name) ? 'write' : 'read';
      expect(byEncoding(...r.encoding, direction)?.name).toBe(r.name);
      expect(REGISTER_LIST[classify(r.packed, direction)]).toBe(r);
    }
    expect(byEncoding(2, 3, 0, 5, 0, 'read')?.name).toBe('DBGDTRRX_EL0');
    expect(byEncoding(2, 3, 0, 5, 0, 'write')?.name).toBe('DBGDTRTX_EL0');
    expect(classify(packEncoding(3, 0, 15, 15, 7))).toBe(-1);
  });

  it('print and parse as generic names', () => {
    expect(genericName(encodingOf('SCTLR_EL12'))).toBe('S3_5_C1_C0_0');
    expect(encodingOf('S3_5_C1_C0_0')).toBe(encodingOf('SCTLR_EL12'));
    expect(parseGenericName('s3_5_c1_c0_0')).toBe(encodingOf('SCTLR_EL12'));
    for (const bad of ['S4_0_C0_C0_0', 'S3_8_C0_C0_0', 'S3_0_C16_C0_0', 'S3_0_C0_C16_0', 'S3_0_C0_C0_8', 'SCTLR']) expect(parseGenericName(bad)).toBeUndefined();
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), (packed) => {
      expect(parseGenericName(genericName(packed))).toBe(packed);
      expect(packEncoding(...unpackEncoding(packed))).toBe(packed);
    }));
  });

  it('name the unknown name and the way out', () => {
    expect(() => encodingOf('SCTLR')).toThrow(/no system register SCTLR; give a name of the manual/);
    expect(() => packEncoding(4, 0, 0, 0, 0)).toThrow(/op0=4 is out of range/);
    expect(encodingOf('TLBI VAE1IS')).toBe(packEncoding(1, 0, 8, 3, 1));
    expect(encodingOf('GMID_EL1')).toBe(packEncoding(3, 1, 0, 0, 4));
  });
});

describe('layouts', () => {
  it('follow E2H where the manual has two', () => {
    expect(layoutOf('CNTHCTL_EL2', { e2h: false }).fields['EL1PCTEN']).toBe(0);
    expect(layoutOf('CNTHCTL_EL2', { e2h: true }).fields['EL1PCTEN']).toBe(10);
    expect(layoutOf('TCR_EL2', { e2h: true }).fields['EPD1']).toBe(23);
    expect(layoutOf('SCTLR_EL1', { e2h: true })).toBe(layoutOf('SCTLR_EL1'));
    expect(layoutOf('SPSR_EL1', { tag: 'aarch32' }).fields['IT']).toEqual([[15, 10], [26, 25]]);
    expect(() => layoutOf('SPSR_EL1', { tag: 'x' })).toThrow(/SPSR_EL1 has no layout x; it has aarch64, aarch32/);
  });
});

describe('families', () => {
  it('are the numbered registers', () => {
    expect(familyOf('DBGBCR15_EL1')).toBe('DBGBCR<n>_EL1');
    expect(familyOf('TTBR0_EL1')).toBe('TTBR0_EL1');
    expect(REGISTER_LIST.filter((r) => familyOf(r.name) === 'PMEVCNTR<n>_EL0')).toHaveLength(31);
  });
});
