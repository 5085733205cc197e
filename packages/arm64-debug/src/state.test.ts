import { describe, expect, it } from 'vitest';
import { isContextAware, isInHost, targetEL, explainStep, renderCondition, STEP_IDLE } from './index.ts';
import { LAB, OPEN } from './test/fixtures.ts';

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
    expect(text[0]).toBe('- a Software Step exception is taken before the next instruction  [DDI 0487 D2.11 Software Step exceptions]');
    expect(text[1]).toBe('  - software step is enabled (MDSCR_EL1.SS=false)  [DDI 0487 D2.3 The debug exception enable controls]');
    expect(text.at(-1)).toBe('  + the step is pending (PSTATE.SS=false)  [DDI 0487 D2.11 Software Step exceptions]');
    expect(targetEL({ implementation: LAB, controls: OPEN })).toBe(2);
  });
});
