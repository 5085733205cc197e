import type { LinearMemory } from './linear.ts';
import { PAGE_BITS } from './physical.ts';

/**
 * The engine's translation caches: direct-mapped, one data and one fetch cache for each context of a processor (an
 * exception level, a host or guest regime: whatever changes what an address means). They are pure subsets of what
 * `translate` answers; forgetting an entry is always right.
 */
export const DATA_ENTRIES = 1024;
export const FETCH_ENTRIES = 256;

/** Bytes within a data entry. */
export const DATA_ENTRY = {
  size: 32,
  sizeBits: 5,
  /** i64: the page's address where reads may go straight to memory. */
  readTag: 0,
  /** i64: likewise for writes; never set for pages that hold predecoded code. */
  writeTag: 8,
  /** i64: the page's address where writes are allowed but the code map must be asked. */
  codeWriteTag: 16,
  /** i32: host address minus virtual address, modulo 2^32. */
  addend: 24,
  /** i32: address of the page's code map, or 0; bit 0: unaligned accesses fault here. */
  code: 28,
} as const;

/** Bytes within a fetch entry: i64 page address, i32 record address. */
export const FETCH_ENTRY = { size: 16, sizeBits: 4, tag: 0, records: 8 } as const;

export interface DataEntry {
  readonly page: bigint;
  readonly host: number;
  readonly access: 'read' | 'write';
  readonly strict: boolean;
  /** Address of the page's code map, or 0. */
  readonly codeMap: number;
}

export class TranslationCache {
  readonly data: number;
  readonly fetch: number;
  readonly #linear: LinearMemory;
  /** Whether there is anything to forget: a world switch flushes caches of contexts that have not run since. */
  #holdsData = true;
  #holdsFetch = true;

  constructor(linear: LinearMemory) {
    this.#linear = linear;
    this.data = linear.allocate(DATA_ENTRIES * DATA_ENTRY.size, 64);
    this.fetch = linear.allocate(FETCH_ENTRIES * FETCH_ENTRY.size, 64);
    this.flush();
  }

  /** Forgets everything. */
  flush(): void {
    this.flushFetch();
    if (!this.#holdsData) return;
    this.#holdsData = false;
    this.#linear.u64.set(EMPTY_DATA, this.data >>> 3);
  }
  flushFetch(): void {
    if (!this.#holdsFetch) return;
    this.#holdsFetch = false;
    this.#linear.u64.set(EMPTY_FETCH, this.fetch >>> 3);
  }

  fillData(entry: DataEntry): void {
    this.#holdsData = true;
    const { u64, i32 } = this.#linear;
    const index = Number((entry.page >> BigInt(PAGE_BITS)) & BigInt(DATA_ENTRIES - 1));
    const at = this.data + index * DATA_ENTRY.size;
    const none = impossiblePage(index);
    const word = at >>> 3;
    const known = [0, 1, 2].some((offset) => u64[word + offset] === entry.page);
    if (!known) u64.fill(none, word, word + 3);
    const tag = entry.access === 'read' ? DATA_ENTRY.readTag : entry.codeMap === 0 ? DATA_ENTRY.writeTag : DATA_ENTRY.codeWriteTag;
    u64[(at + tag) >>> 3] = entry.page;
    i32[(at + DATA_ENTRY.addend) >>> 2] = (entry.host - Number(BigInt.asUintN(32, entry.page))) | 0;
    i32[(at + DATA_ENTRY.code) >>> 2] = entry.codeMap | (entry.strict ? 1 : 0);
  }
  fillFetch(page: bigint, records: number): void {
    this.#holdsFetch = true;
    const { u64, i32 } = this.#linear;
    const at = this.fetch + Number((page >> BigInt(PAGE_BITS)) & BigInt(FETCH_ENTRIES - 1)) * FETCH_ENTRY.size;
    u64[at >>> 3] = page;
    i32[(at + FETCH_ENTRY.records) >>> 2] = records;
  }
  /** The record page of a virtual page, or 0. */
  findFetch(page: bigint): number {
    const { u64, u32 } = this.#linear;
    const at = this.fetch + Number((page >> BigInt(PAGE_BITS)) & BigInt(FETCH_ENTRIES - 1)) * FETCH_ENTRY.size;
    return u64[at >>> 3] === page ? u32[(at + FETCH_ENTRY.records) >>> 2] : 0;
  }
}

/** A page address that never stands in this entry, because it belongs to the entry beside it. */
function impossiblePage(index: number): bigint {
  return BigInt(index ^ 1) << BigInt(PAGE_BITS);
}

/** Which half of a 64-bit word is the lower one here. */
const LOW_HALF = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

/** Images of empty caches: guests forget translations often, and a copy is cheap. */
const EMPTY_DATA = emptyImage(DATA_ENTRIES, DATA_ENTRY.size, 3);
const EMPTY_FETCH = emptyImage(FETCH_ENTRIES, FETCH_ENTRY.size, 1);

function emptyImage(entries: number, size: number, tags: number): BigUint64Array {
  const image = new BigUint64Array((entries * size) >>> 3);
  // By halves: at the start of every process there are thousands, and they fit 32 bits.
  const halves = new Uint32Array(image.buffer);
  for (let index = 0; index < entries; index++) {
    const at = (index * size) >>> 2;
    for (let tag = 0; tag < tags; tag++) halves[at + 2 * tag + LOW_HALF] = (index ^ 1) << PAGE_BITS;
  }
  return image;
}
