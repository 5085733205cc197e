import { assemble, lint, roundTrip } from '@worldswitch/isa';
import { describe, expect, it } from 'vitest';
import { A64_KINDS, A64_PREDICATES } from './assembly/kinds.ts';
import { A64_ROWS } from './facts/encodings/all.ts';
import { A64 } from './instructions.ts';

/** Bitmasks have several encodings (bits of immr and imms above the element size do not matter); assemblers choose one. */
const BITMASKS = new Set(['AND_imm', 'ORR_imm', 'EOR_imm', 'ANDS_imm']);

describe('the A64 table', () => {
  it('passes the lint of instruction tables', () => {
    expect(lint(A64_ROWS, { kinds: A64_KINDS, predicates: A64_PREDICATES }).map(({ message }) => message)).toEqual([]);
  });

  it('reads back what it prints, with and without aliases', () => {
    const failures = roundTrip(A64, { perRow: 40, seed: 7 }).filter(({ id, text }) => {
      const again = text === undefined ? undefined : A64.assembleInstruction(text);
      return !(BITMASKS.has(id) && again?.ok && [true, false].some((aliases) => A64.disassemble(again.word, { aliases }) === text));
    });
    expect(failures.map(({ message }) => message)).toEqual([]);
  });
});

describe('programs', () => {
  const words = (source: string): number[] => {
    const { bytes } = assemble(source, { instructionSet: A64, origin: 0x4000_0000n });
    return [...new Uint32Array(bytes.slice().buffer)];
  };

  it('assemble with labels, data and the spellings people use', () => {
    // What aarch64-linux-gnu-as 2.40 makes of the same source.
    expect(words(`
      start:  adr   x0, data
              ldr   x1, data
              mov   x2, #0x1234
              mov   w3, #-1
              mov   sp, x2
              add   x2, x2, #0x5000
              cmp   x2, x1, lsl 3
              b.hs  1f
              ldr   w4, [x0, #-4]
              stp   x29, x30, [sp, #-16]!
              msr   daifset, #2
              mrs   x5, SCTLR_EL1
              msr   S3_0_C1_C0_0, x5
              tlbi  vmalle1is
              dc    zva, x0
              ld1   { v0.16b, v1.16b }, [x0], #32
      1:      cbnz  w3, start
              ret
              .balign 8
      data:   .quad 0x1122334455667788
    `)).toEqual([
      0x10000240, 0x58000221, 0xd2824682, 0x12800003, 0x9100005f, 0x91401442, 0xeb010c5f, 0x54000122, 0xb85fc004, 0xa9bf7bfd, 0xd50342df,
      0xd5381005, 0xd5181005, 0xd508831f, 0xd50b7420, 0x4cdfa000, 0x35fffe03, 0xd65f03c0, 0x55667788, 0x11223344,
    ]);
  });

  it('place constants behind the code', () => {
    expect(words('start: ldr x0, =start\n ldr w1, =7\n ret')).toEqual([0x5800_0080, 0x1800_0041, 0xd65f_03c0, 7, 0x4000_0000, 0]);
  });
});
