import { nameOf, REGISTER_LIST, type RegisterName } from '@worldswitch/arm64-sysreg';
import { Ring, type LinearMemory } from '@worldswitch/engine';
import type { Observation, ObservationKind, ObservationRing } from '@worldswitch/machine';
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
export type BarrierName = 'isb' | 'dsb' | 'eret' | 'sys';

/** Where an event happened. */
export interface EventPlace {
  readonly retired: number;
  readonly pc: bigint;
  readonly el: number;
}

/** Told of everything that a world switch is made of. Absent, the processor spends nothing on it. */
export interface Observer {
  register(place: EventPlace, event: RegisterEvent): void;
  /** Barriers, exception return and system instructions. `encoding` of a SYS instruction. */
  barrier(place: EventPlace, name: BarrierName, encoding?: number, operand?: bigint): void;
  exception(place: EventPlace, entry: ExceptionEntry): void;
}

const INDEX = new Map<string, number>(REGISTER_LIST.map(({ name }, index) => [name, index + 1]));
const KINDS = ['system-register', 'barrier', 'exception'] as const;
const VERDICTS = ['ok', 'undefined', 'trap'] as const;
const BARRIERS: readonly BarrierName[] = ['isb', 'dsb', 'eret', 'sys'];
const VECTORS = ['synchronous', 'irq', 'fiq', 'serror'] as const;

/**
 * An observation of one processor, kept in the engine's memory. A row: retired, pc, {kind, el, verdict or name, direction} by bytes,
 * encoding, register reached, before, after.
 */
export class Arm64Observation implements Observer, ObservationRing {
  readonly #ring: Ring;
  readonly #kinds: ReadonlySet<ObservationKind>;
  readonly #stop: () => void;

  constructor(linear: LinearMemory, kinds: readonly ObservationKind[], capacity: number, stop: () => void) {
    this.#ring = new Ring(linear, capacity);
    this.#kinds = new Set(kinds);
    this.#stop = stop;
  }

  get lost(): number {
    return this.#ring.lost;
  }
  register(place: EventPlace, { direction, encoding, reached, before, after, verdict }: RegisterEvent): void {
    if (!this.#kinds.has('system-register')) return;
    const known = (before === undefined ? 0 : 1) | (after === undefined ? 0 : 2);
    this.#write(place, 0, VERDICTS.indexOf(verdict), (direction === 'write' ? 1 : 0) | (known << 1), encoding, BigInt(INDEX.get(reached ?? '') ?? 0), before ?? 0n, after ?? 0n);
  }
  barrier(place: EventPlace, name: BarrierName, encoding = 0, operand = 0n): void {
    if (this.#kinds.has('barrier')) this.#write(place, 1, BARRIERS.indexOf(name), 0, encoding, operand, 0n, 0n);
  }
  exception(place: EventPlace, { to, vector = 'synchronous', syndrome, returnTo }: ExceptionEntry): void {
    if (this.#kinds.has('exception')) this.#write(place, 2, VECTORS.indexOf(vector), to, 0, syndrome ?? 0n, returnTo, 0n);
  }

  drain(): readonly Observation[] {
    return this.#ring.drain().map(([retired, pc, info, encoding, reached, before, after]): Observation => {
      const byte = (at: bigint): number => Number((info >> at) & 0xffn);
      const [kind, el, code, flags] = [KINDS[byte(0n)], byte(8n), byte(16n), byte(24n)];
      const place = { kind, retired, pc, el };
      if (kind === 'barrier') return { ...place, name: BARRIERS[code], encoding: Number(encoding), operand: reached };
      if (kind === 'exception') return { ...place, vector: VECTORS[code], to: flags, syndrome: reached, returnTo: before };
      return {
        ...place, direction: (flags & 1) === 1 ? 'write' : 'read', encoding: Number(encoding), written: nameOf(Number(encoding)),
        reached: reached === 0n ? null : REGISTER_LIST[Number(reached) - 1].name, verdict: VERDICTS[code],
        before: (flags & 2) === 0 ? null : before, after: (flags & 4) === 0 ? null : after,
      };
    });
  }
  [Symbol.dispose](): void {
    this.#stop();
  }

  #write({ retired, pc, el }: EventPlace, kind: number, code: number, flags: number, encoding: number, reached: bigint, before: bigint, after: bigint): void {
    this.#ring.write([BigInt(retired), pc, BigInt(kind | (el << 8) | (code << 16) | (flags << 24)), BigInt(encoding), reached, before, after]);
  }
}
