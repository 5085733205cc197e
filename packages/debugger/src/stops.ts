import { hex } from '@worldswitch/bits';
import { DebuggerError } from './error.ts';

export type WatchAccess = 'read' | 'write' | 'both';

/** What a user asks for. Addresses are virtual, in the world that the target belongs to. */
export type StopRequest =
  | { readonly kind: 'breakpoint'; readonly address: bigint }
  | { readonly kind: 'watchpoint'; readonly address: bigint; readonly length: number; readonly access: WatchAccess };

/** A stop in the table. `hits` counts how often it ended a run. */
export type Stop = StopRequest & { readonly id: number; readonly enabled: boolean; readonly hits: number };

/** Registers that a stop takes, where stops are hardware. */
export interface SlotCount {
  readonly breakpoints: number;
  readonly watchpoints: number;
}

/**
 * Where stops take effect.
 *
 * - `machine`: outside every world, as an emulator's own: any number of them, invisible to all software on the machine.
 * - `virtual`: the debug registers of a virtual processor, set by its VMM as KVM_SET_GUEST_DEBUG does: few, and they stop the guest as
 *   hardware does, with a syndrome.
 */
export interface StopTarget {
  readonly regime: 'machine' | 'virtual';
  /** Bytes; an instruction begins at a multiple of it. */
  readonly instructionAlignment: number;
  /** Absent: as many as you like. */
  readonly limits?: SlotCount;
  /** What a stop takes of `limits`; one register each where this is absent. May throw `DebuggerError` for one that hardware cannot express. */
  cost?(request: StopRequest): SlotCount;
  /** Makes exactly these the stops in force. Where it throws, the former ones stay. */
  apply(stops: readonly Stop[]): void;
}

/** The stop that ended a run, as the target saw it. */
export type StopHit =
  | { readonly kind: 'breakpoint'; readonly address: bigint }
  | { readonly kind: 'watchpoint'; readonly address: bigint; readonly length: number; readonly access: 'read' | 'write' };

const U64 = 1n << 64n;

/** The stops of one target. Every change is checked and applied as a whole, or refused as a whole. */
export class StopTable {
  readonly #target: StopTarget;
  #stops: readonly Stop[] = [];
  #next = 1;

  constructor(target: StopTarget) {
    this.#target = target;
  }

  get stops(): readonly Stop[] {
    return this.#stops;
  }

  /**
   * @throws DebuggerError `unaligned`, `bad-range`, or `no-slots`: hardware has no register left, which KVM answers with ENOBUFS.
   */
  add(request: StopRequest): Stop {
    this.#check(request);
    const stop: Stop = { ...request, id: this.#next, enabled: true, hits: 0 };
    this.#commit([...this.#stops, stop]);
    this.#next++;
    return stop;
  }

  /** @throws DebuggerError `unknown-stop`. */
  remove(id: number): void {
    this.#find(id);
    this.#commit(this.#stops.filter((stop) => stop.id !== id));
  }

  /** @throws DebuggerError `unknown-stop`, `no-slots`. */
  enable(id: number, enabled: boolean): void {
    this.#find(id);
    this.#commit(this.#stops.map((stop) => (stop.id === id ? { ...stop, enabled } : stop)));
  }

  /** Removes all. */
  clear(): void {
    this.#commit([]);
  }

  /** Counts a hit; gives the stop that it is of, undefined for a hit of nobody here (a guest's own breakpoint, say). */
  hit(hit: StopHit): Stop | undefined {
    const found = this.#stops.find((stop) => stop.enabled && touches(stop, hit));
    if (found === undefined) return undefined;
    const counted = { ...found, hits: found.hits + 1 };
    this.#stops = this.#stops.map((stop) => (stop.id === found.id ? counted : stop));
    return counted;
  }

  #find(id: number): Stop {
    const found = this.#stops.find((stop) => stop.id === id);
    if (found !== undefined) return found;
    const ids = this.#stops.map((stop) => stop.id).join(', ');
    throw new DebuggerError({ code: 'unknown-stop', value: `stop ${id}`, rule: 'no stop has this number', remedy: ids === '' ? 'there are none' : `there are ${ids}` });
  }

  #check(request: StopRequest): void {
    const { address } = request;
    const length = request.kind === 'breakpoint' ? 1 : request.length;
    if (!Number.isInteger(length) || length < 1 || address < 0n || address + BigInt(length) > U64) {
      throw new DebuggerError({
        code: 'bad-range', value: `${request.kind} of ${length} bytes at ${hexOrText(address)}`, rule: 'a stop covers at least one byte, within 64 bits of address',
        remedy: 'correct the address or the length',
      });
    }
    const alignment = BigInt(this.#target.instructionAlignment);
    if (request.kind === 'breakpoint' && address % alignment !== 0n) {
      throw new DebuggerError({
        code: 'unaligned', value: `breakpoint at ${hex(address)}`, rule: `an instruction begins at a multiple of ${alignment}`,
        remedy: `use ${hex(address - (address % alignment))} or ${hex(address - (address % alignment) + alignment)}`,
      });
    }
  }

  #commit(stops: readonly Stop[]): void {
    const enabled = stops.filter((stop) => stop.enabled);
    const { limits } = this.#target;
    if (limits !== undefined) {
      const used = { breakpoints: 0, watchpoints: 0 };
      for (const stop of enabled) {
        const cost = this.#target.cost?.(stop) ?? { breakpoints: stop.kind === 'breakpoint' ? 1 : 0, watchpoints: stop.kind === 'watchpoint' ? 1 : 0 };
        used.breakpoints += cost.breakpoints;
        used.watchpoints += cost.watchpoints;
      }
      for (const kind of ['breakpoints', 'watchpoints'] as const) {
        if (used[kind] <= limits[kind]) continue;
        throw new DebuggerError({
          code: 'no-slots', value: `${used[kind]} hardware ${kind}`, rule: `ENOBUFS: the processor has ${limits[kind]}`,
          remedy: 'remove one first, or stop the machine from outside, where there is no limit',
        });
      }
    }
    this.#target.apply(enabled);
    this.#stops = stops;
  }
}

function touches(stop: Stop, hit: StopHit): boolean {
  if (stop.kind === 'breakpoint') return hit.kind === 'breakpoint' && stop.address === hit.address;
  if (hit.kind !== 'watchpoint' || (stop.access !== 'both' && stop.access !== hit.access)) return false;
  return hit.address < stop.address + BigInt(stop.length) && stop.address < hit.address + BigInt(hit.length);
}

const hexOrText = (address: bigint): string => (address < 0n ? String(address) : hex(address));
