import type { LinearMemory } from '../memory/linear.ts';
import { PAGE_BITS, PAGE_SIZE, type PhysicalMemory, type Region } from '../memory/physical.ts';
import { HANDLER, RECORD } from './record.ts';

const INSTRUCTIONS = PAGE_SIZE / 4;
/** Code map (one bit for each 64 bytes that hold predecoded instructions), then records, the last being "next page". */
const CODE_MAP_BYTES = 16;
/** Bytes of one page's. */
export const CODE_PAGE_BYTES = CODE_MAP_BYTES + (INSTRUCTIONS + 1) * RECORD.size;

/** The records of one page of physical memory. */
export interface CodePage {
  /** Physical page number. */
  readonly number: number;
  /** Predecoded for a processor whose gated unit is off. */
  readonly gated: boolean;
  /** Address of the code map, one for both ways of predecoding the page. */
  readonly codeMap: number;
  readonly records: number;
  /** Where the page's bytes lie in linear memory. */
  readonly host: number;
}

/**
 * Predecoded records of every physical page that was executed from, shared by all processors. The arena is bounded;
 * when it is full everything is forgotten, which is always right.
 */
export class CodePages {
  readonly #linear: LinearMemory;
  readonly #start: number;
  readonly #capacity: number;
  readonly #byNumber = [new Map<number, CodePage>(), new Map<number, CodePage>()] as const;
  readonly #pages: CodePage[] = [];

  constructor(memory: PhysicalMemory, capacity: number) {
    this.#linear = memory.linear;
    this.#capacity = capacity;
    this.#start = memory.linear.allocate(capacity * CODE_PAGE_BYTES, 64);
  }

  get count(): number {
    return this.#pages.length;
  }
  get full(): boolean {
    return this.#pages.length === this.#capacity;
  }

  /** The page with this physical number, if it was executed from. */
  find(number: number, gated: boolean): CodePage | undefined {
    return this.#byNumber[gated ? 1 : 0].get(number);
  }
  /** Address of a physical page's code map; 0 where nothing was executed from it. */
  codeMap(number: number): number {
    return (this.find(number, false) ?? this.find(number, true))?.codeMap ?? 0;
  }
  /** Makes room for a page's records. The caller looks at `full` first. */
  add(number: number, region: Region, gated: boolean): CodePage {
    const start = this.#start + this.#pages.length * CODE_PAGE_BYTES;
    const records = start + CODE_MAP_BYTES;
    this.#linear.u8.fill(0, start, start + CODE_PAGE_BYTES);
    const codeMap = this.codeMap(number) || start;
    const page: CodePage = { number, gated, codeMap, records, host: region.host + (number * PAGE_SIZE - region.base) };
    this.setHandler(records + INSTRUCTIONS * RECORD.size, HANDLER.nextPage);
    this.#byNumber[gated ? 1 : 0].set(number, page);
    this.#pages.push(page);
    return page;
  }
  clear(): void {
    this.#pages.length = 0;
    for (const pages of this.#byNumber) pages.clear();
  }

  /** The page that a record belongs to. */
  pageOf(record: number): CodePage {
    return this.#pages[Math.floor((record - this.#start) / CODE_PAGE_BYTES)];
  }
  /** The instruction word behind a record. */
  wordAt(page: CodePage, record: number, little: boolean): number {
    return this.#linear.view.getUint32(page.host + ((record - page.records) >>> 2), little);
  }
  handler(record: number): number {
    return this.#linear.u16[record >>> 1];
  }
  setHandler(record: number, handler: number): void {
    this.#linear.u16[record >>> 1] = handler;
  }
  /** Notes that a record holds a predecoded instruction, so that writes to its bytes are seen. */
  mark(page: CodePage, record: number): void {
    const granule = (record - page.records) >>> 8;
    this.#linear.u64[page.codeMap >>> 3] |= 1n << BigInt(granule);
  }

  /**
   * Forgets predecoded instructions among the written bytes. Gives the pages that lost any.
   * Only handlers are reset: an instruction that overwrites itself still reads its own fields.
   */
  forget(physical: number, size: number): readonly CodePage[] {
    if (this.#pages.length === 0) return [];
    const touched: CodePage[] = [];
    const last = Math.floor((physical + size - 1) / PAGE_SIZE);
    for (let number = Math.floor(physical / PAGE_SIZE); number <= last; number++) {
      const pages = [this.find(number, false), this.find(number, true)].filter((page) => page !== undefined);
      if (pages.length === 0) continue;
      const from = Math.max(0, physical - number * PAGE_SIZE) >> 2;
      const to = Math.min(PAGE_SIZE - 1, physical + size - 1 - number * PAGE_SIZE) >> 2;
      touched.push(...pages.filter((page) => this.#forget(page, from, to)));
      for (let granule = from >> 4; granule <= to >> 4; granule++) this.#unmark(pages, granule);
    }
    return touched;
  }
  #forget(page: CodePage, from: number, to: number): boolean {
    let lost = false;
    for (let index = from; index <= to; index++) {
      const record = page.records + index * RECORD.size;
      if (this.handler(record) === HANDLER.decode) continue;
      this.setHandler(record, HANDLER.decode);
      lost = true;
    }
    return lost;
  }
  // Data that follows code in a page is written at full speed again once the code around it is gone.
  #unmark(pages: readonly CodePage[], granule: number): void {
    for (const { records } of pages) {
      const first = records + granule * 16 * RECORD.size;
      for (let index = 0; index < 16; index++) if (this.handler(first + index * RECORD.size) !== HANDLER.decode) return;
    }
    this.#linear.u64[pages[0].codeMap >>> 3] &= ~(1n << BigInt(granule));
  }
}

/** Page number of a physical address. */
export function pageNumber(physical: number): number {
  return Math.floor(physical / (1 << PAGE_BITS));
}
