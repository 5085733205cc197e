import type { Plain } from '@worldswitch/machine';

export const SGIS = 16;
/** SGIs and PPIs: kept by each processor's redistributor. */
export const PRIVATE = 32;
/** No interrupt: less urgent than any priority. */
const IDLE_PRIORITY = 0xff;
const NOWHERE = -1;

/** The most urgent interrupt of a processor. */
export interface PendingInterrupt {
  readonly intid: number;
  /** 0 to 0xff, low is urgent. */
  readonly priority: number;
  readonly group: 0 | 1;
}

/** What distributor and redistributors keep for each interrupt; the first 32 once for each processor. Indices come from `slot`. */
export class Interrupts {
  readonly affinities: readonly bigint[];
  /** Number of INTIDs, a multiple of 32. */
  readonly count: number;
  readonly enabled: Uint8Array;
  /** Pending by an edge, by software or as an SGI: survives the fall of the line. */
  readonly latch: Uint8Array;
  /** The input's level. */
  readonly line: Uint8Array;
  readonly active: Uint8Array;
  readonly edge: Uint8Array;
  /** 0 or 1. */
  readonly group: Uint8Array;
  readonly priority: Uint8Array;
  /** GICD_IROUTER of SPIs: Aff2 to Aff0 in the low word, Aff3 in the other. */
  readonly routeLow: Uint32Array;
  readonly routeHigh: Uint8Array;
  /** Processor of that affinity, or -1; follows from the route. */
  readonly #target: Int16Array;

  /** `affinities`: of each processor, in the fields of MPIDR_EL1. */
  constructor(affinities: readonly bigint[], count: number) {
    const slots = affinities.length * PRIVATE + count - PRIVATE;
    this.affinities = affinities;
    this.count = count;
    this.enabled = new Uint8Array(slots);
    this.latch = new Uint8Array(slots);
    this.line = new Uint8Array(slots);
    this.active = new Uint8Array(slots);
    this.edge = new Uint8Array(slots);
    this.group = new Uint8Array(slots);
    this.priority = new Uint8Array(slots);
    this.routeLow = new Uint32Array(slots);
    this.routeHigh = new Uint8Array(slots);
    this.#target = new Int16Array(slots);
    this.reset();
  }

  get cpus(): number {
    return this.affinities.length;
  }

  reset(): void {
    for (const array of this.#arrays()) array.fill(0);
    // SGIs are edge-triggered, unchangeably (IHI 0069, GICR_ICFGR0).
    for (let cpu = 0; cpu < this.cpus; cpu++) this.edge.fill(1, cpu * PRIVATE, cpu * PRIVATE + SGIS);
    this.#findTargets();
  }

  slot(cpu: number, intid: number): number {
    return intid < PRIVATE ? cpu * PRIVATE + intid : (this.cpus - 1) * PRIVATE + intid;
  }

  /** Pending state (IHI 0069 4.1, interrupt lifecycle): latched, or a level-sensitive input that is high. */
  pending(slot: number): boolean {
    return this.latch[slot] !== 0 || (this.edge[slot] === 0 && this.line[slot] !== 0);
  }

  setLine(slot: number, level: boolean): void {
    if (level && this.line[slot] === 0 && this.edge[slot] !== 0) this.latch[slot] = 1;
    this.line[slot] = level ? 1 : 0;
  }

  /** Routes an SPI. The halves are those of GICD_IROUTER, reserved bits cut off. */
  route(slot: number, low: number, high: number): void {
    this.routeLow[slot] = low & 0x00ff_ffff;
    this.routeHigh[slot] = high & 0xff;
    this.#target[slot] = this.#targetOf(slot);
  }

  /**
   * The interrupt to offer to `cpu`: pending, enabled, its group enabled in `groups` (bits 0 and 1), not active, routed there; the most
   * urgent, of equals the lowest INTID. Priority 0xff never gets through (IHI 0069 4.8, interrupt prioritization): nothing is less urgent than it.
   */
  best(cpu: number, groups: number): PendingInterrupt | undefined {
    let best = NOWHERE;
    let urgency = IDLE_PRIORITY;
    for (let intid = 0; intid < this.count; intid++) {
      const slot = this.slot(cpu, intid);
      if (this.enabled[slot] === 0 || this.active[slot] !== 0 || this.priority[slot] >= urgency || !this.pending(slot)) continue;
      if ((groups & (1 << this.group[slot])) === 0 || (intid >= PRIVATE && this.#target[slot] !== cpu)) continue;
      best = intid;
      urgency = this.priority[slot];
    }
    return best === NOWHERE ? undefined : { intid: best, priority: urgency, group: this.group[this.slot(cpu, best)] === 0 ? 0 : 1 };
  }

  /** Acknowledge (IHI 0069 4.1, interrupt lifecycle): active, no longer latched. A level that is still high leaves it active and pending. */
  activate(cpu: number, intid: number): void {
    const slot = this.slot(cpu, intid);
    this.active[slot] = 1;
    this.latch[slot] = 0;
  }

  deactivate(cpu: number, intid: number): void {
    if (intid < this.count) this.active[this.slot(cpu, intid)] = 0;
  }

  #targetOf(slot: number): number {
    const affinity = (BigInt(this.routeHigh[slot]) << 32n) | BigInt(this.routeLow[slot]);
    return this.affinities.indexOf(affinity);
  }

  #findTargets(): void {
    for (let slot = 0; slot < this.#target.length; slot++) this.#target[slot] = this.#targetOf(slot);
  }

  #arrays(): (Uint8Array | Uint32Array)[] {
    return [this.enabled, this.latch, this.line, this.active, this.edge, this.group, this.priority, this.routeLow, this.routeHigh];
  }

  save(): Plain {
    return this.#arrays().map((array) => (array instanceof Uint8Array ? array.slice() : [...array]));
  }

  restore(state: Plain): void {
    const saved = state as readonly (Uint8Array | readonly number[])[];
    this.#arrays().forEach((array, index) => { array.set(saved[index]); });
    this.#findTargets();
  }
}
