import { describe, expect, it } from 'vitest';
import { hex } from '@worldswitch/bits';
import { A64 } from '../fixtures/a64.ts';
import { POWER } from '../fixtures/power.ts';
import { assemble, AssemblyError } from '../index.ts';

const origin = 0x4010_0000n;

function bytesOf(text: string, at = origin): string {
  return [...assemble(text, { instructionSet: A64, origin: at }).bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function problemsOf(text: string): readonly string[] {
  try {
    assemble(text, { instructionSet: A64, origin });
  } catch (error) {
    if (error instanceof AssemblyError) return error.problems.map((problem) => problem.message);
    throw error;
  }
  return [];
}

const PROGRAM = String.raw`  .equ LIMIT, (1 << 4) | 2 + 1
  COUNT = end - start
  .set later, table
start:
  add x0, x1, #LIMIT          // comment with 'quote and "string
  movz x2, #COUNT
1: ldr x3, [x0], #8
  cbz x3, 2f ; b 1b
  /* block
     comment */
2:
  ldr x4, table
# line comment
  adr x5, message + 2
  b.eq start
  ret
  .byte 1, 'A', -1, '\n'
  .balign 8
table: .quad start, later + 8, 0xfedcba9876543210
  .hword 0x1234, 65535
  .word . - start, ~0 & 0xff
message: .asciz "hi; // \"there\"\n\x41\101"
  .p2align 2
  .inst 0xd503201f
  .space 3, 0xaa
  .zero 1
  .fill 2, 2, 0x1122
end:
`;

describe('assemble', () => {
  it('gives the bytes of GNU as and ld', () => {
    // aarch64-linux-gnu-as 2.40, linked at 0x40100000.
    expect(bytesOf(PROGRAM)).toBe(
      '204c0091820d80d2038440f8430000b4feffff17a4000058a501005020ffff54' +
      'c0035fd60141ff0a000010400000000030001040000000001032547698badcfe' +
      '3412ffff44000000ff00000068693b202f2f20227468657265220a4141000000' +
      '1f2003d5aaaaaa0022112211');
  });

  it('tells symbols and lines', () => {
    const program = assemble(PROGRAM, { instructionSet: A64, origin });
    expect(program.symbols.get('start')).toBe(origin);
    expect(program.symbols.get('table')).toBe(origin + 0x28n);
    expect(program.symbols.get('COUNT')).toBe(BigInt(program.bytes.length));
    expect(program.lines[4]).toEqual({ address: origin + 16n, size: 4, line: 8, instruction: true });
    expect(program.lines.map((line) => line.size).reduce((a, b) => a + b)).toBe(program.bytes.length);
  });

  it('assembles big-endian PowerPC as GNU as does', () => {
    const text = `.word 0x1234   # sixteen bits here
      .align 2
      li 3,-1
      addi 3,1,16
      add 3,4,5
      addo. 3,4,5
      lwz 3,8(1)
      lwz 3,-4(0)
      b .+8
      bl .-4
      ba 0x100
      bla -4
      mtspr 26,3
      mtlr 0
      or 3,4,5
      mr. 3,4`;
    const { bytes } = assemble(text, { instructionSet: POWER });
    const words = Array.from({ length: bytes.length / 4 }, (_, i) => hex(new DataView(bytes.buffer, bytes.byteOffset).getUint32(i * 4)));
    expect(words).toEqual([
      '0x12340000', '0x3860ffff', '0x38610010', '0x7c642a14', '0x7c642e15', '0x80610008', '0x8060fffc', '0x48000008', '0x4bfffffd',
      '0x48000102', '0x4bffffff', '0x7c7a03a6', '0x7c0803a6', '0x7c832b78', '0x7c832379',
    ]);
  });

  it('keeps instruction order when data is big-endian', () => {
    const { bytes } = assemble('ret\n.word 1', { instructionSet: A64, byteOrder: 'big' });
    expect([...bytes]).toEqual([0xc0, 0x03, 0x5f, 0xd6, 0, 0, 0, 1]);
  });

  it('fills gaps between instructions with no-operations', () => {
    expect(bytesOf('ret\n.balign 16\nret')).toBe('c0035fd6' + '1f2003d5'.repeat(3) + 'c0035fd6');
    expect(bytesOf('ret\n.data\n.balign 8\n.byte 1')).toBe('c0035fd60000000001');
    expect(bytesOf('.byte 1\n.balign 4, 0xee\n.p2align 4,,3')).toBe('01eeeeee');
  });

  it('orders labels, numeric labels and redefinitions', () => {
    expect(bytesOf('1: b 1f\n1: b 1b\n1:')).toBe('0100001400000014');
    expect(bytesOf('x = 1\n.byte x\nx = x + 1\n.byte x')).toBe('0102');
    expect(bytesOf('.byte later\nlater = 7')).toBe('07');
    expect(bytesOf('.space 2f - 1f\n1: .byte 1,2\n2:')).toBe('00000102');
    expect(bytesOf('a: b: .byte b - a; .ascii ";"')).toBe('003b');
  });

  it('moves forward with .org, by address or by offset', () => {
    expect(bytesOf('.byte 1\n.org 4\n.byte 2')).toBe('0100000002');
    expect(bytesOf('.byte 1\n.org 0x40100004, 0xff\n.byte 2')).toBe('01ffffff02');
    expect(problemsOf('.space 8\n.org 4')[0]).toMatch(/^2:6: .*from 0x40100008 on/);
  });

  it('places literals as GNU as does', () => {
    const text = `start: ldr x0, =0x09000000
      ldr x1, =start
      ldr x3, = 0x9000000
      ret
      .ltorg
      ldr x4, =start + 8
      ldr x5, =0x09000000
      b .
      .byte 1`;
    const program = assemble(text, { instructionSet: A64, origin });
    expect(bytesOf(text)).toBe(
      '80000058' + 'a1000058' + '43000058' + 'c0035fd6' + '0000000900000000' + '0000104000000000' +
      '84000058' + 'a5000058' + '00000014' + '01000000' + '0800104000000000' + '0000000900000000');
    expect([...program.symbols.keys()]).toEqual(['start']);
    expect(problemsOf('ldr x0, =nowhere\nldr x1, =1 << 64\nldr x2, =.')).toEqual([
      expect.stringMatching(/^1:10: 'ldr x0, =nowhere': expected .*'nowhere' is not/),
      expect.stringMatching(/^2:10: .*64 bits/),
    ]);
  });

  it('takes symbols from outside', () => {
    expect(assemble('.quad UART', { instructionSet: A64, symbols: { UART: 0x900_0000 } }).bytes[3]).toBe(9);
  });

  it('collects every error with line, column and what was expected', () => {
    expect(problemsOf('  add x0, w1, #1\n  ret\n  frob\n.byte 256\n.frob\n.ascii nope\n.quad undefined_thing\nx: x: ret')).toEqual([
      expect.stringMatching(/^1:11: 'add x0, w1, #1': expected .*agrees/),
      expect.stringMatching(/^3:3: 'frob': expected a mnemonic of A64/),
      expect.stringMatching(/^4:7: .*8 bits \(this is 0x100\)/),
      expect.stringMatching(/^5:1: .*'\.frob' is not known/),
      expect.stringMatching(/^6:8: .*string in double quotes/),
      expect.stringMatching(/^7:7: .*'undefined_thing' is not/),
      expect.stringMatching(/^8:4: label 'x' is already defined in line 8/),
    ]);
    expect(problemsOf('.byte 1 2')[0]).toMatch(/^1:9: .*end of the line/);
    expect(problemsOf('x: x = 1')[0]).toMatch(/not a label \('x' is one, in line 1\)/);
    expect(problemsOf('.space 1 << 40')[0]).toMatch(/from 0 to 268435456/);
    expect(problemsOf('b 3f')[0]).toMatch(/a label '3:' after this line/);
    expect(problemsOf('x = y\n')[0]).toMatch(/^1:5: .*'y' is not/);
  });

  it('refuses a layout that never settles', () => {
    expect(problemsOf('a: .space 1 - (b - a)\nb:')[0]).toMatch(/still change after 8 passes/);
  });

  it('leaves strings and characters alone when it removes comments', () => {
    const text = `.ascii "a//b@c#" // gone\n.byte '/', '@', ';', '"'  @ gone\n/* "gone */.byte 1`;
    expect(String.fromCharCode(...assemble(text, { instructionSet: A64 }).bytes)).toBe('a//b@c#/@;"\x01');
  });
});
