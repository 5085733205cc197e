import { describe, expect, it } from 'vitest';
import { haveTools } from '../oracles/require.ts';
import { main } from './entries/square.ts';
import { runInBrowser } from './run-in-browser.ts';

const entry = (name: string): string => `${import.meta.dirname}/entries/${name}.ts`;

describe.skipIf(!haveTools('chromium'))('a module in headless Chromium', () => {
  it('computes what it computes in Node', async () => {
    const input = { start: '0x123456789abcdef1' };
    expect(await runInBrowser({ entry: entry('square'), input })).toEqual(main(input));
  });
  it('that throws rejects with its message', async () => {
    await expect(runInBrowser({ entry: entry('throws') })).rejects.toThrow('thrown in the page');
  });
  it('that needs Node is not bundled', async () => {
    await expect(runInBrowser({ entry: entry('needs-node') })).rejects.toThrow('node:fs');
  });
  it('that hangs is given up', async () => {
    await expect(runInBrowser({ entry: entry('hangs'), timeout: 1_000 })).rejects.toThrow('did not answer within 1000 ms');
  });
});
