import { describe, expect, it } from 'vitest';
import { LinearMemory } from './linear.ts';
import { DATA_ENTRIES, DATA_ENTRY, FETCH_ENTRIES, TranslationCache } from './tlb.ts';

const at = (linear: LinearMemory, cache: TranslationCache, index: number, field: number): bigint => linear.u64[(cache.data + index * DATA_ENTRY.size + field) >>> 3];

describe('a translation cache', () => {
  it('holds no entry that its own place could match', () => {
    const linear = new LinearMemory();
    const cache = new TranslationCache(linear);
    for (let index = 0; index < DATA_ENTRIES; index++) {
      for (const field of [DATA_ENTRY.readTag, DATA_ENTRY.writeTag, DATA_ENTRY.codeWriteTag]) expect((at(linear, cache, index, field) >> 12n) % BigInt(DATA_ENTRIES)).not.toBe(BigInt(index));
    }
    for (let page = 0n; page < BigInt(2 * FETCH_ENTRIES); page++) expect(cache.findFetch(page << 12n)).toBe(0);
  });
  it('keeps reads where writes to the same page are added, and drops both for another page of its place', () => {
    const linear = new LinearMemory();
    const cache = new TranslationCache(linear);
    const page = 5n << 12n;
    cache.fillData({ page, access: 'read', host: 0x9000, strict: false, codeMap: 0 });
    cache.fillData({ page, access: 'write', host: 0x9000, strict: false, codeMap: 0 });
    expect([at(linear, cache, 5, DATA_ENTRY.readTag), at(linear, cache, 5, DATA_ENTRY.writeTag)]).toEqual([page, page]);
    const other = page + (BigInt(DATA_ENTRIES) << 12n);
    cache.fillData({ page: other, access: 'read', host: 0xa000, strict: true, codeMap: 0 });
    expect(at(linear, cache, 5, DATA_ENTRY.readTag)).toBe(other);
    expect(at(linear, cache, 5, DATA_ENTRY.writeTag)).not.toBe(page);
  });
  it('marks pages with code and strict pages apart from plain ones', () => {
    const linear = new LinearMemory();
    const cache = new TranslationCache(linear);
    cache.fillData({ page: 0n, access: 'write', host: 0x9000, strict: true, codeMap: 0x4000 });
    expect(at(linear, cache, 0, DATA_ENTRY.codeWriteTag)).toBe(0n);
    expect(at(linear, cache, 0, DATA_ENTRY.writeTag)).not.toBe(0n);
    expect(linear.i32[(cache.data + DATA_ENTRY.code) >>> 2]).toBe(0x4001);
  });
  it('finds records until fetches are flushed', () => {
    const cache = new TranslationCache(new LinearMemory());
    cache.fillFetch(0x7000n, 0x1234_0000);
    expect(cache.findFetch(0x7000n)).toBe(0x1234_0000);
    expect(cache.findFetch(0x7000n + (BigInt(FETCH_ENTRIES) << 12n))).toBe(0);
    cache.flushFetch();
    expect(cache.findFetch(0x7000n)).toBe(0);
  });
});
