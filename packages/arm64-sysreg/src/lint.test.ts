import { describe, expect, it } from 'vitest';
import { ACCESS_RULES, REGISTERS, SPLIT_ENCODINGS, SYSTEM_INSTRUCTIONS, lintInstructions, lintRegisters, lintRules } from './index.ts';
import type { RegisterRow, SystemInstructionRow } from './index.ts';

const GOOD: RegisterRow = {
  encoding: [3, 0, 1, 0, 0], access: '- RW RW RW', source: 'DDI 0487 GOOD', layouts: { only: { fields: { TOP: [63, 8], M: 0 }, res0: [[7, 1]] } },
};
const layout = (fields: RegisterRow['layouts'][string]['fields'], more: Partial<RegisterRow['layouts'][string]> = {}): RegisterRow =>
  ({ ...GOOD, layouts: { only: { fields, ...more } } });
const finds = (row: RegisterRow): string => lintRegisters({ X: row }).join('\n');

describe('the committed tables', () => {
  it('are clean', () => {
    expect(lintRegisters(REGISTERS, SPLIT_ENCODINGS)).toEqual([]);
    expect(lintInstructions(SYSTEM_INSTRUCTIONS)).toEqual([]);
    expect(lintRules(ACCESS_RULES, REGISTERS)).toEqual([]);
  });
});

describe('lintRegisters refuses', () => {
  it('accepts a good row', () => expect(finds(GOOD)).toBe(''));
  it('unaccounted bits', () => expect(finds(layout({ M: 0 }, { res0: [[63, 2]] }))).toContain('bits 1 are unaccounted for'));
  it('overlapping fields', () => expect(finds(layout({ A: [63, 0], B: 5 }))).toContain('B overlaps bits 5'));
  it('a field over reserved bits', () => expect(finds(layout({ A: [63, 0] }, { res1: [[3, 3]] }))).toContain('RES1 overlaps bits 3'));
  it('bits outside the register', () => expect(finds(layout({ A: [64, 0] }))).toContain('bits [64, 0]'));
  it('a reversed range', () => expect(finds(layout({ A: [0, 63] }))).toContain('high first'));
  it('a condition on a field that is not there', () => expect(finds(layout({ A: [63, 0] }, { needs: { B: 'FEAT_B' } }))).toContain('names B'));
  it('an unknown way of being absent', () => expect(finds(layout({ A: [63, 0] }, { absent: { A: 'ONES' } }))).toContain('absent as ONES'));
  it('an encoding out of range', () => expect(finds({ ...GOOD, encoding: [3, 8, 1, 0, 0] })).toContain('out of range'));
  it('a missing source', () => expect(finds({ ...GOOD, source: '' })).toContain('no source'));
  it('a malformed access column', () => expect(finds({ ...GOOD, access: 'RW RW' })).toContain('access "RW RW"'));
  it('an alias of nothing', () => expect(finds({ ...GOOD, alias: 'Y' })).toContain('alias of Y'));
  it('a row without a layout', () => expect(finds({ ...GOOD, layouts: {} })).toContain('no layout'));
  it('a reset value outside its mask', () => expect(finds({ ...GOOD, reset: { mask: 1n, value: 2n } })).toContain('outside its mask'));
  it('a duplicate encoding', () => expect(lintRegisters({ X: GOOD, Y: GOOD }).join()).toContain("is X's"));
  it('a declared split encoding that can be both read and written', () => {
    expect(lintRegisters({ X: GOOD, Y: GOOD }, [{ read: 'X', write: 'Y' }]).join()).toContain('one side of a split encoding');
  });
  it('accepts a declared split encoding', () => {
    const X = { ...GOOD, access: '- RO RO RO' };
    const Y = { ...GOOD, access: '- WO WO WO' };
    expect(lintRegisters({ X, Y }, [{ read: 'X', write: 'Y' }])).toEqual([]);
  });
});

describe('lintInstructions refuses', () => {
  const AT: SystemInstructionRow = { encoding: [1, 0, 7, 8, 0], access: '- W W', operand: true, source: 'DDI 0487 AT S1E1R' };
  const one = (row: SystemInstructionRow): string => lintInstructions({ 'AT X': row }).join('\n');
  it('accepts a good row', () => expect(one(AT)).toBe(''));
  it('an encoding that is not SYS', () => expect(one({ ...AT, encoding: [3, 0, 7, 8, 0] })).toContain('op0 is 3'));
  it('a missing source', () => expect(one({ ...AT, source: '' })).toContain('no source'));
  it('a malformed access column', () => expect(one({ ...AT, access: 'RW' })).toContain('access "RW"'));
  it('a duplicate', () => expect(lintInstructions({ A: AT, B: AT }).join()).toContain("is A's"));
  it('a check that does not parse', () => expect(one({ ...AT, rules: { EL1: ['HCR_EL2.AT -> EL2 0x18'] } })).toContain('no condition'));
});

describe('lintRules refuses', () => {
  const rule = (text: string): string => lintRules({ SCTLR_EL1: { EL1: [text] } }, REGISTERS).join('\n');
  it('accepts a good check', () => expect(rule('HCR_EL2.TVM=1 -> EL2 0x18')).toBe(''));
  it('a register that does not exist', () => expect(lintRules({ NOPE_EL1: {} }, REGISTERS).join()).toContain('does not exist'));
  it('an unknown control register', () => expect(rule('HCRR_EL2.TVM=1 -> EL2 0x18')).toContain('no register HCRR_EL2'));
  it('an unknown control bit', () => expect(rule('HCR_EL2.TVMM=1 -> EL2 0x18')).toContain('no field TVMM'));
  it('an unknown outcome', () => expect(rule('HCR_EL2.TVM=1 -> EL3 0x18')).toContain('write "condition -> EL2 0x18"'));
  it('an unbalanced parenthesis', () => expect(rule('not(HCR_EL2.TVM=1 -> EL2 0x18')).toContain('missing )'));
  it('m outside a numbered family', () => expect(rule('m>=NUM_BREAKPOINTS -> UNDEFINED')).toContain('not one of a numbered family'));
});
