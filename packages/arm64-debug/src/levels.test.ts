import { describe, expect, it } from 'vitest';
import { EXCEPTION_LEVELS, coversLevel, rowForLevels } from './index.ts';
import { LAB } from './test/fixtures.ts';

/** `HMC SSC PMC` to the levels it covers on a core with EL2 and without EL3. All 26 others are reserved. */
const DEFINED: Readonly<Record<string, readonly number[]>> = {
  '0 0 1': [1], '0 0 2': [0], '0 0 3': [0, 1], '1 0 1': [1, 2], '1 0 3': [0, 1, 2], '1 3 0': [2],
};

describe('the level table', () => {
  for (const HMC of [0, 1]) for (const SSC of [0, 1, 2, 3]) for (const PxC of [0, 1, 2, 3]) {
    const name = `${HMC} ${SSC} ${PxC}`;
    it(`HMC SSC PMC = ${name} covers ${DEFINED[name]?.join(', ') ?? 'nothing: reserved'}`, () => {
      expect(EXCEPTION_LEVELS.filter((el) => coversLevel(HMC, SSC, PxC, el, LAB))).toEqual(DEFINED[name] ?? []);
      const withoutEL2 = DEFINED[name]?.includes(2) ? [] : DEFINED[name] ?? [];
      expect(EXCEPTION_LEVELS.filter((el) => coversLevel(HMC, SSC, PxC, el, { EL2: false }))).toEqual(withoutEL2);
    });
  }

  it('finds the row of a set of levels in any order, and none for a set that cannot be expressed', () => {
    expect(rowForLevels([1, 0], LAB)).toMatchObject({ HMC: 0, SSC: 0, PxC: 3 });
    expect(rowForLevels([2, 1], LAB)).toMatchObject({ HMC: 1, SSC: 0, PxC: 1 });
    expect(rowForLevels([0, 2], LAB)).toBeUndefined();
    expect(rowForLevels([], LAB)).toBeUndefined();
    expect(rowForLevels([2], { EL2: false })).toBeUndefined();
  });
});
