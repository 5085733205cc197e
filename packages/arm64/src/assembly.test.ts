import { lint, roundTrip } from '@worldswitch/isa';
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
