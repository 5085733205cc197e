import { describe, expect, it } from 'vitest';
import { SemanticsBuilder } from '../ir/builder.ts';
import type { HoleKind } from '../ir/types.ts';
import { fieldOf, HANDLER, layoutOf, RECORD } from './record.ts';

const layout = (holes: readonly HoleKind[], jump?: number): ReturnType<typeof layoutOf> => {
  const s = new SemanticsBuilder();
  if (jump !== undefined) s.jump({ kind: 'int', index: jump });
  return layoutOf(s.template(holes));
};
const field = (n: number): object => ({ in: 'field', offset: RECORD.fields[n] });

describe('the layout of a record', () => {
  it('has 16 bytes without a gap that overlaps', () => {
    expect([RECORD.handler, ...RECORD.fields, RECORD.heat, RECORD.immediate]).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(RECORD.size).toBe(2 ** RECORD.sizeBits);
    expect(Object.values(HANDLER).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });
  it('gives the first number the immediate and slots the fields', () => {
    expect(layout(['slot', 'slot', 'int', 'int'])).toEqual([field(0), field(1), { in: 'immediate' }, field(2)]);
  });
  it('gives the jump offset the immediate wherever it stands', () => {
    expect(layout(['slot', 'int', 'int'], 2)).toEqual([field(0), field(1), { in: 'immediate' }]);
  });
  it('puts 64-bit values into the pool, one behind the other', () => {
    expect(layout(['slot', 'wide', 'wide', 'int'])).toEqual([field(0), { in: 'pool', offset: 0 }, { in: 'pool', offset: 8 }, field(1)]);
  });
  it('has none for five slots, nor for a jump with a 64-bit value', () => {
    expect(layout(['slot', 'slot', 'slot', 'slot', 'slot'])).toBeUndefined();
    expect(layout(['wide', 'int'], 1)).toBeUndefined();
    expect(layout(['slot', 'slot', 'slot', 'slot'])).toHaveLength(4);
  });
  it('refuses numbers that a field does not hold', () => {
    expect(fieldOf(0xffff, 'x')).toBe(0xffff);
    expect(() => fieldOf(0x1_0000, 'x')).toThrow('x: 65536 in a 16-bit field; bind the larger number first, or as a bigint');
    expect(() => fieldOf(-1, 'x')).toThrow('-1 in a 16-bit field');
  });
});
