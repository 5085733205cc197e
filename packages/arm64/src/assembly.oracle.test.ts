/** Our assembler and disassembler against GNU as and objdump, on random words of every row, both ways. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../tooling/oracles/require.ts';
import { A64 } from './instructions.ts';
import { randomWords } from './random-words.ts';

const BASE = 0x4010_0000n;
const AS = 'aarch64-linux-gnu-as';
const OBJDUMP = 'aarch64-linux-gnu-objdump';
const OBJCOPY = 'aarch64-linux-gnu-objcopy';
const PER_ROW = 200;
const ARCHITECTURE = 'armv8.8-a+sme+memtag+flagm+sb+predres+pan+profile+rng+lse+rcpc+ssbs+fp16';

interface Case {
  readonly id: string;
  readonly word: number;
}

const folder = mkdtempSync(join(tmpdir(), 'a64-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

/** The text of each word, as objdump prints it at BASE and up, without its comments; undefined for what it does not know. */
function objdump(words: readonly number[]): (string | undefined)[] {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
  writeFileSync(file('words.bin'), bytes);
  const listing = execFileSync(OBJDUMP, ['-D', '-b', 'binary', '-m', 'aarch64', `--adjust-vma=${BASE}`, file('words.bin')], {
    encoding: 'utf8', maxBuffer: 1 << 28,
  });
  const lines = listing.split('\n').filter((line) => /^\s*[0-9a-f]+:\t/.test(line));
  expect(lines.length).toBe(words.length);
  return lines.map((line) => {
    const text = line.split('\t').slice(2).join(' ').replace(/\s*\/\/.*$/, '').replace(/\s*<[^>]*>/, '').trim();
    return /^\.inst|undefined/.test(text) ? undefined : text;
  });
}

