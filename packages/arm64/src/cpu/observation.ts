import { nameOf, REGISTER_LIST, REGISTERS, type DeferredEvents, type ProcessorEvent, type ProcessorEvents, type RegisterName } from '@worldswitch/arm64-sysreg';
import { Ring, RING_WORDS, type LinearMemory } from '@worldswitch/engine';
import type { ObservationKind } from '@worldswitch/machine';
import type { ExceptionEntry } from './exceptions.ts';

/** What the processor reports; see {@link Observer}. */
export interface RegisterEvent {
  readonly direction: 'read' | 'write';
  /** The encoding in the instruction. */
  readonly encoding: number;
  /** The register that was reached; absent where the access was refused. */
  readonly reached?: RegisterName;
  readonly before?: bigint;
  readonly after?: bigint;
  readonly verdict: 'ok' | 'undefined' | 'trap';
}
/** `pstate` is MSR (immediate). */
export type BarrierName = 'isb' | 'dsb' | 'eret' | 'sys' | 'pstate' | 'wfi' | 'psb';

/** A load or store of hosted code, `at` a physical address with `size` bytes; or a move of V register `at`, 128 bits. */
export interface MoveEvent {
  readonly move: 'load' | 'store' | 'read' | 'write';
  readonly at: bigint;
  readonly size: number;
  readonly before: bigint;
  readonly after: bigint;
}

/** Where an event happened. */
export interface EventPlace {
  readonly retired: number;
  readonly pc: bigint;
  readonly el: number;
}

/** Told of everything that a world switch is made of. Absent, the processor spends nothing on it. */
export interface Observer {
  register(place: EventPlace, event: RegisterEvent): void;
  /** Barriers, exception return, system instructions, PSTATE and WFI. What `encoding` and `operand` are: see `SteeringEvent`. */
  barrier(place: EventPlace, name: BarrierName, encoding?: number, operand?: bigint): void;
  exception(place: EventPlace, entry: ExceptionEntry): void;
  moved(place: EventPlace, event: MoveEvent): void;
}

const INDEX = new Map<string, number>(REGISTER_LIST.map(({ name }, index) => [name, index + 1]));
const VERDICTS = ['ok', 'undefined', 'trap'] as const;
const BARRIERS: readonly BarrierName[] = ['isb', 'dsb', 'eret', 'sys', 'pstate', 'wfi', 'psb'];
const VECTORS = ['synchronous', 'irq', 'fiq', 'serror'] as const;
const MOVES = ['load', 'store', 'read', 'write'] as const;
/** By index: registers without a value to show, because what is written to them acts and is gone. */
const WRITE_ONLY: readonly boolean[] = [false, ...REGISTER_LIST.map(({ name }) => !REGISTERS[name].access.includes('R'))];

/** Kinds of rows. */
const KIND = { register: 0, barrier: 1, exception: 2, hosted: 3 } as const;
/** What of a register's values is known. */
const KNOWN = { write: 1, before: 2, after: 4 } as const;

/** Rings whose observation has ended: memory of the engine is never given back, so the next one takes them. */
const spare = new WeakMap<LinearMemory, Ring[]>();
function takeRing(linear: LinearMemory, capacity: number): Ring {
  const rings = spare.get(linear) ?? [];
  const at = rings.findIndex((ring) => ring.capacity === capacity);
  return at < 0 ? new Ring(linear, capacity) : rings.splice(at, 1)[0];
}

/** How an observation ends, and what it leaves out. */
export interface ObservationPort {
  stop(): void;
  /** True for events of, and exceptions taken to, a level that is not observed at present. */
  omit?(el: number): boolean;
}

/**
 * An observation of one processor, kept in the engine's memory. A row: retired; pc; {kind, level, verdict or name, flags} by bytes, then
 * encoding and register reached by halfwords; then the values that the kind has, of which 128-bit ones are two words.
 */
export class Arm64Observation implements Observer, ProcessorEvents {
  readonly #linear: LinearMemory;
  readonly #ring: Ring;
  readonly #kinds: ReadonlySet<ObservationKind>;
  readonly #port: ObservationPort;
  readonly #lostBefore: number;
  readonly #countBefore: number;
  #ended = false;

  constructor(linear: LinearMemory, kinds: readonly ObservationKind[], capacity: number, port: ObservationPort) {
    this.#linear = linear;
    this.#ring = takeRing(linear, capacity);
    this.#lostBefore = this.#ring.lost;
    this.#countBefore = this.#ring.count;
    this.#kinds = new Set(kinds);
    this.#port = port;
  }

