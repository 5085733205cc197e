/** Random instances of a row, for tests: deterministic, with zeros and ones more frequent than chance has them. */
import { encode } from '@worldswitch/isa';
import type { CompiledRow } from '@worldswitch/isa';

/** xorshift32. */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/** `count` words that are instances of the row (fewer when the row has fewer, or refuses nearly all). */
export function randomWords(row: CompiledRow, count: number, seed: number): number[] {
  const next = randomSequence(seed + row.index * 7919);
  const words = new Set<number>();
  for (let tries = 0; words.size < count && tries < count * 20; tries++) {
    const operands: Record<string, number> = {};
    for (const { name, ones } of row.pattern.fields) {
      const choice = next() % 8;
      operands[name] = choice === 0 ? 0 : choice === 1 ? ones : (next() & ones) >>> 0;
    }
    const word = encode(row.row, operands);
    if (row.accepts(word)) words.add(word);
  }
  return [...words];
}