/** The word of each text, assembled at BASE and up; undefined for what GNU as refuses. */
function gnuAssemble(texts: readonly string[]): { words: (number | undefined)[]; errors: string[] } {
  let kept = texts.map((text, i) => ({ text, i }));
  const errors: string[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    // The location is fixed by padding: targets are absolute addresses of the final place, so each is made relative to `base`.
    const lines = kept.map(({ text, i }) => `.org ${4 * i}\n${relative(text)}`);
    writeFileSync(file('texts.s'), [`.arch ${ARCHITECTURE}`, 'base:', ...lines, `.org ${4 * texts.length}`, ''].join('\n'));
    try {
      execFileSync(AS, ['-o', file('texts.o'), file('texts.s')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
      break;
    } catch (error) {
      const bad = new Set<number>();
      for (const [, line, message] of (error as { stderr: string }).stderr.matchAll(/:(\d+): Error: (.*)/g)) {
        const index = Math.floor((Number(line) - 4) / 2 + 0.5);
        const one = kept[index];
        errors.push(`${one.text}: ${message}`);
        bad.add(index);
      }
      if (attempt === 1) throw error;
      kept = kept.filter((_, index) => !bad.has(index));
    }
  }
  execFileSync(OBJCOPY, ['-O', 'binary', '-j', '.text', file('texts.o'), file('texts.bin')]);
  const bytes = readFileSync(file('texts.bin'));
  const words: (number | undefined)[] = texts.map(() => undefined);
  for (const { i } of kept) words[i] = bytes.readUInt32LE(4 * i);
  return { words, errors };
}

const WITH_TARGET = /^(b|bl|b\.\w+|cbn?z|tbn?z|adrp?|ldr|ldrsw|prfm) (?:.*, )?(0x[0-9a-f]+)$/;

/** Absolute targets, as distances from the start of the file, which stands for BASE. */
function relative(text: string): string {
  const match = WITH_TARGET.exec(text);
  if (!match) return text;
  const distance = BigInt.asIntN(64, BigInt(match[2]) - BASE);
  const head = text.slice(0, text.length - match[2].length);
  return distance < 0n ? `${head}base-${-distance}` : `${head}base+${distance}`;
}

/** Differences of notation only: what the manual calls CLRBHB had another name at first. */
function normalise(text: string): string {
  return text.replace(/\s+/g, ' ').toLowerCase().replace(/^clearbhb$/, 'clrbhb');
}

/**
 * Words on which binutils 2.40 and the manual (and QEMU) differ, or which binutils does not know:
 * - PSTATE fields of one bit: the manual takes bit 0 of CRm and ignores the others, binutils wants them 0;
 * - registers of other profiles that binutils names and we write generically, and operations of EL3 that it lacks;
 * - LDPSW where a loaded register is loaded twice or written back: UNPREDICTABLE, not unallocated as binutils has it.
 */
function differsByDesign({ id, word }: Case, ours: string): boolean {
  const { operands } = A64.decoder.decode(word) as { operands: Readonly<Record<string, number>> };
  if (/^MSR_(UAO|PAN|SPSel|SSBS|DIT|TCO)$/.test(id)) return operands['crm'] > 1;
  if (id === 'MSR_reg' || id === 'MRS') return /\bs[23]_/.test(ours);
  if (id === 'SYS') return /^tlbi \w*e3osnxs/.test(ours);
  if (id.startsWith('LDPSW')) return operands['rt'] === operands['rt2'] || [operands['rt'], operands['rt2']].includes(operands['rn']);
  return false;
}

describe.skipIf(!haveTools(AS, OBJDUMP, OBJCOPY))('A64 against GNU binutils', () => {
  const cases = A64.decoder.rows
    .flatMap((row) => randomWords(row, PER_ROW, 11).map((word): Case => ({ id: row.id, word })))
    .filter((one) => !differsByDesign(one, A64.disassemble(one.word)));
  const ours = cases.map(({ word }, i) => A64.describe(word, { pc: BASE + 4n * BigInt(i) })?.text);
  const theirs = objdump(cases.map(({ word }) => word));

  it('prints what objdump prints', () => {
    const differences = cases.flatMap(({ id, word }, i) =>
      ours[i] !== undefined && theirs[i] !== undefined && normalise(ours[i]) === normalise(theirs[i])
        ? []
        : [`${id} ${word.toString(16)}: ours '${ours[i]}' theirs '${theirs[i]}'`]);
    report('print', differences);
  });

  it('reads what objdump prints', () => {
    const differences = cases.flatMap(({ id, word }, i) => {
      const text = theirs[i];
      if (text === undefined) return [];
      const read = A64.assembleInstruction(text, { pc: BASE + 4n * BigInt(i) });
      if (read.ok && sameInstruction(read.word, word)) return [];
      const outcome = read.ok ? `read as ${read.word.toString(16)}` : `expected ${read.expected.join(' or ')}`;
      return [`${id} ${word.toString(16)} '${text}': ${outcome}`];
    });
    report('read', differences);
  });

  it('prints what GNU as reads', () => {
    // The distance of ADRP is known to the linker only; the other direction covers it.
    const { words, errors } = gnuAssemble(ours.map((text) => (text === undefined || /^(adrp|clrbhb)/.test(text) ? '' : text)));
    const differences = cases.flatMap(({ id, word }, i) => {
      const theirWord = words[i];
      if (theirWord === undefined || theirWord === 0 || sameInstruction(theirWord, word)) return [];
      return [`${id} ${word.toString(16)} '${ours[i]}': as gives ${theirWord.toString(16)}`];
    });
    report('as', [...errors, ...differences]);
  });
});

/** Equal, or the same mask written with other bits (logical immediates have several encodings). */
function sameInstruction(a: number, b: number): boolean {
  return a === b || A64.disassemble(a, { aliases: false }) === A64.disassemble(b, { aliases: false });
}

function report(what: string, differences: readonly string[]): void {
  const byRow = new Map<string, string[]>();
  for (const difference of differences) {
    const row = difference.split(' ')[0];
    byRow.set(row, [...(byRow.get(row) ?? []), difference]);
  }
  const examples = [...byRow].map(([, list]) => `${list.length}× ${list[0]}`);
  expect(examples, what).toEqual([]);
}
