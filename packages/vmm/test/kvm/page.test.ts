import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEVIATIONS } from './deviations.ts';
import { semanticsPage, testsBySentence } from './page.ts';
import SENTENCES from './sentences.json' with { type: 'json' };

describe('the table of sentences', () => {
  it('has a test or a reason for each', () => {
    const known = new Set([...testsBySentence().keys(), ...DEVIATIONS.map(({ id }) => id)]);
    expect(SENTENCES.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
  });
  it('names no sentence that does not exist', () => {
    const ids = new Set(SENTENCES.map(({ id }) => id));
    expect([...testsBySentence().keys(), ...DEVIATIONS.map(({ id }) => id)].filter((id) => !ids.has(id))).toEqual([]);
  });
  it('is what the docs show', () => {
    expect(readFileSync(new URL('../../../../docs/kvm-semantics.md', import.meta.url), 'utf8')).toBe(semanticsPage());
  });
});
