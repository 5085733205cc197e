/** The A64 instruction set: one table of rows, and what is derived from it for assembling, disassembling and executing. */
import { InstructionTable } from '@worldswitch/engine';
import type { Operation } from '@worldswitch/engine';
import { createInstructionSet } from '@worldswitch/isa';
import type { Row } from '@worldswitch/isa';
import { A64_KINDS, A64_PREDICATES, isRegisterWord } from './assembly/kinds.ts';
import { A64_SEMANTICS } from './execute/all.ts';
import { A64_ROWS } from './facts/encodings/all.ts';

/** Decoder, assembler and disassembler in GNU syntax. */
export const A64 = createInstructionSet({
  name: 'A64', rows: A64_ROWS, kinds: A64_KINDS, predicates: A64_PREDICATES, byteOrder: 'little', comments: [], reserved: isRegisterWord,
  nop: 0xd503_201f,
});

export interface InstructionTableOptions {
  /** Whether the processor has a feature, by its name in the manual (`FEAT_LSE`); rows of others are unallocated. Default: all. */
  readonly has?: (feature: string) => boolean;
}

/**
 * What the engine executes. A word that it does not bind is UNDEFINED; {@link isUnbuilt} tells a word that is architecturally
 * allocated but not built here from an unallocated one.
 */
export function createInstructionTable(options: InstructionTableOptions = {}): InstructionTable {
  const has = options.has ?? (() => true);
  const { decoder } = A64;
  return new InstructionTable((word) => {
    const found = decoder.decode(word);
    if (found === undefined) return undefined;
    const { feature }: Row = found.row;
    return feature === undefined || has(feature) ? found : undefined;
  }, A64_SEMANTICS as Readonly<Record<string, Operation<never>>>);
}
