import { describe, expect, it } from 'vitest';
import { isContextAware, isInHost, taggingFrom, targetEL, explainStep, renderCondition, STEP_IDLE } from './index.ts';
import { LAB, OPEN } from './test/fixtures.ts';

const TBI0 = 1n << 37n, TBI1 = 1n << 38n, TBID0 = 1n << 51n, TBID1 = 1n << 52n;
const TBI = 1n << 20n, TBID = 1n << 29n;
const no = { lower: false, upper: false };
const lower = { lower: true, upper: false };
const upper = { lower: false, upper: true };
const both = { lower: true, upper: true };

describe('tagging from TCR_ELx', () => {
  it('EL0 and EL1 share TCR_EL1; TBID takes instructions out', () => {
    expect(taggingFrom({ tcrEL1: TBI0 | TBI1 | TBID1, tcrEL2: 0n, E2H: false, TGE: false })).toEqual({ dataTags: [both, both, no], instructionTags: [lower, lower, no] });
  });
  it('EL2 without E2H has one range', () => {
    expect(taggingFrom({ tcrEL1: 0n, tcrEL2: TBI, E2H: false, TGE: true })).toEqual({ dataTags: [no, no, both], instructionTags: [no, no, both] });
    expect(taggingFrom({ tcrEL1: 0n, tcrEL2: TBI | TBID, E2H: false, TGE: false }).instructionTags).toEqual([no, no, no]);
    expect(taggingFrom({ tcrEL1: 0n, tcrEL2: TBI0 | TBI1, E2H: false, TGE: false }).dataTags).toEqual([no, no, no]);
  });
  it('EL2 with E2H has two, and with TGE takes EL0 along', () => {
    const regs = { tcrEL1: TBI1, tcrEL2: TBI0 | TBID0, E2H: true };
    expect(taggingFrom({ ...regs, TGE: false })).toEqual({ dataTags: [upper, upper, lower], instructionTags: [upper, upper, no] });
    expect(taggingFrom({ ...regs, TGE: true })).toEqual({ dataTags: [lower, upper, lower], instructionTags: [no, upper, no] });
  });
});

describe('state', () => {
  it('context-aware breakpoints are the highest numbered ones', () => {
    expect([0, 3, 4, 5, 6].map((n) => isContextAware(n, LAB))).toEqual([false, false, true, true, false]);
  });
  it('the host is EL2 with E2H, and EL0 with E2H and TGE', () => {
    const where = (E2H: boolean, TGE: boolean): readonly boolean[] => ([0, 1, 2] as const).map((el) => isInHost(el, { ...OPEN, E2H, TGE }));
    expect(where(false, true)).toEqual([false, false, false]);
    expect(where(true, false)).toEqual([false, false, true]);
    expect(where(true, true)).toEqual([true, false, true]);
  });
});

describe('a rendered condition', () => {
  it('is one line per condition with its values and its section', () => {
    const text = renderCondition(explainStep({ implementation: LAB, controls: { ...OPEN, SS: false }, el: 1, D: false, step: STEP_IDLE })).split('\n');
    expect(text[0]).toBe('- a Software Step exception is taken before the next instruction  [DDI 0487 D2.12 Software Step exceptions]');
    expect(text[1]).toBe('  - software step is enabled (MDSCR_EL1.SS=false)  [DDI 0487 D2.2 The debug exception enable controls]');
    expect(text.at(-1)).toBe('  + the step is pending (PSTATE.SS=false)  [DDI 0487 D2.12 Software Step exceptions]');
    expect(targetEL({ implementation: LAB, controls: OPEN })).toBe(2);
  });
});