  get lost(): number {
    return this.#ring.lost - this.#lostBefore;
  }
  register(place: EventPlace, { direction, encoding, reached, before, after, verdict }: RegisterEvent): void {
    if (!this.#wants('system-register', place.el)) return;
    const index = reached === undefined ? 0 : (INDEX.get(reached) ?? 0);
    const known = WRITE_ONLY[index] ? 0 : (before === undefined ? 0 : KNOWN.before) | (after === undefined ? 0 : KNOWN.after);
    const at = this.#row(place, KIND.register, VERDICTS.indexOf(verdict), known | (direction === 'write' ? KNOWN.write : 0), encoding, index);
    if ((known & KNOWN.before) !== 0) this.#linear.u64[at] = before ?? 0n;
    if ((known & KNOWN.after) !== 0) this.#linear.u64[at + 1] = after ?? 0n;
  }
  barrier(place: EventPlace, name: BarrierName, encoding = 0, operand = 0n): void {
    if (!this.#wants('barrier', place.el)) return;
    this.#linear.u64[this.#row(place, KIND.barrier, BARRIERS.indexOf(name), 0, encoding, 0)] = operand;
  }
  exception(place: EventPlace, { to, vector = 'synchronous', syndrome, returnTo }: ExceptionEntry): void {
    if (!this.#wants('exception', to)) return;
    const at = this.#row(place, KIND.exception, VECTORS.indexOf(vector), to, 0, 0);
    this.#linear.u64[at] = syndrome ?? 0n;
    this.#linear.u64[at + 1] = returnTo;
  }
  moved(place: EventPlace, { move, at, size, before, after }: MoveEvent): void {
    if (!this.#wants('hosted', place.el)) return;
    const row = this.#row(place, KIND.hosted, MOVES.indexOf(move), size, 0, 0);
    const { u64 } = this.#linear;
    u64[row] = at;
    u64[row + 1] = after;
    if (size <= 8) return;
    u64[row + 2] = after >> 64n;
    u64[row + 3] = before;
    u64[row + 4] = before >> 64n;
  }

  drain(): readonly ProcessorEvent[] {
    return [...this.deferred.take()];
  }
  readonly deferred: DeferredEvents = this.#deferred();
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#port.stop();
    this.#ring.take();
    spare.set(this.#linear, [...(spare.get(this.#linear) ?? []), this.#ring]);
  }

  #deferred(): DeferredEvents {
    const count = (): number => this.#ring.count - this.#countBefore;
    return {
      get count() { return count(); },
      take: () => new PackedEvents(this.#ended ? NOTHING : this.#ring.take()),
    };
  }
  #wants(kind: ObservationKind, el: number): boolean {
    return this.#kinds.has(kind) && this.#port.omit?.(el) !== true;
  }
  /** A new row; the index of the word for its first value. */
  #row({ retired, pc, el }: EventPlace, kind: number, code: number, flags: number, encoding: number, reached: number): number {
    const at = this.#ring.append();
    const { u32, u64 } = this.#linear;
    u32[2 * at] = retired;
    u32[2 * at + 1] = retired / 2 ** 32;
    u64[at + 1] = pc;
    u32[2 * at + 4] = kind | (el << 8) | (code << 16) | (flags << 24);
    u32[2 * at + 5] = encoding | (reached << 16);
    return at + 3;
  }
}

const NOTHING = new BigUint64Array(0);

/** Rows as they were written, made into events when somebody wants them. */
class PackedEvents implements Iterable<ProcessorEvent> {
  readonly #words: BigUint64Array;
  readonly #halves: Uint32Array;

  constructor(words: BigUint64Array) {
    this.#words = words;
    this.#halves = new Uint32Array(words.buffer);
  }

  get length(): number {
    return this.#words.length / RING_WORDS;
  }
  *[Symbol.iterator](): Iterator<ProcessorEvent> {
    for (let at = 0; at < this.#words.length; at += RING_WORDS) yield this.#event(at);
  }

  #event(at: number): ProcessorEvent {
    const [words, halves] = [this.#words, this.#halves];
    const retired = BigInt(halves[2 * at] + halves[2 * at + 1] * 2 ** 32);
    const pc = words[at + 1];
    const info = halves[2 * at + 4];
    const [kind, el, code, flags] = [info & 0xff, (info >>> 8) & 0xff, (info >>> 16) & 0xff, info >>> 24];
    const encoding = halves[2 * at + 5] & 0xffff;
    const first = at + 3;
    switch (kind) {
      case KIND.barrier: return { kind: 'barrier', retired, pc, el, name: BARRIERS[code], encoding, operand: words[first] };
      case KIND.exception: return { kind: 'exception', retired, pc, el, vector: VECTORS[code], to: flags, syndrome: words[first], returnTo: words[first + 1] };
      case KIND.hosted: {
        const move = MOVES[code];
        return move === 'load' || move === 'store'
          ? { kind: 'hosted', retired, pc, el, move, address: words[first], size: flags, value: words[first + 1] }
          : { kind: 'hosted', retired, pc, el, move, register: Number(words[first]), before: wide(words, first + 3), after: wide(words, first + 1) };
      }
      default: {
        const reached = halves[2 * at + 5] >>> 16;
        const direction = (flags & KNOWN.write) !== 0 ? 'write' : 'read';
        return {
          kind: 'system-register', retired, pc, el, direction, encoding, written: written(encoding, direction),
          reached: reached === 0 ? null : REGISTER_LIST[reached - 1].name, verdict: VERDICTS[code],
          before: (flags & KNOWN.before) === 0 ? null : words[first], after: (flags & KNOWN.after) === 0 ? null : words[first + 1],
        };
      }
    }
  }
}

function wide(words: BigUint64Array, at: number): bigint {
  return words[at] | (words[at + 1] << 64n);
}

/** Names that were looked up, by encoding. */
const NAMES = { read: new Map<number, string>(), write: new Map<number, string>() } as const;
function written(encoding: number, direction: 'read' | 'write'): string {
  let name = NAMES[direction].get(encoding);
  if (name === undefined) NAMES[direction].set(encoding, (name = nameOf(encoding, direction)));
  return name;
}
