import { describe, expect, it } from 'vitest';
import { lint, roundTrip } from './index.ts';
import { A64, A64_OPTIONS, A64_ROWS } from './fixtures/a64.ts';

/** Word, text without aliases, text with: what GNU objdump 2.40 prints at 0x40100000, with addresses written 0x…. */
const OBJDUMP: readonly (readonly [word: number, plain: string, alias?: string])[] = [
  [0x91000420, 'add x0, x1, #0x1'],
  [0x910043ff, 'add sp, sp, #0x10'],
  [0x910003fd, 'add x29, sp, #0x0', 'mov x29, sp'],
  [0x9100007f, 'add sp, x3, #0x0', 'mov sp, x3'],
  [0x11448c83, 'add w3, w4, #0x123, lsl #12'],
  [0x8b020020, 'add x0, x1, x2'],
  [0x0b020c20, 'add w0, w1, w2, lsl #3'],
  [0x8b8bfd49, 'add x9, x10, x11, asr #63'],
  [0x8b22603f, 'add sp, x1, x2'],
  [0x8b234be0, 'add x0, sp, w3, uxtw #2'],
  [0x8b22e020, 'add x0, x1, x2, sxtx'],
  [0x0b2243e0, 'add w0, wsp, w2'],
  [0xb2401c20, 'orr x0, x1, #0xff'],
  [0x3201f020, 'orr w0, w1, #0xaaaaaaaa'],
  [0x3200cfe5, 'orr w5, wzr, #0xf0f0f0f', 'mov w5, #0xf0f0f0f'],
  [0xb2781fe0, 'orr x0, xzr, #0xff00'],
  [0xd2a24681, 'movz x1, #0x1234, lsl #16', 'mov x1, #0x12340000'],
  [0x528000a2, 'movz w2, #0x5', 'mov w2, #0x5'],
  [0xd2c00002, 'movz x2, #0x0, lsl #32'],
  [0xf9400020, 'ldr x0, [x1]'],
  [0xf94007e0, 'ldr x0, [sp, #8]'],
  [0xf85f8420, 'ldr x0, [x1], #-8'],
  [0xf8408c20, 'ldr x0, [x1, #8]!'],
  [0xf8625820, 'ldr x0, [x1, w2, uxtw #3]'],
  [0xf8626820, 'ldr x0, [x1, x2]'],
  [0xf8627820, 'ldr x0, [x1, x2, lsl #3]'],
  [0xa8c27bfd, 'ldp x29, x30, [sp], #32'],
  [0xa96007e0, 'ldp x0, x1, [sp, #-512]'],
  [0xa94007e0, 'ldp x0, x1, [sp]'],
  [0x54ffffc0, 'b.eq 0x400ffff8'],
  [0x54000802, 'b.cs 0x40100100'],
  [0x14000000, 'b 0x40100000'],
  [0x34000041, 'cbz w1, 0x40100008'],
  [0x58000080, 'ldr x0, 0x40100010'],
  [0x30000000, 'adr x0, 0x40100001'],
  [0x90000000, 'adrp x0, 0x40100000'],
  [0xd65f03c0, 'ret'],
  [0xd65f00a0, 'ret x5'],
  [0xd5100240, 'msr mdscr_el1, x0'],
  [0xd51d1007, 'msr sctlr_el12, x7'],
  [0xd50b7420, 'sys #3, C7, C4, #1, x0', 'dc zva, x0'],
  [0xd508831f, 'sys #0, C8, C3, #0', 'tlbi vmalle1is'],
  [0xd5088723, 'sys #0, C8, C7, #1, x3', 'tlbi vae1, x3'],
  [0xd5097962, 'sys #1, C7, C9, #3, x2'],
  [0xd509797f, 'sys #1, C7, C9, #3'],
  [0xd5033bbf, 'dmb ish'],
  [0xd50330bf, 'dmb #0x00'],
  [0xd37cec20, 'ubfm x0, x1, #60, #59', 'lsl x0, x1, #4'],
  [0x53047c20, 'ubfm w0, w1, #4, #31', 'lsr w0, w1, #4'],
  [0xd3431c20, 'ubfm x0, x1, #3, #7', 'ubfx x0, x1, #3, #5'],
  [0x53001c20, 'ubfm w0, w1, #0, #7', 'uxtb w0, w1'],
  [0x93c11c20, 'extr x0, x1, x1, #7', 'ror x0, x1, #7'],
  [0x13821c20, 'extr w0, w1, w2, #7'],
  [0x885f7c20, 'ldxr w0, [x1]'],
  [0x4ea11c20, 'orr v0.16b, v1.16b, v1.16b', 'mov v0.16b, v1.16b'],
  [0x0ea21c20, 'orr v0.8b, v1.8b, v2.8b'],
  [0x0e0c3c20, 'umov w0, v1.s[1]', 'mov w0, v1.s[1]'],
  [0x4e183c20, 'umov x0, v1.d[1]', 'mov x0, v1.d[1]'],
  [0x0e133c20, 'umov w0, v1.b[9]'],
  [0x0c40a000, 'ld1 {v0.8b, v1.8b}, [x0]'],
  [0x4c402fff, 'ld1 {v31.2d, v0.2d, v1.2d, v2.2d}, [sp]'],
];

