/** A check that a table's two directions agree: what the disassembler writes, the assembler reads back to the same word. */
import { hex } from '@worldswitch/bits';
import type { InstructionSet } from './instruction-set.ts';
import { encode } from './pattern.ts';

export interface RoundTripOptions {
  /** Random words tried per row; 16 when not given. */
  readonly perRow?: number;
  /** Start of the pseudo-random sequence; the same seed gives the same words. */
  readonly seed?: number;
  readonly pc?: bigint;
  /**
   * Rows where several words mean the same and are printed alike (logical immediates: rotation bits above the element size). For
   * these it is enough that the word read back is the same row and prints the same text.
   */
  readonly redundant?: readonly string[];
}

export interface RoundTripFailure {
  readonly id: string;
  readonly word: number;
  /** What was printed, or undefined when the word could not be printed. */
  readonly text: string | undefined;
  readonly message: string;
}

/** xorshift32: short, deterministic, good enough to vary operands. */
function sequence(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/**
 * Tries random operands of every row (words that `unless` or a group gives to nobody or to another row are passed over), with and
 * without aliases. Returns the failures; an empty list means that both directions agree on everything tried.
 */
export function roundTrip(set: InstructionSet, options: RoundTripOptions = {}): readonly RoundTripFailure[] {
  const next = sequence(options.seed ?? 1);
  const pc = options.pc ?? 0x4010_0000n;
  const failures: RoundTripFailure[] = [];
  for (const compiled of set.decoder.rows) {
    for (let n = 0; n < (options.perRow ?? 16); n++) {
      const fields = compiled.pattern.fields.map((field) => {
        const choice = next() % 8;
        return [field.name, choice === 0 ? 0 : choice === 1 ? field.ones : next() & field.ones] as const;
      });
      const word = encode(compiled.row, Object.fromEntries(fields.map(([name, value]) => [name, value >>> 0])));
      if (set.decoder.find(word) !== compiled) continue;
      for (const aliases of [true, false]) {
        const text = set.describe(word, { pc, aliases })?.text;
        const fail = (message: string): void => void failures.push({ id: compiled.id, word, text, message: `${compiled.id} ${hex(word, 8)}: ${message}` });
        if (text === undefined) {
          fail('no template can print it; add one, or exclude the word with unless');
          continue;
        }
        const back = set.assembleInstruction(text, { pc });
        if (!back.ok) fail(`'${text}' is not read back: at '${text.slice(back.at)}' expected ${back.expected.join(', or ')}`);
        else if (options.redundant?.includes(compiled.id) && back.id === compiled.id && set.describe(back.word, { pc, aliases })?.text === text) continue;
        else if (back.word !== word) fail(`'${text}' is read back as ${hex(back.word, 8)} (${back.id})`);
      }
    }
  }
  return failures;
}
