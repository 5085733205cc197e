import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLoops } from './nesting.ts';

const spans = (successors: readonly (readonly number[])[], entries: readonly number[] = [0]) =>
  [...findLoops(successors, entries).values()].map(({ head, last, entered }) => `${head}-${last}${entered ? '*' : ''}`);

describe('loops of a region', () => {
  it('finds none in a straight line', () => {
    expect(spans([[1], [2], []])).toEqual([]);
  });
  it('finds a block that repeats itself, and a loop around it', () => {
    expect(spans([[1], [1, 2], [0]])).toEqual(['0-2', '1-1']);
  });
  it('lets the earlier of two overlapping loops grow', () => {
    expect(spans([[1], [2], [0, 3], [1]])).toEqual(['0-3', '1-3']);
  });
  it('marks loops that are entered behind their head', () => {
    expect(spans([[2], [2], [1]])).toEqual(['1-2*']);
    expect(spans([[1], [0]], [0, 1])).toEqual(['0-1*']);
  });

  it('gives spans that are nested or apart and hold every jump back', () => {
    const graph = fc.integer({ min: 1, max: 20 }).chain((count) =>
      fc.array(fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 3 }), { minLength: count, maxLength: count }));
    fc.assert(fc.property(graph, (successors) => {
      const loops = [...findLoops(successors, [0]).values()];
      for (const a of loops) {
        for (const b of loops) expect(a.head > b.last || b.head > a.last || (a.head <= b.head && a.last >= b.last) || (b.head <= a.head && b.last >= a.last)).toBe(true);
      }
      successors.forEach((targets, from) => {
        for (const target of targets) {
          if (target <= from) expect(loops.some((loop) => loop.head === target && loop.last >= from)).toBe(true);
          for (const loop of loops) {
            const inside = from >= loop.head && from <= loop.last;
            if (!inside && target > loop.head && target <= loop.last) expect(loop.entered).toBe(true);
          }
        }
      });
    }));
  });
});
