/** Names words that the architecture allocates but this processor does not have. */
import { A64 } from './instructions.ts';
import { UNBUILT } from './facts/encodings/unbuilt.ts';

interface Entry {
  readonly name: string;
  readonly mask: number;
  readonly value: number;
}

let entries: readonly Entry[] | undefined;

function compile(): readonly Entry[] {
  return UNBUILT.map(([name, pattern]) => ({
    name,
    mask: Number.parseInt(pattern.replace(/[01]/g, '1').replaceAll('-', '0'), 2),
    value: Number.parseInt(pattern.replaceAll('-', '0'), 2),
  }));
}

/**
 * The mnemonic (or several, separated by slashes) of a word that is an A64 instruction without semantics here; undefined for words
 * that are built, and for unallocated ones.
 */
export function unbuiltName(word: number): string | undefined {
  const row = A64.decoder.find(word);
  if (row) return row.row.status === 'unbuilt' ? row.id : undefined;
  entries ??= compile();
  return entries.find(({ mask, value }) => (word & mask) >>> 0 === value)?.name;
}
