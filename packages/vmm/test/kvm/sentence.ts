/** What userspace may rely on, sentence by sentence (KVM on arm64, Linux 6.12), and the tests of it. */
import { it } from 'vitest';
import SENTENCES from './sentences.json' with { type: 'json' };

const TEXT: ReadonlyMap<string, string> = new Map(SENTENCES.map(({ id, text }) => [id, text]));

/** A test of a sentence, by its number in sentences.json. `aspect` where a sentence has several. */
export function sentence(id: string, run: () => void | Promise<void>, aspect?: string): void {
  const text = TEXT.get(id);
  if (text === undefined) throw new RangeError(`sentence ${id}: sentences.json does not have it`);
  it(`${id} ${text}${aspect === undefined ? '' : ` [${aspect}]`}`, run);
}
