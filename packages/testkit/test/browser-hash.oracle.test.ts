import { describe, expect, it } from 'vitest';
import { runInBrowser } from '../../../tooling/browser/run-in-browser.ts';
import { haveTools } from '../../../tooling/oracles/require.ts';
import { main } from './hashes.ts';

const cases = [1, 2, 3, 4].map((seed) => ({ seed, budget: 0, processors: 1 + (seed % 2) }));

describe.skipIf(!haveTools('chromium'))('the toy and A64 in headless Chromium', () => {
  it('have the state hashes of Node, on every execution', async () => {
    const here = main({ cases });
    const there = await runInBrowser({ entry: `${import.meta.dirname}/hashes.ts`, input: { cases }, timeout: 300_000 });
    expect(there).toEqual(here);
    const runs = Object.keys(here).filter((name) => name.endsWith('evaluator'));
    expect(runs).toHaveLength(2 * (cases.length + 1));
    for (const name of runs) {
      for (const kind of ['interpreter', 'translator']) expect(here[name.replace(/evaluator$/, kind)], `${name} and ${kind}`).toEqual(here[name]);
    }
    expect(new Set(Object.values(here).flat()).size).toBeGreaterThan(2 * cases.length);
  });
});
