import { describe, expect, expectTypeOf, it } from 'vitest';
import fc from 'fast-check';
import { compileDecoder, encode } from './index.ts';
import type { Row, Rows } from './index.ts';
import { A64_ROWS } from './fixtures/a64.ts';

const rest = { asm: 'x', status: 'unbuilt', source: 'test' } as const;

/** The specification: a linear scan in order of priority, then of the table. */
function scan(rows: Rows, word: number): string | undefined {
  const order = Object.entries(rows).sort(([, a], [, b]) => (b.priority ?? 0) - (a.priority ?? 0));
  return order.find(([id, row]) => compileDecoder({ [id]: row }).rows[0].accepts(word))?.[0];
}

const word32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('compiled decoder', () => {
  it('narrows operands by id', () => {
    const decoded = compileDecoder(A64_ROWS).decode(0x11448c83);
    expect(decoded).toMatchObject({ id: 'ADD_imm', operands: { sf: 0, sh: 1, imm12: 0x123, rn: 4, rd: 3 } });
    if (decoded?.id !== 'ADD_imm') throw new Error('not ADD');
    expectTypeOf(decoded.operands.imm12).toEqualTypeOf<number>();
    // @ts-expect-error ADD has no hw field
    expect(decoded.operands.hw).toBeUndefined();
  });

  it('decodes signed words as unsigned ones', () => {
    expect(compileDecoder(A64_ROWS).decode(0xd65f03c0 | 0)?.id).toBe('RET');
  });

  it('does what a linear scan does, for random tables with overlaps', () => {
    const part = fc.constantFrom('0', '1', '-', 'F');
    const pattern = fc.array(part, { minLength: 32, maxLength: 32 }).map((parts) => parts.map((p, i) => (p === 'F' ? `f${i}:1` : p)).join(' '));
    const row = fc.record({ pattern, priority: fc.nat(2) });
    // Patterns with few fixed bits, so that rows really overlap.
    const sparse = fc.tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 1, max: 6 }), fc.nat(63), fc.nat(2)).map(([at, width, value, priority]) => ({
      pattern: Array.from({ length: 32 }, (_, i) => (i >= at && i < at + width ? String((value >> (i - at)) & 1) : '-')).join(''), priority,
    }));
    fc.assert(
      fc.property(fc.array(fc.oneof(row, sparse), { maxLength: 30 }), fc.array(word32, { maxLength: 50 }), (list, words) => {
        const rows: Record<string, Row> = Object.fromEntries(list.map((r, i) => [`row${i}`, { ...r, ...rest, group: 'all' }]));
        const decoder = compileDecoder(rows);
        const aimed = decoder.rows.map(({ pattern: p }, i) => (p.value | ((words[i] ?? 0) & ~p.mask)) >>> 0);
        for (const word of [...words, ...aimed]) expect(decoder.find(word)?.id).toBe(scan(rows, word));
      }),
      { numRuns: 60 },
    );
  });

  it('hands a refused word to the next row of the group', () => {
    const rows = {
      special: { pattern: '0000 a:4 ------------------------', unless: [{ a: '1--1' }, { a: [2, 3] }], group: 'g', ...rest },
      general: { pattern: '0000 a:4 b:24', group: 'g', unless: [{ a: 3, b: '!=0' }, { a: '=b' }], ...rest },
    } as const satisfies Rows;
    const decoder = compileDecoder(rows);
    expect(decoder.find(0x0500_0000)?.id).toBe('special');
    expect(decoder.find(0x0900_0000)?.id).toBe('general');
    expect(decoder.find(0x0200_0000)?.id).toBe('general');
    expect(decoder.find(0x0200_0002)).toBeUndefined();
    expect(decoder.find(0x0300_0000)?.id).toBe('general');
    expect(decoder.find(0x0300_0001)).toBeUndefined();
    expect(decoder.find(0x1000_0000)).toBeUndefined();
  });

  it('obeys priority and include', () => {
    const rows = {
      a: { pattern: 'x:32', group: 'g', ...rest },
      b: { pattern: '1 x:31', group: 'g', priority: 1, feature: 'FEAT_B', ...rest },
    } as const satisfies Rows;
    expect(compileDecoder(rows).find(0x8000_0000)?.id).toBe('b');
    expect(compileDecoder(rows, { include: (_, row) => row.feature === undefined }).find(0x8000_0000)?.id).toBe('a');
  });

  it('stays shallow and short for a table of a thousand rows', () => {
    const rows: Record<string, Row> = {};
    for (let i = 0; i < 1000; i++) {
      const code = ((i * 2654435761) >>> 0).toString(2).padStart(32, '0');
      rows[`row${i}`] = { pattern: `${code.slice(0, 14)} f:8 ${code.slice(14, 24)}`, ...rest };
    }
    const { shape, find } = compileDecoder(rows);
    expect(shape.depth).toBeLessThanOrEqual(6);
    expect(shape.longestLeaf).toBeLessThanOrEqual(8);
    for (const [id, row] of Object.entries(rows)) expect(find(encode(row, { f: 0x5a }))?.id).toBe(id);
  });
});
