import { describe, expect, it } from 'vitest';
import { runInBrowser } from '../../../tooling/browser/run-in-browser.ts';
import { haveTools } from '../../../tooling/oracles/require.ts';
import { main } from './browser/toy-hashes.ts';

const cases = [1, 2, 3, 4, 5, 6].map((seed) => ({ seed, budget: 0, processors: 1 + (seed % 2) }));

describe.skipIf(!haveTools('chromium'))('the toy in headless Chromium', () => {
  it('has the state hashes of Node, on every execution', async () => {
    const here = main({ cases });
    const there = await runInBrowser({ entry: `${import.meta.dirname}/browser/toy-hashes.ts`, input: { cases }, timeout: 300_000 });
    expect(there).toEqual(here);
    for (const { seed, processors } of cases) {
      const [reference, ...others] = ['evaluator', 'interpreter', 'translator'].map((kind) => here[`${seed}/${processors}/${kind}`]);
      for (const other of others) expect(other).toEqual(reference);
      expect(new Set(reference).size).toBeGreaterThan(1);
    }
  });
});
