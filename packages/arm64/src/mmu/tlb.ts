/**
 * The architectural TLB: a bounded, set-associative memory of finished translations (both stages in one entry). It is part of the
 * processor's state and its replacement is fixed, so that runs repeat. Entries stay until an invalidation or a replacement takes them,
 * also where tables changed without TLB maintenance: software that forgets a TLBI meets its stale translation here as on silicon.
 * Faults are never kept (DDI 0487 D8.17).
 */
import type { RegimeKind } from './regime.ts';

/** Bits of a virtual page number: VA[55:12]. Bits 63:56 repeat bit 55 or are a tag. */
export const PAGE_BITS = 44;

export interface TlbEntry {
  readonly kind: RegimeKind;
  /** Number of the regime's shape. */
  readonly shape: number;
  readonly vmid: number;
  readonly asid: number;
  readonly global: boolean;
  /** Base-2 logarithm of the bytes that the entry maps. */
  readonly shift: number;
  /** The same for its stage 1 page or block, which a stage 2 mapping may have cut down: maintenance by address hits all of that. */
  readonly stage1Shift: number;
  /** VA[55:shift]. */
  readonly page: number;
  /** Physical address of its first byte. */
  readonly physical: number;
  /** Bits of `ALLOW` that both stages grant without further work. */
  readonly allowed: number;
  /** Which stage makes data accesses Device; 0 is Normal memory. */
  readonly device: 0 | 1 | 2;
}

export interface TlbGeometry {
  /** A power of two. */
  readonly sets: number;
  readonly ways: number;
}

/** Which entries go. Everything left out matches. */
export interface Selection {
  readonly kind: RegimeKind;
  readonly vmid?: number;
  /** Entries of this ASID; global ones only where `alsoGlobal`. */
  readonly asid?: number;
  readonly alsoGlobal?: boolean;
  /** First page VA[55:12] and number of 4 KiB pages. */
  readonly pages?: { readonly first: number; readonly count: number };
}

/** A TLB as plain data: per slot the fields of {@link TlbEntry} in order (flags as 0 or 1), or null. */
export interface TlbState {
  readonly slots: readonly (readonly number[] | null)[];
  readonly next: readonly number[];
}

const KINDS: readonly RegimeKind[] = ['el10', 'el20', 'el2'];

export class Tlb {
  readonly #sets: number;
  readonly #ways: number;
  #slots: (TlbEntry | undefined)[];
  /** The way that the next replacement takes, per set. */
  #next: number[];
  /** Live entries by shift; the shifts in use are few, and a lookup tries each. */
  readonly #population = new Map<number, number>();
  #shifts: number[] = [];

  constructor({ sets, ways }: TlbGeometry) {
    if (sets < 1 || (sets & (sets - 1)) !== 0) throw new RangeError(`${sets} TLB sets: the number of sets is a power of two`);
    if (ways < 1) throw new RangeError(`${ways} TLB ways: at least one is needed`);
    this.#sets = sets;
    this.#ways = ways;
    this.#slots = new Array<TlbEntry | undefined>(sets * ways).fill(undefined);
    this.#next = new Array<number>(sets).fill(0);
  }

