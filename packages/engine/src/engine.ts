import type { ByteOrder } from '@worldswitch/bits';
import { DIGEST_BLOCK } from './code/digest.ts';
import { CODE_PAGE_BYTES, pageNumber, type CodePage } from './code/pages.ts';
import { HANDLER } from './code/record.ts';
import { CodeStore } from './code/store.ts';
import { Core } from './core/core.ts';
import type { Guest } from './core/guest.ts';
import { generateInterpreter } from './interpreter/generate.ts';
import type { InstructionTable } from './ir/semantics.ts';
import { LinearMemory } from './memory/linear.ts';
import { PAGE_SIZE, PhysicalMemory } from './memory/physical.ts';
import type { StateLayout } from './state/layout.ts';
import { HEADER } from './state/header.ts';
import { Translator } from './translator/translator.ts';

/** `evaluator`: one instruction at a time, the reference. `interpreter`: generated code. `translator`: that, and hot regions. */
export type EngineKind = 'evaluator' | 'interpreter' | 'translator';

export interface EngineOptions {
  readonly table: InstructionTable;
  readonly layout: StateLayout;
  /** Of instructions and, unless `Core.swapData`, of data. */
  readonly order: ByteOrder;
  readonly kind?: EngineKind;
  /** Pages of predecoded code that are kept; 4096 (16 MiB of code) unless given. */
  readonly codePages?: number;
  /** Bytes of RAM and ROM that the machine is going to have, as far as known: a start without growing step by step is quicker. */
  readonly reserve?: number;
  /** Keeps a digest of every processor's program counters. */
  readonly digest?: boolean;
  /** Visits of a jump target that make it worth translating. */
  readonly threshold?: number;
}

/** Bytes beside RAM and predecoded code: processors, translation caches, the translator's entries. */
const OWN_TABLES = 4 << 20;

type Run = (cpu: number, record: number, remaining: number) => number;

/** Physical memory, predecoded code and generated code, shared by the processors of a machine. */
export class Engine {
  readonly table: InstructionTable;
  readonly layout: StateLayout;
  readonly order: ByteOrder;
  readonly kind: EngineKind;
  readonly digesting: boolean;
  readonly linear: LinearMemory;
  readonly memory: PhysicalMemory;
  readonly code: CodeStore;
  readonly cores: Core[] = [];
  readonly translator: Translator | undefined;
  readonly #functions = new WebAssembly.Table({ initial: 1, element: 'anyfunc' });
  readonly #imports: WebAssembly.Imports;
  readonly #interpreters = new Map<boolean, Run>();
  /** Records where some processor wants to stop. */
  readonly #stopRecords = new Set<number>();
  #running!: Core;

