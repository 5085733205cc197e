import { describe, expect, it } from 'vitest';
import { createInstructionSet, namesKind } from './index.ts';
import type { Row, Rows } from './index.ts';

function row(pattern: string, asm: Row['asm']): Row {
  return { pattern, asm, status: 'unbuilt', source: 'test' };
}

const rows: Rows = {
  dec: row('00000001 n:24', 'dec {n:dec(8)}'),
  signed: row('00000010 high:4 low:20', 'signed {low,high:signed(2)}'),
  signedHex: row('00000011 n:24', 'sh {n:signedHex(4)}'),
  plus: row('00000100 n:8 ----------------', 'plus {n:plus(1)}'),
  from: row('00000101 n:8 ----------------', 'from {n:from(64)}'),
  target: row('00000110 n:24', 'target {n:target(4)}'),
  page: row('00000111 n:24', 'page {n:target(4096,4096)}'),
  names: row('00001000 n:8 ----------------', 'names {n:colour}'),
  nested: row('00001001 a:8 b:8 c:8', 'nested {a:dec}<, {b:dec}<, {c:dec=9}>>'),
  braces: row('00001010 a:8 b:16', 'braces {{{a:dec}}}[{b}]!'),
};
const colour = namesKind('a colour', ['red', undefined, 'deep #blue'], { crimson: 0 });
const set = createInstructionSet({ name: 'kinds', rows, kinds: { colour }, byteOrder: 'big' });
const pc = 0x12345n;

describe('common kinds and template features', () => {
  it.each([
    [0x01000003, 'dec 24'],
    [0x02000001, 'signed 32'],
    [0x02f00000, 'signed 30'],
    [0x02080000, 'signed -16777216'],
    [0x020fffff, 'signed -32'],
    [0x03ffffff, 'sh -0x4'],
    [0x04ff0000, 'plus 256'],
    [0x05010000, 'from 63'],
    [0x05ff0000, 'from -191'],
    [0x06ffffff, 'target 0x12341'],
    [0x07000001, 'page 0x13000'],
    [0x08000000, 'names red'],
    [0x08020000, 'names deep #blue'],
    [0x09010009, 'nested 1'],
    [0x09010209, 'nested 1, 2'],
    [0x09010203, 'nested 1, 2, 3'],
    [0x09010003, 'nested 1, 0, 3'],
    [0x0a070010, 'braces {7}[0x10]!'],
  ])('%x: %s', (word, text) => {
    expect(set.disassemble(word, { pc })).toBe(text);
    expect(set.assembleInstruction(text, { pc })).toMatchObject({ ok: true, word });
  });

  it('a value without a name cannot be printed', () => {
    expect(set.disassemble(0x08010000)).toBe('.inst 0x08010000');
  });

  it.each([
    ['dec 4', 'a multiple of 8'],
    ['dec 1 << 28', '0 to 134217720'],
    ['signed 1 << 24', '-16777216 to 16777214'],
    ['from 65', '-191 to 64'],
    ['target 0x12347', 'a multiple of 4 bytes away'],
    ['names green', 'a colour'],
    ['names deep', 'a colour'],
    ['nested 1, 2, 3, 4', 'the end of the instruction'],
    ['braces 7[1]!', "'{'"],
  ])('%s: expected %s', (text, expected) => {
    const result = set.assembleInstruction(text, { pc });
    expect(result.ok ? [] : result.expected.join()).toContain(expected);
  });

  it('reads synonyms, free spacing and either letter case', () => {
    expect(set.assembleInstruction('  NAMES  Crimson ')).toMatchObject({ ok: true, word: 0x08000000 });
    expect(set.assembleInstruction('names DEEP blue')).toMatchObject({ ok: true, word: 0x08020000 });
  });

  it('refuses to print by what lint would refuse', () => {
    const one = (asm: string): unknown => createInstructionSet({ name: 'bad', rows: { r: row('n:32', asm) }, byteOrder: 'big' }).disassemble(0);
    expect(() => one('op {m:dec}')).toThrow(/r: template 'op \{m:dec\}': pattern 'n:32' has no field m/);
    expect(() => one('op {n:Rsp}')).toThrow(/no operand kind Rsp/);
    expect(() => one('{n:dec}')).toThrow(/must begin with the mnemonic/);
  });
});
