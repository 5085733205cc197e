import { describe, expect, it } from 'vitest';
import { ISS, SYNCHRONOUS_PRIORITY, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { CHECK_ORDER, breakpointSyndrome, brkSyndrome, comparePriority, explainTaken, obstacles, stepSyndrome, watchpointSyndrome, winner, type CheckId } from './index.ts';

/** Whole ESR values, as a kernel log shows them: class, IL = 1, debug fault status 0b100010. */
describe('syndromes', () => {
  it('of breakpoints', () => {
    expect(breakpointSyndrome(0, 1)).toBe(0xc200_0022n);
    expect(breakpointSyndrome(1, 1)).toBe(0xc600_0022n);
    expect(breakpointSyndrome(1, 2)).toBe(0xc200_0022n);
    expect(breakpointSyndrome(2, 2)).toBe(0xc600_0022n);
  });
  it('of steps', () => {
    expect(stepSyndrome(0, 1, { ISV: 1, EX: 0 })).toBe(0xcb00_0022n);
    expect(stepSyndrome(1, 1, { ISV: 1, EX: 1 })).toBe(0xcf00_0062n);
    expect(stepSyndrome(0, 2, { ISV: 0, EX: 0 })).toBe(0xca00_0022n);
    expect(ISS.step.decode(BigInt(decodeSyndrome(0xcf00_0062n).iss))).toEqual({ ISV: 1, EX: 1, IFSC: 0x22 });
  });
  it('of watchpoints', () => {
    expect(watchpointSyndrome(0, 1, { n: 0, WnR: 0, CM: 0 })).toBe(0xd200_0022n);
    expect(watchpointSyndrome(1, 1, { n: 0, WnR: 1, CM: 0 })).toBe(0xd600_0062n);
    expect(watchpointSyndrome(0, 2, { n: 0, WnR: 1, CM: 1 })).toBe(0xd200_0162n);
    const reported = ISS.wp.decode(BigInt(decodeSyndrome(watchpointSyndrome(0, 2, { n: 3, WnR: 1, CM: 0 }, true)).iss));
    expect(reported).toMatchObject({ WPT: 3, WPTV: 1, WnR: 1, FnV: 0, DFSC: 0x22 });
  });
  it('of BRK: one class for all levels, the immediate as comment', () => {
    expect(brkSyndrome(0, 1, 0)).toBe(0xf200_0000n);
    expect(brkSyndrome(1, 1, 0xf000)).toBe(0xf200_f000n);
    expect(brkSyndrome(2, 2, 0xffff)).toBe(0xf200_ffffn);
  });
  it('refuse what cannot be', () => {
    expect(() => breakpointSyndrome(2, 1)).toThrow(/from EL2 to EL1.*never taken to a lower level/);
    expect(() => stepSyndrome(0, 1, { ISV: 0, EX: 1 })).toThrow(/EX is only valid with ISV/);
    expect(() => brkSyndrome(0, 1, 0x10000)).toThrow(/0x10000: the immediate has 16 bits/);
    expect(() => brkSyndrome(0, 1, 1.5)).toThrow(RangeError);
  });
});

describe('priorities', () => {
  /** Pairs a debugger meets: the first wins. */
  const PAIRS: readonly (readonly [CheckId, CheckId, string])[] = [
    ['interrupt', 'software-step', 'a pending interrupt is taken first'],
    ['software-step', 'pc-alignment', 'a step to a misaligned pc'],
    ['instruction-abort', 'breakpoint', 'a breakpoint on an unmapped page'],
    ['illegal-state', 'breakpoint', 'after an illegal return'],
    ['breakpoint', 'brk', 'a hardware breakpoint on a BRK'],
    ['breakpoint', 'undefined-or-trap', 'a hardware breakpoint on an undefined word'],
    ['brk', 'undefined-or-trap', 'BRK is never trapped'],
    ['undefined-or-trap', 'exception-generating', 'HVC while disabled'],
    ['data-abort', 'watchpoint', 'a watched page that is not mapped'],
    ['sp-alignment', 'data-abort', 'SP is checked before the access'],
    ['watchpoint', 'external-abort', 'a watched device that aborts'],
  ];
  for (const [first, second, why] of PAIRS) {
    it(`${first} before ${second}: ${why}`, () => {
      expect(winner([second, first])).toBe(first);
      expect(comparePriority(first, second)).toBeLessThan(0);
    });
  }
  it('explain what came first', () => {
    const tree = explainTaken('breakpoint', ['breakpoint', 'brk', 'instruction-abort', 'software-step']);
    expect(obstacles(tree).map((leaf) => leaf.what)).toEqual(['it comes before: Instruction Abort', 'it comes before: Software Step exception']);
    expect(explainTaken('breakpoint', ['brk', 'undefined-or-trap']).holds).toBe(true);
    expect(explainTaken('breakpoint', []).holds).toBe(true);
  });
  it('follow the manual\'s numbers, each id once', () => {
    const ranks = CHECK_ORDER.flatMap((row) => ('rank' in row ? [row.rank] : []));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    const known = SYNCHRONOUS_PRIORITY.map(([rank]) => rank);
    for (const rank of ranks) expect(known).toContain(rank);
    expect(new Set(CHECK_ORDER.map((row) => row.id)).size).toBe(CHECK_ORDER.length);
    expect(winner([])).toBeUndefined();
  });
});
