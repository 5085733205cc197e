/** The words of the alternatives are what GNU as makes of their text. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { ALTERNATIVES } from './alternatives.ts';

const AS = 'aarch64-linux-gnu-as';
const OBJCOPY = 'aarch64-linux-gnu-objcopy';
const folder = mkdtempSync(join(tmpdir(), 'alternatives-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

describe.runIf(haveTools(AS, OBJCOPY))('alternatives against GNU as', () => {
  it('have the words of their text, all of them', () => {
    const all = ALTERNATIVES.flatMap(({ nvhe, vhe }) => [nvhe, vhe]);
    const file = (name: string): string => join(folder, name);
    writeFileSync(file('a.s'), all.map(({ text }) => `${text}\n`).join(''));
    execFileSync(AS, ['-march=armv8.1-a', '-o', file('a.o'), file('a.s')]);
    execFileSync(OBJCOPY, ['-O', 'binary', '-j', '.text', file('a.o'), file('a.bin')]);
    const bytes = readFileSync(file('a.bin'));
    expect(bytes.length).toBe(4 * all.length);
    const hex = (word: number): string => word.toString(16).padStart(8, '0');
    expect(all.map(({ text, word }) => `${hex(word)} ${text}`)).toEqual(all.map(({ text }, n) => `${hex(bytes.readUInt32LE(4 * n))} ${text}`));
  });
});
