import { describe, expect, it } from 'vitest';
import { A64, createInstructionTable, isSimdRow } from './instructions.ts';
import { randomWords } from './random-words.ts';

describe('the semantics of the A64 rows', () => {
  const table = createInstructionTable();
  const samples = A64.decoder.rows.map((row) => ({ row, words: randomWords(row, 250, 5) }));

  const bound = samples.flatMap(({ row, words }) => words.map((word) => ({ row, word, instruction: table.bind(word) })));

  it('build a template for every instance', () => {
    const wrong = bound.filter(({ row, instruction }) => (instruction === undefined) !== (row.row.status === 'unbuilt' || row.id === 'UDF'));
    expect(wrong.map(({ row, word }) => `${row.id} ${word.toString(16)}`)).toEqual([]);
  });

  // Interpreter arms are generated for shapes that occur; this bounds what any program can ask for.
  it('have no row with very many shapes', () => {
    const perRow = new Map<string, number>();
    for (const { name } of table.shapes) perRow.set(name.split(' ')[0], (perRow.get(name.split(' ')[0]) ?? 0) + 1);
    expect([...perRow].filter(([, count]) => count > 100)).toEqual([]);
    const simd = table.shapes.filter(({ name }) => isSimdRow(name.split(' ')[0])).length;
    expect({ simd: simd < 1500, integer: table.shapes.length - simd < 1500 }).toEqual({ simd: true, integer: true });
  });

  it('bind numbers that a predecoded record can hold', () => {
    const wrong = bound.filter(({ instruction }) => {
      const numbers = (instruction?.values ?? []).filter((value) => typeof value === 'number');
      return numbers.some((value, i) => !Number.isInteger(value) || (i === 0 ? value !== (value | 0) : value < 0 || value > 0xffff));
    });
    expect(wrong.map(({ row, word }) => `${row.id} ${word.toString(16)}`)).toEqual([]);
  });

  it('leave out rows of features that the processor does not have', () => {
    const plain = createInstructionTable({ has: (feature) => feature !== 'FEAT_LSE' });
    expect(plain.bind(0xb820_0020)).toBeUndefined(); // ldadd w0, w0, [x1]
    expect(table.bind(0xb820_0020)).toBeDefined();
  });

  it('gate what needs SIMD&FP access, and nothing else', () => {
    const gated = bound.filter(({ row, instruction }) => instruction !== undefined && instruction.shape.gated !== /C7/.test(row.row.source));
    expect(gated.map(({ row }) => row.id)).toEqual([]);
  });
});
