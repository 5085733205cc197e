import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { A64 } from '../../instructions.ts';
import { randomSequence } from '../../random-words.ts';
import { unbuiltName } from '../../unbuilt.ts';
import { UNBUILT } from './unbuilt.ts';

const fixture = readFileSync(new URL('./manual-forms.fixture.json', import.meta.url), 'utf8');
const { forms } = JSON.parse(fixture) as { forms: [names: string, pattern: string][] };

/** A random word of a pattern; ignored bits are 1, what should-be-one fields want. */
function instance(pattern: string, next: () => number): number {
  let word = 0;
  for (const c of pattern) word = (word << 1) | (c === '0' || c === '1' ? Number(c) : c === '-' ? 1 : next() >>> 31);
  return word >>> 0;
}

function mnemonic(word: number): string | undefined {
  return A64.describe(word, { aliases: false })?.text.split(' ')[0];
}

/** The forms that overlap this one and stand before it in the manual's order. */
function earlier(index: number, word: number): boolean {
  return forms.slice(0, index).some(([, pattern]) => [...pattern].every((c, i) => !/[01]/.test(c) || Number(c) === ((word >>> (31 - i)) & 1)));
}

describe('the rows against the list of forms of the manual', () => {
  it.each(forms.map(([names, pattern], index) => ({ names, pattern, index })))('$names $pattern', ({ names, pattern, index }) => {
    const next = randomSequence(index + 1);
    const known = names.split('/');
    let found = 0;
    const wrong: string[] = [];
    for (let n = 0; n < 200; n++) {
      const word = instance(pattern, next);
      if (earlier(index, word)) continue;
      const name = mnemonic(word);
      // Patterns do not show allocation constraints, so some words are refused; what is decoded must have the name.
      if (name === undefined) continue;
      const general = name.startsWith('b.') ? 'b.<cond>' : name;
      if (known.includes(general)) found += 1;
      else wrong.push(`${word.toString(16)} ${name}`);
    }
    expect(wrong).toEqual([]);
    expect(found).toBeGreaterThan(0);
  });
});

describe('the names of unbuilt instructions', () => {
  it('name words that have no row', () => {
    expect(unbuiltName(0x1e62_2820)).toBe('fadd'); // fadd d0, d1, d2
    expect(unbuiltName(0x9100_0000)).toBeUndefined();
    expect(unbuiltName(0)).toBeUndefined();
  });

  it('are 32-bit patterns', () => {
    expect(UNBUILT.filter(([name, pattern]) => !/^[01-]{32}$/.test(pattern) || name === '')).toEqual([]);
  });
});
