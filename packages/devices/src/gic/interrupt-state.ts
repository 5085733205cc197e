/** What either version of the controller keeps for an interrupt. Where one goes, and how a software one is sent, is what the versions differ in. */
import type { Plain } from '@worldswitch/machine';

export const SGIS = 16;
/** SGIs and PPIs: of each processor its own. */
export const PRIVATE = 32;

/** The first 32 INTIDs are there once for each processor. Indices of the arrays come from `slot`. */
export class InterruptState {
  readonly cpus: number;
  /** Number of INTIDs, a multiple of 32. */
  readonly count: number;
  /** As many entries as the arrays have. */
  readonly slots: number;
  readonly enabled: Uint8Array;
  /** Pending by an edge, by software, or as an SGI: survives the fall of the line. */
  readonly latch: Uint8Array;
  /** The input's level. */
  readonly line: Uint8Array;
  readonly active: Uint8Array;
  readonly edge: Uint8Array;
  /** 0 or 1. */
  readonly group: Uint8Array;
  readonly priority: Uint8Array;

  constructor(cpus: number, count: number) {
    this.cpus = cpus;
    this.count = count;
    this.slots = cpus * PRIVATE + count - PRIVATE;
    this.enabled = new Uint8Array(this.slots);
    this.latch = new Uint8Array(this.slots);
    this.line = new Uint8Array(this.slots);
    this.active = new Uint8Array(this.slots);
    this.edge = new Uint8Array(this.slots);
    this.group = new Uint8Array(this.slots);
    this.priority = new Uint8Array(this.slots);
    this.reset();
  }

  /** SGIs are edge-triggered, unchangeably (IHI 0048B 4.3.13; IHI 0069, GICR_ICFGR0). */
  reset(): void {
    for (const array of this.#arrays()) array.fill(0);
    for (let cpu = 0; cpu < this.cpus; cpu++) this.edge.fill(1, cpu * PRIVATE, cpu * PRIVATE + SGIS);
  }

  slot(cpu: number, intid: number): number {
    return intid < PRIVATE ? cpu * PRIVATE + intid : (this.cpus - 1) * PRIVATE + intid;
  }

  /** Pending state (IHI 0048B 3.2.4; IHI 0069 4.1, interrupt lifecycle): latched, or a level-sensitive input that is high. */
  pending(slot: number): boolean {
    return this.latch[slot] !== 0 || (this.edge[slot] === 0 && this.line[slot] !== 0);
  }

  setLine(slot: number, level: boolean): void {
    if (level && this.line[slot] === 0 && this.edge[slot] !== 0) this.latch[slot] = 1;
    this.line[slot] = level ? 1 : 0;
  }

  /**
   * The interrupt to offer to `cpu`: pending, enabled, its group enabled in `groups` (bits 0 and 1), not active, a shared one if it `reaches`
   * that processor; of those with priorities below `idle` the most urgent, of equals the lowest INTID. -1: none.
   */
  best(cpu: number, groups: number, idle: number, reaches: (slot: number, cpu: number) => boolean): number {
    let best = -1;
    let urgency = idle;
    for (let intid = 0; intid < this.count; intid++) {
      const slot = this.slot(cpu, intid);
      if (this.enabled[slot] === 0 || this.active[slot] !== 0 || this.priority[slot] >= urgency || !this.pending(slot)) continue;
      if ((groups & (1 << this.group[slot])) === 0 || (intid >= PRIVATE && !reaches(slot, cpu))) continue;
      best = intid;
      urgency = this.priority[slot];
    }
    return best;
  }

  deactivate(cpu: number, intid: number): void {
    if (intid < this.count) this.active[this.slot(cpu, intid)] = 0;
  }

  #arrays(): Uint8Array[] {
    return [this.enabled, this.latch, this.line, this.active, this.edge, this.group, this.priority];
  }

  save(): Plain {
    return this.#arrays().map((array) => array.slice());
  }

  restore(state: Plain): void {
    const saved = state as readonly Uint8Array[];
    this.#arrays().forEach((array, index) => { array.set(saved[index]); });
  }
}
