import type { ByteOrder } from '@worldswitch/bits';
import type { CodePage } from '../code/pages.ts';
import { HANDLER, RECORD } from '../code/record.ts';
import type { CodeStore } from '../code/store.ts';
import { DIGEST_TYPE, REGION_TYPE } from '../interpreter/generate.ts';
import type { BoundInstruction, InstructionTable } from '../ir/semantics.ts';
import { emitProbe, FILL_TYPE, PROBE_TYPE } from '../lowering/memory.ts';
import type { LinearMemory } from '../memory/linear.ts';
import type { StateLayout } from '../state/layout.ts';
import { encodeModule, type HostFunction } from '../wasm/module.ts';
import { Discovery, type PageSource, type RegionPlan } from './blocks.ts';
import { RegionEntries } from './entries.ts';
import { RegionWriter } from './region.ts';

export interface TranslatorPort {
  readonly linear: LinearMemory;
  readonly code: CodeStore;
  readonly table: InstructionTable;
  readonly layout: StateLayout;
  readonly order: ByteOrder;
  readonly digest: boolean;
  /** The table that every generated module imports. */
  readonly functions: WebAssembly.Table;
  readonly imports: WebAssembly.Imports;
}

const HOST: readonly HostFunction[] = [
  { name: 'fill', type: FILL_TYPE },
  { name: 'digestBlock', type: DIGEST_TYPE },
];
const IMPORT = { fill: 0, digestBlock: 1 } as const;
const PROBE = HOST.length;

/** Functions in the shared table; then everything is translated anew. */
const MAX_FUNCTIONS = 32_768;
/** A page whose code was overwritten this often is left to the interpreter: translating it would not pay. */
const MAX_DROPS = 32;

/** Regions in one module; more of them wait for the next slice. */
const MAX_BATCH = 512;

interface Planned {
  readonly page: CodePage;
  readonly plan: RegionPlan;
}

/**
 * Translates what got hot: a region of blocks in one page becomes a wasm function with everything constant. Regions
 * that got hot in one slice share a module. The records where a region may be entered get `HANDLER.region`; forgetting
 * a region means giving them their handler back.
 */
export class Translator {
  readonly threshold: number;
  readonly #port: TranslatorPort;
  readonly #entries: RegionEntries;
  readonly #wanted = new Set<number>();
  readonly #drops = new Map<CodePage, number>();
  #functions = 0;

  constructor(port: TranslatorPort, threshold: number) {
    this.#port = port;
    this.threshold = threshold;
    this.#entries = new RegionEntries(port.linear, port.code.pages);
  }

  /** Address of the region entries, for the interpreter. */
  get entries(): number {
    return this.#entries.address;
  }

  /** A jump target got hot. Called from generated code: only notes it. */
  want(record: number): void {
    this.#wanted.add(record);
  }
  /** Translates what is wanted, as one module. Not to be called while generated code runs. */
  compile(): void {
    if (this.#wanted.size === 0) return;
    const planned = this.#plan();
    if (planned.length > 0) this.#install(planned);
  }
  /** Forgets the regions of a page. */
  drop(page: CodePage): void {
    for (const record of this.#wanted) if (this.#port.code.pages.pageOf(record) === page) this.#wanted.delete(record);
    if (!this.#entries.drop(page)) return;
    this.#drops.set(page, (this.#drops.get(page) ?? 0) + 1);
  }
  /** Forgets everything; the records are gone. */
  clear(): void {
    this.#wanted.clear();
    this.#entries.clear();
    this.#drops.clear();
    this.#releaseFunctions();
  }

  #plan(): readonly Planned[] {
    const { pages } = this.#port.code;
    const planned: Planned[] = [];
    const byPage = new Map<CodePage, Set<number>>();
    for (const record of [...this.#wanted].slice(0, MAX_BATCH)) {
      this.#wanted.delete(record);
      const page = pages.pageOf(record);
      const places = byPage.get(page);
      const place = (record - page.records) >> RECORD.sizeBits;
      if (places === undefined) byPage.set(page, new Set([place]));
      else places.add(place);
    }
    for (const [page, wanted] of byPage) {
      if ((this.#drops.get(page) ?? 0) > MAX_DROPS) continue;
      const source = this.#source(page);
      // A place that an earlier region of this batch has as an entry needs none of its own.
      const covered = new Set<number>();
      for (const start of wanted) {
        if (covered.has(start) || source.translatable(start) === undefined) continue;
        if (pages.handler(page.records + start * RECORD.size) === HANDLER.region) continue;
        const plan = new Discovery(source, start).plan(wanted);
        if (plan === undefined) continue;
        const fresh = plan.entries.filter((number) => !covered.has(plan.blocks[number].start));
        planned.push({ page, plan: { ...plan, entries: fresh } });
        for (const number of fresh) covered.add(plan.blocks[number].start);
      }
    }
    return planned;
  }
  #source(page: CodePage): PageSource {
    const { code, table } = this.#port;
    const known = new Map<number, BoundInstruction | undefined>();
    const handler = (index: number): number => code.pages.handler(page.records + index * RECORD.size);
    const executed = (index: number): boolean => handler(index) === HANDLER.region || handler(index) >= HANDLER.outOfLine;
    return {
      executed,
      translatable: (index) => {
        if (known.has(index)) return known.get(index);
        const bound = executed(index) ? table.bind(code.word(page.records + index * RECORD.size)) : undefined;
        const inline = bound?.shape.template.inline === true && !(page.gated && bound.shape.gated) ? bound : undefined;
        known.set(index, inline);
        return inline;
      },
    };
  }

  #install(planned: readonly Planned[]): void {
    const { functions, imports, layout, order, digest, code } = this.#port;
    const needed = planned.length + 1;
    const entries = planned.reduce((sum, { plan }) => sum + plan.entries.length, 0);
    if (this.#functions + needed > MAX_FUNCTIONS || this.#entries.room < entries) {
      this.#entries.dropAll();
      this.#releaseFunctions();
    }
    const base = this.#functions;
    if (functions.length < base + needed) functions.grow(base + needed - functions.length);
    const bodies = planned.map(({ page, plan }) => new RegionWriter({
      layout, order, digest, probe: PROBE, digestBlock: IMPORT.digestBlock, entries: this.entries, blockField: RegionEntries.blockField, records: page.records,
    }, plan).body());
    const bytes = encodeModule({
      imports: HOST,
      indirectTypes: [],
      functions: [{ type: PROBE_TYPE, body: emitProbe(IMPORT.fill) }, ...bodies.map((body) => ({ type: REGION_TYPE, body }))],
      installAt: base,
    });
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    this.#functions += needed;
    planned.forEach(({ page, plan }, index) => {
      for (const number of plan.entries) {
        const record = page.records + plan.blocks[number].start * RECORD.size;
        if (code.pages.handler(record) !== HANDLER.region) this.#entries.add(page, record, base + 1 + index, number);
      }
    });
  }
  /** Empties the shared table, so that the modules can be collected. */
  #releaseFunctions(): void {
    for (let index = 0; index < this.#functions; index++) this.#port.functions.set(index, null);
    this.#functions = 0;
  }
}
