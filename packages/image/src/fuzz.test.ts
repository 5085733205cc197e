import { describe, expect, it } from 'vitest';
import { elfSymbols, parseElf, planElf } from './index.ts';
import { editFields, fixture, readers, readNonsense, replaceBytes, truncate } from './test/mutations.ts';

/** Values that break length and offset arithmetic, each byte one of them in turn; fuzz.nightly.test.ts tries all 256 everywhere. */
const extremes = [0, 0x7f, 0x80, 0xff] as const;
/** Shifted by one from word to word, so that a byte of the same weight meets all of them. */
const extremeAt = (offset: number): readonly number[] => [extremes[(offset + (offset >> 2)) & 3]];

describe.each(readers)('$name reader', (reader) => {
  it('accepts the files the mutations start from', () => {
    for (const seed of reader.seeds) reader.use(seed);
  });
  it('survives truncation at every byte', () => truncate(reader));
  it('survives every byte set to 0x00, 0x7f, 0x80 or 0xff', () => replaceBytes(reader, extremeAt));
  it('survives random edits of several fields', () => editFields(reader, 500));
  it('survives bytes that are no file at all', () => readNonsense(reader, 100));
});

describe('files built to exhaust their reader', () => {
  it('refuses a symbol table whose names repeat one long string from every offset', () => {
    // 4,000 symbols, names 60,000 … 64,000 characters long: 240 MB of text out of a file of 160 KB.
    const count = 4000;
    const strings = new Uint8Array(64_000).fill(0x61);
    strings[strings.length - 1] = 0;
    const sectionsAt = 64;
    const symbolsAt = sectionsAt + 3 * 64;
    const stringsAt = symbolsAt + count * 24;
    const bytes = new Uint8Array(stringsAt + strings.length);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    const view = new DataView(bytes.buffer);
    view.setUint16(16, 2, true);
    view.setBigUint64(40, BigInt(sectionsAt), true);
    view.setUint16(58, 64, true);
    view.setUint16(60, 3, true);
    const section = (index: number, type: number, at: number, size: number, link: number, entry: number): void => {
      const base = sectionsAt + index * 64;
      view.setUint32(base + 4, type, true);
      view.setBigUint64(base + 24, BigInt(at), true);
      view.setBigUint64(base + 32, BigInt(size), true);
      view.setUint32(base + 40, link, true);
      view.setBigUint64(base + 56, BigInt(entry), true);
    };
    section(1, 2, symbolsAt, count * 24, 2, 24);
    section(2, 3, stringsAt, strings.length, 0, 0);
    for (let i = 0; i < count; i++) view.setUint32(symbolsAt + i * 24, i, true);
    bytes.set(strings, stringsAt);
    expect(() => elfSymbols(parseElf(bytes))).toThrow('sixteen times their table');
  });

  it('allocates nothing for sizes that only the header claims', () => {
    const bytes = fixture('aarch64-le.elf');
    new DataView(bytes.buffer).setBigUint64(64 + 56 + 40, 1n << 60n, true); // p_memsz of the second segment
    expect(planElf(parseElf(bytes)).segments[1]).toMatchObject({ memorySize: 1n << 60n, bytes: { length: 12 } });
  });
});
