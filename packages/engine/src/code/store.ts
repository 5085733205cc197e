import type { ByteOrder } from '@worldswitch/bits';
import type { InstructionTable, Shape } from '../ir/semantics.ts';
import { handlersOf, type HandlerPair } from '../interpreter/generate.ts';
import type { PhysicalMemory, Region } from '../memory/physical.ts';
import { PAGE_SIZE } from '../memory/physical.ts';
import { CodePages, pageNumber, type CodePage } from './pages.ts';
import { fieldOf, HANDLER, layoutOf, RECORD } from './record.ts';

const POOL_WORDS = 65_536;
/** Executions of shapes that the present interpreter lacks, before a new one is made; doubles each time. */
const FIRST_PATIENCE = 500;

/** What wants to know when code is forgotten. */
export interface CodeListener {
  /** A page lost some of its records; `undefined`: all pages lost all. */
  forgotten(page: CodePage | undefined): void;
}

/**
 * Predecoded code of all processors: records, the pool of 64-bit immediates, and which shapes have a handler in the
 * present interpreter. Shapes that turn up later run out of line until they are worth a new interpreter.
 */
export class CodeStore {
  readonly pages: CodePages;
  readonly #memory: PhysicalMemory;
  readonly #table: InstructionTable;
  readonly #little: boolean;
  readonly #poolStart: number;
  #poolUsed = 0;
  readonly #pooled = new Map<bigint, number>();
  #shapes: readonly Shape[] = [];
  #handlers: ReadonlyMap<Shape, HandlerPair> = new Map();
  readonly #wanted = new Set<Shape>();
  #patience = FIRST_PATIENCE;
  #misses = 0;
  readonly #listener: CodeListener;

  constructor(memory: PhysicalMemory, table: InstructionTable, order: ByteOrder, capacity: number, listener: CodeListener) {
    this.#memory = memory;
    this.#table = table;
    this.#little = order === 'little';
    this.pages = new CodePages(memory, capacity);
    this.#poolStart = memory.linear.allocate(POOL_WORDS * 8);
    this.#listener = listener;
  }

  /** Shapes that the interpreter has arms for. */
  get shapes(): readonly Shape[] {
    return this.#shapes;
  }
  /** True where enough was executed out of line for want of an arm. */
  get outgrown(): boolean {
    return this.#misses >= this.#patience;
  }
  /** Takes the wanted shapes in; every record must be made anew. */
  grow(): void {
    this.#shapes = [...this.#shapes, ...this.#wanted];
    this.#handlers = handlersOf(this.#shapes);
    this.#wanted.clear();
    this.#misses = 0;
    this.#patience *= 2;
    this.clear();
  }
  /** Notes an execution out of line; `gated`: because the shape's unit is off. */
  missed(shape: Shape, gated: boolean): void {
    if (!shape.template.inline || (gated && shape.gated) || this.#handlers.has(shape) || !canInline(shape)) return;
    this.#wanted.add(shape);
    this.#misses++;
  }
  /** Gives shapes an arm from the start, as a front end that knows its workload does. */
  want(shapes: Iterable<Shape>): void {
    for (const shape of shapes) if (canInline(shape) && !this.#handlers.has(shape)) this.#wanted.add(shape);
  }

  clear(): void {
    this.pages.clear();
    this.#poolUsed = 0;
    this.#pooled.clear();
    this.#listener.forgotten(undefined);
  }

  /** The records of a physical page, made where there are none; `fresh` where its bytes were plain data before. */
  page(physical: number, region: Region, gated: boolean): { readonly page: CodePage; readonly fresh: boolean } {
    const number = pageNumber(physical);
    const known = this.pages.find(number, gated);
    if (known !== undefined) return { page: known, fresh: false };
    if (this.pages.full) this.clear();
    return { page: this.pages.add(number, region, gated), fresh: true };
  }
  word(record: number): number {
    return this.pages.wordAt(this.pages.pageOf(record), record, this.#little);
  }

  /** Predecodes one record; `stop` where somebody wants to stop there. */
  decode(record: number, stop: boolean): void {
    const page = this.pages.pageOf(record);
    this.pages.mark(page, record);
    const handler = stop ? HANDLER.stop : this.#fill(page, record);
    this.pages.setHandler(record, handler);
  }

  written(physical: number, size: number): void {
    for (const page of this.pages.forget(physical, size)) this.#listener.forgotten(page);
  }

  #fill(page: CodePage, record: number): number {
    const bound = this.#table.bind(this.pages.wordAt(page, record, this.#little));
    if (bound === undefined) return HANDLER.outOfLine;
    const { shape, values } = bound;
    const handlers = this.#handlers.get(shape);
    const places = layoutOf(shape.template);
    if (handlers === undefined || places === undefined || (page.gated && shape.gated)) return HANDLER.outOfLine;
    const { u16, i32 } = this.#memory.linear;
    let pool = -1;
    let near = true;
    for (const [index, place] of places.entries()) {
      const value = values[index];
      if (place.in === 'field') u16[(record + place.offset) >>> 1] = fieldOf(value, shape.name);
      else if (place.in === 'pool') pool = pool < 0 ? this.#pool(values) : pool;
      else if (isJump(shape)) {
        const offset = value as number;
        const target = ((record - page.records) >>> 2) + offset;
        near = target >= 0 && target < PAGE_SIZE && offset % 4 === 0;
        i32[(record + RECORD.immediate) >>> 2] = near ? offset * 4 : offset;
      } else i32[(record + RECORD.immediate) >>> 2] = value as number;
    }
    if (places.some((place) => place.in === 'pool')) {
      if (pool === 0) return HANDLER.outOfLine;
      i32[(record + RECORD.immediate) >>> 2] = pool;
    }
    return near ? handlers.near : handlers.far;
  }

  /** Address of the pooled 64-bit values of one instruction; 0 where the pool is full. */
  #pool(values: readonly unknown[]): number {
    const wide = values.filter((value): value is bigint => typeof value === 'bigint');
    const known = wide.length === 1 ? this.#pooled.get(wide[0]) : undefined;
    if (known !== undefined) return known;
    if (this.#poolUsed + wide.length > POOL_WORDS) return 0;
    const at = this.#poolStart + this.#poolUsed * 8;
    wide.forEach((value, index) => { this.#memory.linear.u64[(at >>> 3) + index] = value; });
    this.#poolUsed += wide.length;
    if (wide.length === 1) this.#pooled.set(wide[0], at);
    return at;
  }
}

function isJump(shape: Shape): boolean {
  return shape.template.end.op === 'jump' || shape.template.end.op === 'jumpIf';
}
/** Whether generated code can execute the shape at all. */
export function canInline(shape: Shape): boolean {
  return shape.template.inline && layoutOf(shape.template) !== undefined;
}
