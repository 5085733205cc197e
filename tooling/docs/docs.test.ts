import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../files.ts';
import { blocksOf } from './blocks.ts';
import { DOCUMENTS } from './documents.ts';
import { PUBLISHED } from './published.ts';
import { executed } from './revisions.ts';

describe.each(DOCUMENTS)('%s', (path, made) => {
  const found = blocksOf(readFileSync(`${repositoryRoot}/${path}`, 'utf8'));
  it('shows all that is made for it', () => {
    expect([...found.keys()].sort()).toEqual(Object.keys(made).sort());
  });
  it.each([...found.keys()])('%s is what execution gives today (else: npx tsx tooling/docs/write.ts)', (name) => {
    expect(found.get(name)).toBe(made[name]().trim());
  });
});

describe('counts by hand', () => {
  it.each(PUBLISHED)('of $revision, $mode differ from execution by what is explained, and by no more', (one) => {
    const [reads, writes] = executed(one);
    expect([reads - one.reads, writes - one.writes]).toEqual([
      one.differences.reduce((sum, difference) => sum + difference.reads, 0), one.differences.reduce((sum, difference) => sum + difference.writes, 0),
    ]);
  });
});
