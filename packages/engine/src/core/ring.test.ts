import { describe, expect, it } from 'vitest';
import { LinearMemory } from '../memory/linear.ts';
import { RING_WORDS, Ring } from './ring.ts';

function ringOf(capacity: number): { readonly ring: Ring; readonly write: (...words: readonly bigint[]) => void; readonly firsts: () => readonly bigint[] } {
  const linear = new LinearMemory();
  const ring = new Ring(linear, capacity);
  return {
    ring,
    write: (...words) => { linear.u64.set(words, ring.append()); },
    firsts: () => [...ring.take()].filter((_, index) => index % RING_WORDS === 0),
  };
}

describe('Ring', () => {
  it('gives rows back in order, once', () => {
    const { ring, write } = ringOf(4);
    write(1n, 2n);
    write(3n);
    const words = ring.take();
    expect([words.length, words[0], words[1], words[RING_WORDS], words[RING_WORDS + 1]]).toEqual([2 * RING_WORDS, 1n, 2n, 3n, 0n]);
    expect(ring.take()).toHaveLength(0);
  });
  it('overwrites the oldest rows and counts them', () => {
    const { ring, write, firsts } = ringOf(3);
    for (let n = 0n; n < 5n; n++) write(n);
    expect(firsts()).toEqual([2n, 3n, 4n]);
    expect([ring.lost, ring.count]).toEqual([2, 5]);
    write(5n);
    expect(firsts()).toEqual([5n]);
  });
  it('refuses a capacity that is no number of rows', () => {
    expect(() => new Ring(new LinearMemory(), 0)).toThrow(/ring of 0 rows/);
  });
});
