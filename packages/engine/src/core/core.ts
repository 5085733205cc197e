import type { ByteOrder } from '@worldswitch/bits';
import { HANDLER } from '../code/record.ts';
import { PcDigest } from '../code/digest.ts';
import { evaluate, type CheckedAccess, type EvaluatorPort, type Outcome } from '../evaluator/evaluator.ts';
import type { BoundInstruction } from '../ir/semantics.ts';
import type { AccessShape } from '../ir/types.ts';
import { PAGE_SIZE } from '../memory/physical.ts';
import { TranslationCache } from '../memory/tlb.ts';
import { StateBlock } from '../state/block.ts';
import { HEADER } from '../state/header.ts';
import { checkAccess } from './access.ts';
import type { CoreStop, Guest } from './guest.ts';
import type { Engine } from '../engine.ts';
import { StopSet } from './watch.ts';

/** Generated code runs in slices of this many instructions, so that V8 can replace it by better code in between. */
const SLICE = 4_000_000;
/** The fast interpreter tests its budget at jumps only: it may run past it by a page of straight line. */
const RESERVE = PAGE_SIZE / 4 + 64;
/** Events without a retired instruction between them that are taken for a guest in an endless loop of exceptions. */
const STUCK = 1000;

const PAGE_MASK = ~BigInt(PAGE_SIZE - 1);
const U64 = (1n << 64n) - 1n;

/** A core as plain data: with memory and the guest's own state it decides the future. Stops are the debugger's, and no part of it. */
export type CoreState = {
  readonly pc: bigint;
  readonly retired: number;
  readonly flags: number;
  readonly context: number;
  readonly swapData: boolean;
  /** By the names of the state layout. */
  readonly registers: { readonly [name: string]: bigint };
  readonly digest: { readonly value: bigint; readonly left: number; readonly blocks: readonly bigint[] };
};

