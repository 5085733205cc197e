import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { brkTargetEL, debugEnabledFrom, debugExceptionTarget, explainEnabledFrom, obstacles, targetEL, type ExceptionLevel } from './index.ts';
import { LAB, OPEN, anyControls, anyLevel } from './test/fixtures.ts';

type Outcome = 1 | 2 | '-' | 'n/a';
type Bit = 0 | 1 | 'x';

/** DDI 0487 D2.5, summary of routing and enabling, for a core without EL3: TGE, TDE, KDE, PSTATE.D, then from EL0, EL1, EL2. */
const TABLE: readonly (readonly [Bit, Bit, Bit, Bit, Outcome, Outcome, Outcome])[] = [
  [0, 0, 0, 'x', 1, '-', '-'],
  [0, 0, 1, 0, 1, 1, '-'],
  [0, 0, 1, 1, 1, '-', '-'],
  [0, 1, 0, 'x', 2, 2, '-'],
  [0, 1, 1, 0, 2, 2, 2],
  [0, 1, 1, 1, 2, 2, '-'],
  [1, 'x', 0, 'x', 2, 'n/a', '-'],
  [1, 'x', 1, 0, 2, 'n/a', 2],
  [1, 'x', 1, 1, 2, 'n/a', '-'],
];

const values = (bit: Bit): readonly boolean[] => (bit === 'x' ? [false, true] : [bit === 1]);

describe('routing', () => {
  for (const [tge, tde, kde, d, ...outcomes] of TABLE) {
    it(`TGE=${tge} TDE=${tde} KDE=${kde} D=${d}`, () => {
      for (const TGE of values(tge)) for (const TDE of values(tde)) for (const KDE of values(kde)) for (const D of values(d)) {
        const state = { implementation: LAB, controls: { ...OPEN, TGE, TDE, KDE } };
        outcomes.forEach((outcome, el) => {
          if (outcome === 'n/a') return;
          expect(debugExceptionTarget(state, el as ExceptionLevel, D)).toBe(outcome === '-' ? undefined : outcome);
        });
      }
    });
  }

  it('covers every setting of the four bits', () => {
    const covered = TABLE.flatMap(([tge, tde, kde, d]) => values(tge).flatMap((a) => values(tde).flatMap((b) => values(kde).flatMap((c) => values(d).map((e) => `${a} ${b} ${c} ${e}`)))));
    expect(new Set(covered).size).toBe(16);
    expect(covered.length).toBe(16);
  });

  it('either lock silences everything but BRK', () => {
    fc.assert(fc.property(anyControls, anyLevel, fc.boolean(), fc.constantFrom('OSLK', 'doubleLock'), (controls, el, D, lock) => {
      const locked = { implementation: LAB, controls: { ...controls, [lock]: true } };
      expect(debugEnabledFrom(locked, el, D)).toBe(false);
      expect(brkTargetEL(locked, el)).toBe(brkTargetEL({ implementation: LAB, controls }, el));
    }));
  });

  it('a BRK goes to the target level from below and stays at EL2', () => {
    const to = (TGE: boolean, TDE: boolean): readonly number[] => [0, 1, 2].map((el) => brkTargetEL({ implementation: LAB, controls: { ...OPEN, TGE, TDE } }, el as ExceptionLevel));
    expect(to(false, false)).toEqual([1, 1, 2]);
    expect(to(false, true)).toEqual([2, 2, 2]);
    expect(to(true, false)).toEqual([2, 2, 2]);
  });

  it('without EL2 the target is EL1 whatever the EL2 bits say', () => {
    expect(targetEL({ implementation: { EL2: false }, controls: { ...OPEN, TGE: true, TDE: true } })).toBe(1);
  });

  it('never sends an exception to a lower level', () => {
    fc.assert(fc.property(anyControls, anyLevel, fc.boolean(), (controls, el, D) => {
      const to = debugExceptionTarget({ implementation: LAB, controls }, el, D);
      expect(to === undefined || to >= el).toBe(true);
    }));
  });

  it('explains a masked exception at the target level', () => {
    const tree = explainEnabledFrom({ implementation: LAB, controls: OPEN }, 2, true);
    expect(obstacles(tree).map((leaf) => leaf.what)).toContain('debug exceptions are not masked');
    expect(obstacles(tree).map((leaf) => leaf.what)).not.toContain('local debug exceptions are enabled');
  });
});