  /** The entry for a page number VA[55:12], smallest size first. */
  find(shape: number, vmid: number, asid: number, page: number): TlbEntry | undefined {
    for (const shift of this.#shifts) {
      const tag = shift === 12 ? page : Math.floor(page / 2 ** (shift - 12));
      const first = (tag & (this.#sets - 1)) * this.#ways;
      for (let slot = first; slot < first + this.#ways; slot++) {
        const e = this.#slots[slot];
        if (e !== undefined && e.page === tag && e.shift === shift && e.shape === shape && e.vmid === vmid && (e.global || e.asid === asid)) return e;
      }
    }
    return undefined;
  }

  /** Adds an entry and returns the live one that had to go, if any. A free way is taken first, then ways in turn. */
  insert(entry: TlbEntry): TlbEntry | undefined {
    const set = entry.page & (this.#sets - 1);
    const first = set * this.#ways;
    let slot = first;
    while (slot < first + this.#ways && this.#slots[slot] !== undefined) slot++;
    if (slot === first + this.#ways) {
      slot = first + this.#next[set];
      this.#next[set] = (this.#next[set] + 1) % this.#ways;
    }
    const old = this.#slots[slot];
    if (old !== undefined) this.#count(old.shift, -1);
    this.#slots[slot] = entry;
    this.#count(entry.shift, 1);
    return old;
  }

  remove(entry: TlbEntry): void {
    const slot = this.#slots.indexOf(entry, (entry.page & (this.#sets - 1)) * this.#ways);
    if (slot >= 0) this.#drop(slot);
  }

  invalidate(selection: Selection): void {
    if (this.#shifts.length === 0) return;
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const e = this.#slots[slot];
      if (e !== undefined && selected(e, selection)) this.#drop(slot);
    }
  }

  /** Drops what was translated under a shape whose number is about to mean another. */
  forgetShape(shape: number): void {
    for (let slot = 0; slot < this.#slots.length; slot++) if (this.#slots[slot]?.shape === shape) this.#drop(slot);
  }

  /** Live entries, in slot order. */
  entries(): readonly TlbEntry[] {
    return this.#slots.filter((e) => e !== undefined);
  }

  save(): TlbState {
    return { slots: this.#slots.map((e) => (e === undefined ? null : pack(e))), next: [...this.#next] };
  }

  /** @throws RangeError where the state is of a TLB of another size. */
  restore(state: TlbState): void {
    if (state.slots.length !== this.#slots.length || state.next.length !== this.#sets) {
      throw new RangeError(`a TLB of ${state.slots.length} entries in ${state.next.length} sets does not fit ${this.#slots.length} in ${this.#sets}`);
    }
    this.#slots = state.slots.map((values) => (values === null ? undefined : unpack(values)));
    this.#next = [...state.next];
    this.#population.clear();
    this.#shifts = [];
    for (const e of this.#slots) if (e !== undefined) this.#count(e.shift, 1);
  }

  #drop(slot: number): void {
    this.#count((this.#slots[slot] as TlbEntry).shift, -1);
    this.#slots[slot] = undefined;
  }

  #count(shift: number, by: 1 | -1): void {
    const now = (this.#population.get(shift) ?? 0) + by;
    this.#population.set(shift, now);
    if (now === (by === 1 ? 1 : 0)) this.#shifts = [...this.#population].filter(([, n]) => n > 0).map(([s]) => s).sort((a, b) => a - b);
  }
}

function selected(e: TlbEntry, { kind, vmid, asid, alsoGlobal, pages }: Selection): boolean {
  if (e.kind !== kind || (vmid !== undefined && e.vmid !== vmid)) return false;
  if (asid !== undefined && (e.global ? alsoGlobal !== true : e.asid !== asid)) return false;
  if (pages === undefined) return true;
  const shift = Math.max(e.shift, e.stage1Shift) - 12;
  const start = Math.floor((e.page * 2 ** (e.shift - 12)) / 2 ** shift) * 2 ** shift;
  return start < pages.first + pages.count && start + 2 ** shift > pages.first;
}

function pack(e: TlbEntry): number[] {
  return [KINDS.indexOf(e.kind), e.shape, e.vmid, e.asid, e.global ? 1 : 0, e.shift, e.stage1Shift, e.page, e.physical, e.allowed, e.device];
}

function unpack(values: readonly number[]): TlbEntry {
  const [kind, shape, vmid, asid, global, shift, stage1Shift, page, physical, allowed, device] = values;
  return {
    kind: KINDS[kind], shape, vmid, asid, global: global === 1, shift, stage1Shift, page, physical, allowed, device: device as 0 | 1 | 2,
  };
}
