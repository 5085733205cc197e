import type { CodePage, CodePages } from '../code/pages.ts';
import { HANDLER, RECORD } from '../code/record.ts';
import { REGION_ENTRY } from '../interpreter/generate.ts';
import type { LinearMemory } from '../memory/linear.ts';

/** Entry numbers are kept in a record's 16-bit heat field. */
export const MAX_ENTRIES = 65_535;

interface Entry {
  readonly id: number;
  readonly record: number;
  readonly handler: number;
}

/**
 * The entries of translated regions: which records they replace, and what stood there. A record whose handler is
 * `HANDLER.region` keeps the number of its entry in the heat field.
 */
export class RegionEntries {
  /** Address of the table. */
  readonly address: number;
  /** Where in an entry the number of the block is that it begins at. */
  static readonly blockField = REGION_ENTRY.handler + 2;
  readonly #linear: LinearMemory;
  readonly #pages: CodePages;
  readonly #byPage = new Map<CodePage, Entry[]>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(linear: LinearMemory, pages: CodePages) {
    this.#linear = linear;
    this.#pages = pages;
    this.address = linear.allocate((MAX_ENTRIES + 1) * REGION_ENTRY.size);
  }

  /** How many more entries fit. */
  get room(): number {
    return MAX_ENTRIES - this.#used + this.#free.length;
  }
  /** Makes a record an entry: into the function at this table index, beginning at this block. */
  add(page: CodePage, record: number, tableIndex: number, block: number): void {
    const id = this.#free.pop() ?? this.#used++;
    const handler = this.#pages.handler(record);
    const at = this.address + id * REGION_ENTRY.size;
    const { u16, u32 } = this.#linear;
    u32[(at + REGION_ENTRY.function) >>> 2] = tableIndex;
    u16[(at + REGION_ENTRY.handler) >>> 1] = handler;
    u16[(at + RegionEntries.blockField) >>> 1] = block;
    u16[(record + RECORD.heat) >>> 1] = id;
    this.#pages.setHandler(record, HANDLER.region);
    const known = this.#byPage.get(page);
    if (known === undefined) this.#byPage.set(page, [{ id, record, handler }]);
    else known.push({ id, record, handler });
  }
  /** Undoes a page's entries; false where it has none. Records that were reset since stay as they are. */
  drop(page: CodePage): boolean {
    const entries = this.#byPage.get(page);
    if (entries === undefined) return false;
    for (const { id, record, handler } of entries) {
      if (this.#pages.handler(record) === HANDLER.region) this.#pages.setHandler(record, handler);
      this.#linear.u16[(record + RECORD.heat) >>> 1] = 0;
      this.#free.push(id);
    }
    return this.#byPage.delete(page);
  }
  dropAll(): void {
    for (const page of [...this.#byPage.keys()]) this.drop(page);
  }
  /** Forgets everything without touching a record: they are gone. */
  clear(): void {
    this.#byPage.clear();
    this.#free.length = 0;
    this.#used = 0;
  }
}
