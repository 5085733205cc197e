/** The A64 instruction set: one table of rows, and what is derived from it for assembling, disassembling and executing. */
import { InstructionTable } from '@worldswitch/engine';
import { createInstructionSet } from '@worldswitch/isa';
import type { Row } from '@worldswitch/isa';
import { A64_KINDS, A64_PREDICATES, isRegisterWord } from './assembly/kinds.ts';
import { literalLoad } from './assembly/literals.ts';
import { A64_SEMANTICS } from './execute/all.ts';
import { A64_ROWS, SIMD_TABLES } from './facts/encodings/all.ts';

/** Decoder, assembler and disassembler in GNU syntax. */
export const A64 = createInstructionSet({
  name: 'A64', rows: A64_ROWS, kinds: A64_KINDS, predicates: A64_PREDICATES, byteOrder: 'little', comments: [], reserved: isRegisterWord,
  nop: 0xd503_201f, literalLoad,
});

const SIMD_ROWS: ReadonlySet<string> = new Set(SIMD_TABLES.flatMap((table) => Object.keys(table)));

/** Whether a row needs SIMD&FP access (CPACR_EL1.FPEN, CPTR_EL2), which is checked before anything else it does. */
export function isSimdRow(id: string): boolean {
  return SIMD_ROWS.has(id);
}

export interface InstructionTableOptions {
  /** Whether the processor has a feature, by its name in the manual (`FEAT_LSE`); rows of others are unallocated. Default: all. */
  readonly has?: (feature: string) => boolean;
}

/**
 * What the engine executes. A word that it does not bind is UNDEFINED; `unbuiltName` (unbuilt.ts) names one that the architecture
 * allocates but this processor does not have. SIMD&FP instructions are gated: refused while the processor's `gated` is set.
 */
export function createInstructionTable(options: InstructionTableOptions = {}): InstructionTable {
  const has = options.has ?? (() => true);
  const { decoder } = A64;
  return new InstructionTable((word) => {
    const found = decoder.decode(word);
    if (found === undefined) return undefined;
    const { feature }: Row = found.row;
    return feature === undefined || has(feature) ? found : undefined;
  }, A64_SEMANTICS, isSimdRow);
}