const pc = 0x4010_0000n;

function assembleOne(text: string): number | string {
  const result = A64.assembleInstruction(text, { pc });
  return result.ok ? result.word : `at ${result.at}: expected ${result.expected.join(', or ')}`;
}

describe('real A64 rows in the language', () => {
  it('pass lint', () => {
    expect(lint(A64_ROWS, A64_OPTIONS)).toEqual([]);
  });

  it.each(OBJDUMP.map(([word, plain, alias]) => ({ word, plain, alias: alias ?? plain })))('$alias', ({ word, plain, alias }) => {
    expect(A64.disassemble(word, { pc, aliases: false })).toBe(plain);
    expect(A64.disassemble(word, { pc })).toBe(alias);
    expect(assembleOne(plain)).toBe(word);
    expect(assembleOne(alias)).toBe(word);
  });

  it('round-trips random operands of every row', () => {
    expect(roundTrip(A64, { perRow: 40, seed: 7, redundant: ['ORR_imm'] })).toEqual([]);
  });

  it('reads other spellings of the same instruction', () => {
    expect(assembleOne('ADD  X0,X1,1')).toBe(0x91000420);
    expect(assembleOne('ldr x0,[ sp , 8 ]')).toBe(0xf94007e0);
    expect(assembleOne('b.hs 0x40100100')).toBe(0x54000802);
    expect(assembleOne('msr S3_5_C1_C0_0, x7')).toBe(0xd51d1007);
    expect(assembleOne('ret lr')).toBe(0xd65f03c0);
    expect(assembleOne('add x0, x1, x2, lsl #0')).toBe(0x8b020020);
  });

  it('leaves unallocated words alone', () => {
    expect(A64.decoder.decode(0x3200fc20)).toBeUndefined(); // ORR, sf = 0, N = 0, imms all ones
    expect(A64.decoder.decode(0x0bc20020)).toBeUndefined(); // ADD with shift type 3
    expect(A64.decoder.decode(0x0b028020)).toBeUndefined(); // W register shifted by 32
    expect(A64.disassemble(0)).toBe('.inst 0x00000000');
  });

  it('says what was expected, where', () => {
    expect(assembleOne('add x0, w1, #1')).toMatch(/^at 8: expected .*agrees with the others/);
    expect(assembleOne('add x0, x1, #4096')).toMatch(/^at 13: expected .*0 to 4095 \(this is 4096\)/);
    expect(assembleOne('orr x0, x1, #5')).toMatch(/^at 13: expected .*rotated run of ones/);
    expect(assembleOne('frob x0')).toMatch(/'frob' is none/);
    expect(assembleOne('ret x0, x1')).toMatch(/^at 6: expected the end/);
    expect(assembleOne('b nowhere')).toMatch(/'nowhere' is not/);
    expect(assembleOne('b 0x48100000')).toMatch(/within -134217728 to \+134217724/);
    expect(assembleOne('add w0, w1, w2, lsl #40')).toMatch(/allocated combination/);
  });

  it('prints symbols for targets', () => {
    expect(A64.disassemble(0x14000002, { pc, symbol: (address) => (address === pc + 8n ? 'loop' : undefined) })).toBe('b loop');
  });
});
