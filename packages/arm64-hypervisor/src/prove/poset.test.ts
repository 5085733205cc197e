import { describe, expect, it } from 'vitest';
import { LinearExtensions, implied } from './poset.ts';
import { randomFrom } from './random.ts';

const poset = (size: number, ...pairs: readonly (readonly [first: number, then: number])[]): { size: number; after: number[][] } =>
  ({ size, after: Array.from({ length: size }, (_, n) => pairs.filter(([, then]) => then === n).map(([first]) => first)) });

describe('linear extensions', () => {
  // Numbers from combinatorics: n! for an antichain, 1 for a chain, 5 for the poset "N", Catalan numbers for the product of two chains.
  it.each([
    ['no constraints', poset(6), 720n], ['a chain', poset(5, [0, 1], [1, 2], [2, 3], [3, 4]), 1n], ['N', poset(4, [0, 2], [1, 2], [1, 3]), 5n],
    ['2 × 4', poset(8, [0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7], [0, 4], [1, 5], [2, 6], [3, 7]), 14n], ['nothing', poset(0), 1n],
  ] as const)('are counted: %s', (_name, made, count) => {
    const extensions = new LinearExtensions(made);
    expect(extensions.count).toBe(count);
    const all = [...extensions.all()];
    expect(BigInt(all.length)).toBe(count);
    expect(new Set(all.map((order) => order.join())).size).toBe(all.length);
    for (const order of all) made.after.forEach((before, n) => { for (const one of before) expect(order.indexOf(one)).toBeLessThan(order.indexOf(n)); });
  });
  it('are drawn with equal chance', () => {
    const extensions = new LinearExtensions(poset(4, [0, 2], [1, 2], [1, 3]));
    const random = randomFrom(3n);
    const counts = new Map<string, number>();
    for (let n = 0; n < 5000; n++) {
      const order = extensions.sample(random).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(5);
    // 1000 each, with a standard deviation of 28.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
  it('of a cycle do not exist', () => {
    expect(() => new LinearExtensions(poset(2, [0, 1], [1, 0]))).toThrow(/cycle/);
    expect(() => new LinearExtensions(poset(31))).toThrow(/31 elements: at most 30/);
  });
});

describe('a constraint', () => {
  it('is implied by a way round, not by itself', () => {
    expect(implied(poset(3, [0, 1], [1, 2], [0, 2]), 0, 2)).toBe(true);
    expect(implied(poset(3, [0, 1], [1, 2]), 0, 1)).toBe(false);
    expect(implied(poset(2), 0, 1)).toBe(false);
  });
});
