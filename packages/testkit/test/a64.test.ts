import { describe, expect, it } from 'vitest';
import { conformance, FAST, Random } from '@worldswitch/testkit';
import { a64UnderTest, A64_ROW_COUNT } from './a64.ts';

describe('A64', () => {
  it('brings at least sixty rows', () => {
    expect(A64_ROW_COUNT).toBeGreaterThanOrEqual(60);
  });
});

conformance(a64UnderTest(new Random(1)), { describe, it }, { ...FAST, programs: 4, budget: 2500, garbage: 3, stepped: 1, steps: 150, samples: 3 });