  constructor(options: EngineOptions) {
    this.table = options.table;
    this.layout = options.layout;
    this.order = options.order;
    this.kind = options.kind ?? 'translator';
    this.digesting = options.digest ?? false;
    const codePages = options.codePages ?? 4096;
    this.linear = new LinearMemory(options.reserve === undefined ? 0 : options.reserve + codePages * CODE_PAGE_BYTES + OWN_TABLES);
    this.memory = new PhysicalMemory(this.linear);
    this.#imports = { host: this.#host() };
    this.code = new CodeStore(this.memory, this.table, this.order, codePages, { forgotten: (page) => { this.#forgotten(page); } });
    if (this.kind === 'translator') {
      this.translator = new Translator(
        { linear: this.linear, code: this.code, table: this.table, layout: this.layout, order: this.order, digest: this.digesting, functions: this.#functions, imports: this.#imports },
        options.threshold ?? 60,
      );
    }
    this.memory.listen({
      written: (physical, size) => { this.code.written(physical, size); },
      remapped: () => { for (const core of this.cores) core.flush(); },
    });
  }

  /** A processor; `contexts` is how many translation regimes it tells apart. */
  addCore(guest: Guest, contexts: number): Core {
    const core = new Core(this, this.cores.length, guest, contexts);
    this.cores.push(core);
    this.#running = core;
    return core;
  }

  // For processors

  /** The core whose code is about to run. */
  enter(core: Core): void {
    this.#running = core;
  }
  /** The generated interpreter; new shapes and hot targets are taken in first. */
  interpreter(counting: boolean): Run {
    if (this.code.outgrown) this.grow();
    this.translator?.compile();
    let run = this.#interpreters.get(counting);
    if (run === undefined) {
      const regions = this.translator === undefined ? {} : { regions: { entries: this.translator.entries, threshold: this.translator.threshold } };
      const bytes = generateInterpreter(this.code.shapes, { order: this.order, counting, digest: this.digesting, ...regions });
      run = new WebAssembly.Instance(new WebAssembly.Module(bytes), this.#imports).exports.run as Run;
      this.#interpreters.set(counting, run);
    }
    return run;
  }
  /** Makes a new interpreter, with an arm for every shape that was met. */
  grow(): void {
    this.code.grow();
    this.#interpreters.clear();
  }
  handler(record: number): number {
    return this.code.pages.handler(record);
  }
  wordAt(physical: number): number {
    return Number(this.memory.read(physical, 4, this.order, 'debugger') ?? 0n);
  }
  codeMapOf(physical: number): number {
    return this.code.pages.codeMap(pageNumber(physical));
  }
  /** The records of the page that a fetch reached, with this core's stops in them. */
  recordsOf(core: Core, physical: number, virtualPage: bigint): number {
    const region = this.memory.find(physical);
    if (region === undefined) throw new Error('the fetch was checked before');
    const { page, fresh } = this.code.page(physical, region, core.gated);
    // Writes to this page must be seen from now on: drop translations that write to it directly.
    if (fresh) for (const other of this.cores) other.flush();
    for (const address of [...core.stops.breakpoints, ...core.marks]) {
      if ((address & ~BigInt(PAGE_SIZE - 1)) !== virtualPage) continue;
      const record = page.records + (Number(address & BigInt(PAGE_SIZE - 1)) << 2);
      if (this.#stopRecords.has(record) && this.handler(record) === HANDLER.stop) continue;
      this.translator?.drop(page);
      this.#stopRecords.add(record);
      this.code.decode(record, true);
    }
    return page.records;
  }
  /**
   * Some core's breakpoints or marks have changed. They live in records: those go back to be predecoded, and every page gets its
   * stops anew when it is next fetched from.
   */
  stopsChanged(): void {
    for (const record of this.#stopRecords) if (this.handler(record) === HANDLER.stop) this.code.pages.setHandler(record, HANDLER.decode);
    this.#stopRecords.clear();
    for (const core of this.cores) core.flushFetch();
  }
  /** Predecodes a record. */
  decode(record: number): void {
    this.code.decode(record, this.#stopRecords.has(record));
  }

  #forgotten(page: CodePage | undefined): void {
    if (page !== undefined) {
      this.translator?.drop(page);
      return;
    }
    this.translator?.clear();
    this.#stopRecords.clear();
    for (const core of this.cores) core.flush();
  }

  #host(): WebAssembly.ModuleImports {
    return {
      memory: this.linear.memory,
      table: this.#functions,
      decode: (_cpu: number, record: number) => { this.#running.decode(record >>> 0); },
      outOfLine: (_cpu: number, record: number, left: number) => this.#running.outOfLine(record >>> 0, left),
      fetch: (_cpu: number, left: number) => this.#running.fetchMiss(left),
      fill: (_cpu: number, description: number) => this.#running.fill(description),
      hot: (_cpu: number, record: number) => { this.translator?.want(record >>> 0); },
      digestBlock: () => {
        const { digest, state } = this.#running;
        digest.close(state.wide(HEADER.digest));
        state.setInt(HEADER.digestLeft, DIGEST_BLOCK);
      },
    };
  }
}
