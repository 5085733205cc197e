import { nameOf, REGISTER_LIST, REGISTERS, type ProcessorEvent, type ProcessorEvents, type RegisterName } from '@worldswitch/arm64-sysreg';
import { Ring, type LinearMemory } from '@worldswitch/engine';
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
const KINDS = ['system-register', 'barrier', 'exception', 'hosted'] as const;
const VERDICTS = ['ok', 'undefined', 'trap'] as const;
const BARRIERS: readonly BarrierName[] = ['isb', 'dsb', 'eret', 'sys', 'pstate', 'wfi', 'psb'];
const VECTORS = ['synchronous', 'irq', 'fiq', 'serror'] as const;
const MOVES = ['load', 'store', 'read', 'write'] as const;
/** Registers without a value to show: what is written to them acts and is gone. */
const WRITE_ONLY: ReadonlySet<RegisterName> = new Set(REGISTER_LIST.filter(({ name }) => !REGISTERS[name].access.includes('R')).map(({ name }) => name));

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
 * An observation of one processor, kept in the engine's memory. A row: retired, pc, {kind, el, verdict or name, flags} by bytes, then what
 * the kind needs: encoding, register reached, before, after; 128-bit values as two words.
 */
export class Arm64Observation implements Observer, ProcessorEvents {
  readonly #linear: LinearMemory;
  readonly #ring: Ring;
  readonly #kinds: ReadonlySet<ObservationKind>;
  readonly #port: ObservationPort;
  readonly #lostBefore: number;
  #ended = false;

  constructor(linear: LinearMemory, kinds: readonly ObservationKind[], capacity: number, port: ObservationPort) {
    this.#linear = linear;
    this.#ring = takeRing(linear, capacity);
    this.#lostBefore = this.#ring.lost;
    this.#kinds = new Set(kinds);
    this.#port = port;
  }

  get lost(): number {
    return this.#ring.lost - this.#lostBefore;
  }
  register(place: EventPlace, { direction, encoding, reached, before, after, verdict }: RegisterEvent): void {
    if (!this.#wants('system-register', place.el)) return;
    const silent = reached !== undefined && WRITE_ONLY.has(reached);
    const known = silent ? 0 : (before === undefined ? 0 : 1) | (after === undefined ? 0 : 2);
    const flags = (direction === 'write' ? 1 : 0) | (known << 1);
    this.#write(place, 0, VERDICTS.indexOf(verdict), flags, [BigInt(encoding), BigInt(INDEX.get(reached ?? '') ?? 0), before ?? 0n, after ?? 0n]);
  }
  barrier(place: EventPlace, name: BarrierName, encoding = 0, operand = 0n): void {
    if (this.#wants('barrier', place.el)) this.#write(place, 1, BARRIERS.indexOf(name), 0, [BigInt(encoding), operand]);
  }
  exception(place: EventPlace, { to, vector = 'synchronous', syndrome, returnTo }: ExceptionEntry): void {
    if (this.#wants('exception', to)) this.#write(place, 2, VECTORS.indexOf(vector), to, [syndrome ?? 0n, returnTo]);
  }
  moved(place: EventPlace, { move, at, size, before, after }: MoveEvent): void {
    if (!this.#wants('hosted', place.el)) return;
    const high = 64n;
    this.#write(place, 3, MOVES.indexOf(move), size, [at, BigInt.asUintN(64, before), before >> high, BigInt.asUintN(64, after), after >> high]);
  }

  drain(): readonly (ProcessorEvent)[] {
    return this.#ended ? [] : this.#ring.drain().map(eventOf);
  }
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#port.stop();
    this.#ring.drain();
    spare.set(this.#linear, [...(spare.get(this.#linear) ?? []), this.#ring]);
  }

  #wants(kind: ObservationKind, el: number): boolean {
    return this.#kinds.has(kind) && this.#port.omit?.(el) !== true;
  }
  #write({ retired, pc, el }: EventPlace, kind: number, code: number, flags: number, rest: readonly bigint[]): void {
    this.#ring.write([BigInt(retired), pc, BigInt(kind | (el << 8) | (code << 16) | (flags << 24)), ...rest]);
  }
}

function eventOf([retired, pc, info, a, b, c, d, e]: readonly bigint[]): ProcessorEvent {
  const byte = (at: bigint): number => Number((info >> at) & 0xffn);
  const [kind, el, code, flags] = [KINDS[byte(0n)], byte(8n), byte(16n), byte(24n)];
  const place = { retired, pc, el };
  switch (kind) {
    case 'barrier': return { kind, ...place, name: BARRIERS[code], encoding: Number(a), operand: b };
    case 'exception': return { kind, ...place, vector: VECTORS[code], to: flags, syndrome: a, returnTo: b };
    case 'hosted': {
      const move = MOVES[code];
      const [before, after] = [b | (c << 64n), d | (e << 64n)];
      return move === 'load' || move === 'store'
        ? { kind, ...place, move, address: a, size: flags, value: after } : { kind, ...place, move, register: Number(a), before, after };
    }
    case 'system-register': return {
      kind, ...place, direction: (flags & 1) === 1 ? 'write' : 'read', encoding: Number(a), written: nameOf(Number(a), (flags & 1) === 1 ? 'write' : 'read'),
      reached: b === 0n ? null : REGISTER_LIST[Number(b) - 1].name, verdict: VERDICTS[code],
      before: (flags & 2) === 0 ? null : c, after: (flags & 4) === 0 ? null : d,
    };
  }
}