/** One processor's execution: a program counter, registers, caches, and `run`. */
export class Core implements EvaluatorPort {
  readonly engine: Engine;
  readonly index: number;
  readonly state: StateBlock;
  readonly order: ByteOrder;
  /** Breakpoints and watchpoints that the guest cannot see. */
  readonly stops: StopSet;
  /** Digest of the program counters so far; kept where the engine was made with `digest`. */
  readonly digest = new PcDigest();
  /** Addresses where the architecture wants `Guest.fetched` asked before the instruction is executed (its own breakpoints). */
  get marks(): ReadonlySet<bigint> {
    return this.#marks;
  }
  set marks(addresses: ReadonlySet<bigint>) {
    if (addresses.size === this.#marks.size && [...addresses].every((address) => this.#marks.has(address))) return;
    this.#marks = addresses;
    this.engine.stopsChanged();
  }
  #marks: ReadonlySet<bigint> = new Set();
  /** Address of the instruction at hand. */
  pc = 0n;
  /** Data in the other byte order than the engine's: the evaluator executes everything. */
  swapData = false;

  readonly #guest: Guest;
  readonly #caches: readonly TranslationCache[];
  #context = 0;
  #remaining = 0;
  #budget = 0;
  #retiredBefore = 0;
  /** Instructions left when generated code has none: slices and reserves. */
  #beyond = 0;
  #attention = false;
  #stop: CoreStop | undefined;
  #redirected = false;
  #stuck = 0;
  /** False once the instruction at hand cannot complete. */
  #retires = true;
  #executing = false;
  #uncounted = false;
  /** The instruction that a stop of ours held back, to be executed when the run goes on from there. */
  #held: bigint | undefined;
  /** It was held back by a watchpoint: it was fetched, and the digest has it. */
  #heldLate = false;
  /** The instruction at hand was held back before: our stops let it pass. */
  #passing = false;

  constructor(engine: Engine, index: number, guest: Guest, contexts: number) {
    this.engine = engine;
    this.index = index;
    this.order = engine.order;
    this.#guest = guest;
    this.state = new StateBlock(engine.linear, engine.layout);
    this.#caches = Array.from({ length: contexts }, () => new TranslationCache(engine.linear));
    this.stops = new StopSet(() => {
      engine.stopsChanged();
      // Pages that are watched must not be in the data caches.
      this.flush();
    });
    this.state.setInt(HEADER.index, index);
    this.state.flags = 0;
    this.context = 0;
  }

  /** Instructions retired so far; exact within hooks and helpers too, where it does not count the instruction at hand. */
  get retired(): number {
    return this.#retiredBefore + (this.#budget - this.#remaining);
  }

  /** As {@link retired}, with the instruction at hand, if it is going to be counted: where the next one begins. For hooks and helpers. */
  get retiredBehind(): number {
    return this.retired + (this.#executing && this.#retires && !this.#uncounted ? 1 : 0);
  }

  /** While true, rows of the gated unit are refused: `Guest.gate` answers instead. */
  get gated(): boolean {
    return this.#gated;
  }
  set gated(gated: boolean) {
    if (gated === this.#gated) return;
    this.#gated = gated;
    this.flushFetch();
  }
  #gated = false;
  /** Instructions retired in the present run, or in the last one. */
  get retiredInRun(): number {
    return this.#budget - this.#remaining;
  }
  /** From a hook or helper: the run ends after this many instructions, or after the one at hand where it is past that. */
  limit(total: number): void {
    const cut = this.#budget - Math.max(total, this.retiredInRun + (this.#executing ? 1 : 0));
    if (cut <= 0) return;
    this.#budget -= cut;
    this.#remaining -= cut;
    this.#attention = true;
  }

  /** Which translation cache serves the present regime; set it whenever addresses come to mean something else. */
  get context(): number {
    return this.#context;
  }
  set context(index: number) {
    this.#context = index;
    const cache = this.#caches[index];
    this.state.setInt(HEADER.dataTlb, cache.data);
    this.state.setInt(HEADER.fetchTlb, cache.fetch);
    this.#attention = true;
  }
  /** Forgets cached translations: of one context, or of all. */
  flush(context?: number): void {
    if (context === undefined) for (const cache of this.#caches) cache.flush();
    else this.#caches[context].flush();
    this.#attention = true;
  }
  flushFetch(): void {
    for (const cache of this.#caches) cache.flushFetch();
    this.#attention = true;
  }

  /** From a hook or helper: go on at this address. The instruction at hand has no further effect. */
  redirect(address: bigint): void {
    this.pc = BigInt.asUintN(64, address);
    this.#redirected = true;
    this.#attention = true;
  }
  /** From a hook or helper: look at interrupts before the next instruction. */
  attend(): void {
    this.#attention = true;
  }
  /** From a hook or helper: end the run after the instruction at hand. */
  end(stop: CoreStop): void {
    this.#stop ??= stop;
    this.#attention = true;
  }

  /**
   * Executes at most `budget` instructions, exactly that many unless something else ends the run. Never throws for what
   * a guest does. A run that starts where a breakpoint or watchpoint of ours stopped it executes that instruction.
   */
  run(budget: number): CoreStop {
    this.#retiredBefore = this.retired;
    this.#budget = budget;
    this.#remaining = budget;
    this.#stop = undefined;
    this.#stuck = 0;
    // Somebody has moved it away from where it was held: that instruction is not at hand any more.
    if (this.#held !== this.pc) this.#held = undefined;
    this.engine.enter(this);
    for (;;) {
      if (this.#stop !== undefined) return this.#stop;
      if (this.#remaining <= 0) return { kind: 'budget' };
      this.#attention = false;
      const before = this.#remaining;
      if (this.#guest.interrupt()) {
        this.#held = undefined;
      } else {
        if (this.#guest.stepping === true || this.swapData || this.engine.kind === 'evaluator') this.#step();
        else this.#generated();
      }
      if (this.#heldLate) {
        this.#heldLate = false;
        if (this.engine.digesting) this.digest.remove(this.pc);
      }
      if (this.#remaining !== before) this.#stuck = 0;
      else if (this.#stop === undefined && ++this.#stuck > STUCK) {
        return { kind: 'halted', why: `${STUCK} exceptions in a row without an instruction between them, the last at 0x${this.pc.toString(16)}` };
      }
    }
  }

  /**
   * Between runs: executes the instruction at `pc`, which is fetched and decoded as in a run but counts nowhere: not as retired, not in
   * the digest. Stops of ours do not act.
   */
  executeUncounted(): void {
    const [budget, remaining] = [this.#budget, this.#remaining];
    this.engine.enter(this);
    const physical = this.#fetch();
    if (physical !== undefined) {
      const word = this.engine.wordAt(physical);
      this.#passing = true;
      this.#uncounted = true;
      this.#execute(word, this.engine.table.bind(word));
      this.#uncounted = false;
      this.#passing = false;
    }
    this.#budget = budget;
    this.#remaining = remaining;
  }

  /** Between runs: a copy of the state. */
  save(): CoreState {
    const { state, digest } = this;
    const registers: Record<string, bigint> = {};
    for (const slot of state.layout.slots) registers[slot.name] = slot.type === 'v128' ? state.getVector(slot) : state.get(slot);
    return {
      pc: this.pc, retired: this.retired, flags: state.flags, context: this.#context, swapData: this.swapData, registers,
      digest: { value: digest.value, left: digest.left, blocks: [...digest.blocks] },
    };
  }
  /** Between runs: becomes the core that was saved. Throws `RangeError` for the state of another architecture, before anything changes. */
  restore(saved: CoreState): void {
    const { state, digest } = this;
    const { slots } = state.layout;
    const odd = slots.find(({ name }) => typeof saved.registers[name] !== 'bigint')?.name
      ?? Object.keys(saved.registers).find((name) => !slots.some((slot) => slot.name === name));
    if (odd !== undefined) throw new RangeError(`register ${odd} is not in both the saved state and this core; restore it on the architecture that saved it`);
    if (saved.context >= this.#caches.length) throw new RangeError(`the saved context is ${saved.context}, this core has ${this.#caches.length}; give it as many contexts`);
    for (const slot of slots) {
      if (slot.type === 'v128') state.setVector(slot, saved.registers[slot.name]);
      else state.set(slot, saved.registers[slot.name]);
    }
    state.flags = saved.flags;
    this.pc = saved.pc;
    this.swapData = saved.swapData;
    this.#retiredBefore = saved.retired;
    this.#budget = 0;
    this.#remaining = 0;
    this.#held = undefined;
    digest.resume(saved.digest.value, saved.digest.left);
    digest.blocks.splice(0, digest.blocks.length, ...saved.digest.blocks);
    this.flush();
    this.context = saved.context;
  }

  // One instruction by the evaluator

  #step(): void {
    this.#passing = this.#held === this.pc;
    this.#held = undefined;
    this.#stepOne();
    this.#passing = false;
  }
  #stepOne(): void {
    const guest = this.#guest;
    if (guest.stepping === true && guest.before?.() === true) return;
    const physical = this.#fetch();
    if (physical === undefined) return;
    if (this.#stopHere()) return;
    if ((guest.stepping === true || this.#marks.has(this.pc)) && guest.fetched?.() === true) return;
    if (this.engine.digesting) this.digest.add(this.pc);
    const word = this.engine.wordAt(physical);
    if (this.#execute(word, this.engine.table.bind(word)) && guest.stepping === true) guest.after?.();
  }

  /** Executes a word at `pc` and leaves `pc` behind it. False where the instruction did not complete. */
  #execute(word: number, bound: BoundInstruction | undefined): boolean {
    this.#redirected = false;
    this.#retires = true;
    this.#executing = true;
    const outcome = this.#outcome(word, bound);
    this.#executing = false;
    if (this.#retires) this.#remaining--;
    if (outcome === undefined) return false;
    this.pc = outcome;
    return true;
  }

  #outcome(word: number, bound: BoundInstruction | undefined): Outcome {
    if (bound === undefined) return this.#guest.undefined(word);
    if (this.#gated && bound.shape.gated) return this.#guest.gate?.(word);
    return evaluate(this, bound);
  }

  // EvaluatorPort

  access(address: bigint, shape: AccessShape): CheckedAccess | undefined {
    const verdict = checkAccess(this.#guest, this.engine.memory, this.swapData ? other(this.order) : this.order, this.index, address, shape);
    const data = { address, shape, faultAddress: verdict.ok ? address : verdict.at };
    const fault = verdict.ok ? this.#guest.checkData?.(data) : verdict.fault;
    if (fault !== undefined) {
      this.#retires = false;
      this.#guest.dataFault(data, fault);
      return undefined;
    }
    const hit = this.#passing ? undefined : this.stops.hit(address, shape.size, shape.kind);
    if (hit !== undefined) {
      this.#retires = false;
      this.#held = this.pc;
      this.#heldLate = true;
      this.end({ kind: 'watchpoint', pc: this.pc, address, size: shape.size, access: shape.kind });
      return undefined;
    }
    return verdict.ok ? verdict.access : undefined;
  }
  helper(name: string, args: readonly bigint[]): bigint | undefined {
    const result = this.#guest.helpers[name](...args);
    return this.#redirected ? undefined : (result ?? 0n);
  }
  require(name: string): boolean {
    return this.#guest.require?.(name) ?? true;
  }
  raise(name: string, args: readonly bigint[]): void {
    this.#guest.raise(name, args);
    this.#redirected = true;
  }

  // Fetch

  /** Physical address of the instruction at `pc`; undefined where the fetch took an exception or ended the run. */
  #fetch(): number | undefined {
    const fault = (what: unknown): undefined => {
      this.#guest.fetchFault(this.pc, what);
      return undefined;
    };
    if ((this.pc & 3n) !== 0n) return fault({ kind: 'alignment' });
    const translation = this.#guest.translate(this.pc, 'fetch', false);
    if (!translation.ok) return fault(translation.fault);
    const region = this.engine.memory.find(translation.physical);
    if (region?.kind === 'hosted') {
      this.end({ kind: 'hosted', at: this.pc });
      return undefined;
    }
    if (region === undefined || region.kind === 'device') return fault({ kind: 'external', physical: translation.physical });
    return translation.physical;
  }
  /** Stops before the instruction at `pc` where one of our breakpoints is; not where the run resumes from it. */
  #stopHere(): boolean {
    if (this.#passing || !this.stops.breakpoints.has(this.pc)) return false;
    this.#held = this.pc;
    this.end({ kind: 'breakpoint', pc: this.pc });
    return true;
  }
  /** The record of the instruction at `pc`, through the fetch cache; 0 where the fetch was dealt with. */
  #enter(): number {
    const page = this.pc & PAGE_MASK;
    const cache = this.#caches[this.#context];
    const offset = Number(this.pc & BigInt(PAGE_SIZE - 1)) << 2;
    let records = (this.pc & 3n) === 0n ? cache.findFetch(page) : 0;
    if (records === 0) {
      const physical = this.#fetch();
      if (physical === undefined) return 0;
      records = this.engine.recordsOf(this, physical, page);
      cache.fillFetch(page, records);
    }
    const record = records + offset;
    this.state.setWide(HEADER.pageDelta, (this.pc - BigInt(record >>> 2)) & U64);
    return record;
  }

  // Generated code

  #generated(): void {
    const { engine } = this;
    const slice = Math.min(this.#remaining, SLICE);
    const fast = slice > 2 * RESERVE;
    const run = engine.interpreter(!fast);
    if (this.#held === this.pc) {
      this.#step();
      return;
    }
    const record = this.#enter();
    if (record === 0) return;
    if (engine.handler(record) === HANDLER.stop) {
      this.#step();
      return;
    }
    const given = fast ? slice - RESERVE : slice;
    this.#beyond = this.#remaining - given;
    this.#pullDigest();
    const end = run(this.state.base, record, given) >>> 0;
    this.#pushDigest();
    if (end === 0) return;
    this.#remaining = this.#beyond + this.state.int(HEADER.remaining);
    this.pc = this.#pcOf(end);
  }
  #pcOf(record: number): bigint {
    return (this.state.wide(HEADER.pageDelta) + BigInt(record >>> 2)) & U64;
  }
  #pullDigest(): void {
    if (!this.engine.digesting) return;
    this.state.setWide(HEADER.digest, this.digest.value);
    this.state.setInt(HEADER.digestLeft, this.digest.left);
  }
  #pushDigest(): void {
    if (this.engine.digesting) this.digest.resume(this.state.wide(HEADER.digest), this.state.int(HEADER.digestLeft));
  }

  // What generated code calls; `left` counts what it was given.

  /** Predecodes a record. */
  decode(record: number): void {
    this.engine.decode(record);
  }
  /** Executes a record's instruction by the evaluator: 1 to go on behind it, 0 to leave. */
  outOfLine(record: number, left: number): number {
    this.#remaining = this.#beyond + left;
    this.pc = this.#pcOf(record);
    this.#attention = false;
    const next = (this.pc + 4n) & U64;
    const word = this.engine.code.word(record);
    const bound = this.engine.table.bind(word);
    if (bound !== undefined) this.engine.code.missed(bound.shape, this.#gated);
    this.#execute(word, bound);
    if (this.engine.code.outgrown || this.pc !== next || this.#mustLeave()) return 0;
    // Generated code counts the instruction itself.
    return 1;
  }
  /** The record of the address in the header, or 0. */
  fetchMiss(left: number): number {
    this.#remaining = this.#beyond + left;
    this.pc = this.state.wide(HEADER.nextPc);
    this.#attention = false;
    // What a fetch raises belongs to the next run where the budget ends here.
    return this.#remaining > 0 ? this.#enter() : 0;
  }
  /** Fills the data cache for the address in the header: 1 where a retry will hit. */
  fill(description: number): number {
    const address = this.state.wide(HEADER.address);
    const page = address & PAGE_MASK;
    if (this.stops.watchesPage(page)) return 0;
    const access = (description & (1 << 17)) === 0 ? 'read' : 'write';
    const translation = this.#guest.translate(address, access, false);
    if (!translation.ok || translation.volatile === true) return 0;
    const region = this.engine.memory.find(translation.physical);
    if (region === undefined || region.host < 0 || (region.kind !== 'ram' && (access === 'write' || region.kind !== 'rom'))) return 0;
    const within = translation.physical - region.base - Number(address - page);
    this.#caches[this.#context].fillData({
      page, access, host: region.host + within, strict: translation.strict === true, codeMap: this.engine.codeMapOf(translation.physical),
    });
    return 1;
  }

  #mustLeave(): boolean {
    return this.#attention || this.#stop !== undefined || this.#guest.stepping === true || this.swapData;
  }
}

function other(order: ByteOrder): ByteOrder {
  return order === 'little' ? 'big' : 'little';
}
