import { describe, expect, it } from 'vitest';
import { LinearMemory } from '../memory/linear.ts';
import { Ring } from './ring.ts';

describe('Ring', () => {
  it('gives rows back in order, once', () => {
    const ring = new Ring(new LinearMemory(), 4);
    ring.write([1n, 2n]);
    ring.write([3n]);
    expect(ring.drain().map((row) => row.slice(0, 2))).toEqual([[1n, 2n], [3n, 0n]]);
    expect(ring.drain()).toEqual([]);
  });
  it('overwrites the oldest rows and counts them', () => {
    const ring = new Ring(new LinearMemory(), 3);
    for (let n = 0n; n < 5n; n++) ring.write([n]);
    expect(ring.drain().map(([first]) => first)).toEqual([2n, 3n, 4n]);
    expect(ring.lost).toBe(2);
  });
  it('refuses a capacity that is no number of rows', () => {
    expect(() => new Ring(new LinearMemory(), 0)).toThrow(/ring of 0 rows/);
  });
});
