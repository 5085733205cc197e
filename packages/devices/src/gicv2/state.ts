import { stateOf, type Plain } from '@worldswitch/machine';
import { CTLR_CBPR, CTLR_ENABLE_GRP0, CTLR_ENABLE_GRP1, IDLE_PRIORITY } from './registers.ts';

export const SGIS = 16;
/** SGIs and PPIs: banked for each processor. */
export const BANKED = 32;

/** What the distributor keeps for each interrupt; the first 32 once for each processor. Indices come from `slot`. */
export class Interrupts {
  readonly cpus: number;
  /** Number of INTIDs, a multiple of 32. */
  readonly count: number;
  readonly enabled: Uint8Array;
  /** Pending by an edge, by software, or by an SGI: survives the fall of the line. */
  readonly latch: Uint8Array;
  /** The input's level. */
  readonly line: Uint8Array;
  readonly active: Uint8Array;
  readonly edge: Uint8Array;
  /** 0 or 1. */
  readonly group: Uint8Array;
  readonly priority: Uint8Array;
  /** Processor mask; SPIs only. */
  readonly target: Uint8Array;
  /** For each processor and SGI the mask of processors that sent it. */
  readonly sources: Uint8Array;

  constructor(cpus: number, count: number) {
    const slots = cpus * BANKED + count - BANKED;
    this.cpus = cpus;
    this.count = count;
    this.enabled = new Uint8Array(slots);
    this.latch = new Uint8Array(slots);
    this.line = new Uint8Array(slots);
    this.active = new Uint8Array(slots);
    this.edge = new Uint8Array(slots);
    this.group = new Uint8Array(slots);
    this.priority = new Uint8Array(slots);
    this.target = new Uint8Array(slots);
    this.sources = new Uint8Array(cpus * SGIS);
    this.reset();
  }

  reset(): void {
    for (const array of this.#arrays()) array.fill(0);
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      // SGIs are always enabled and edge-triggered (measured on `virt`; allowed by IHI 0048B 4.3.5).
      this.enabled.fill(1, cpu * BANKED, cpu * BANKED + SGIS);
      this.edge.fill(1, cpu * BANKED, cpu * BANKED + SGIS);
    }
    // A single processor is the target of everything, without a register to say so.
    if (this.cpus === 1) this.target.fill(1);
  }

  slot(cpu: number, intid: number): number {
    return intid < BANKED ? cpu * BANKED + intid : (this.cpus - 1) * BANKED + intid;
  }

  /** Pending state (IHI 0048B 3.2.4): latched, or a level-sensitive input that is high. */
  pending(slot: number): boolean {
    return this.latch[slot] !== 0 || (this.edge[slot] === 0 && this.line[slot] !== 0);
  }

  setLine(slot: number, level: boolean): void {
    if (level && this.line[slot] === 0 && this.edge[slot] !== 0) this.latch[slot] = 1;
    this.line[slot] = level ? 1 : 0;
  }

  sendSgi(from: number, to: number, intid: number): void {
    this.sources[to * SGIS + intid] |= 1 << from;
    this.latch[this.slot(to, intid)] = 1;
  }

  /** The interrupt to signal to `cpu`: enabled in an enabled group, pending, not active, most urgent; the lowest INTID among equals. -1: none. */
  best(cpu: number, groups: number): number {
    let best = -1;
    let urgency = IDLE_PRIORITY;
    for (let intid = 0; intid < this.count; intid++) {
      const slot = this.slot(cpu, intid);
      if (this.enabled[slot] === 0 || this.active[slot] !== 0 || this.priority[slot] >= urgency || !this.pending(slot)) continue;
      if (intid >= BANKED && (this.target[slot] & (1 << cpu)) === 0) continue;
      if ((groups & (1 << this.group[slot])) === 0) continue;
      best = intid;
      urgency = this.priority[slot];
    }
    return best;
  }

  /** Acknowledge (IHI 0048B 3.2.4): active, no longer latched. Returns the IAR value: an SGI carries its source, and others may remain pending. */
  activate(cpu: number, intid: number): number {
    const slot = this.slot(cpu, intid);
    this.active[slot] = 1;
    if (intid >= SGIS) {
      this.latch[slot] = 0;
      return intid;
    }
    const source = this.lowestSource(cpu, intid);
    const at = cpu * SGIS + intid;
    this.sources[at] &= ~(1 << source);
    if (this.sources[at] === 0) this.latch[slot] = 0;
    return intid | (source << 10);
  }

  lowestSource(cpu: number, intid: number): number {
    const sources = this.sources[cpu * SGIS + intid];
    return sources === 0 ? 0 : 31 - Math.clz32(sources & -sources);
  }

  #arrays(): Uint8Array[] {
    return [this.enabled, this.latch, this.line, this.active, this.edge, this.group, this.priority, this.target, this.sources];
  }

  save(): Plain {
    return this.#arrays().map((array) => array.slice());
  }

  restore(state: Plain): void {
    const saved = state as readonly Uint8Array[];
    this.#arrays().forEach((array, index) => array.set(saved[index]));
  }
}

/** The priority side of one CPU interface, physical or virtual; the two differ in what they know of the interrupts. */
export class PriorityControl {
  readonly #minimumBpr: number;
  readonly #registers: number;
  ctlr = 0;
  pmr = 0;
  bpr: number;
  abpr: number;
  /** Active priorities: one bit for each preemption level, by group. A virtual interface has one register, for both groups. */
  readonly apr: Uint32Array;
  readonly nsapr: Uint32Array;

  /** `minimumBpr` 0 means 8 bits of priority (128 preemption levels), 2 means 5 (32 levels). */
  constructor(minimumBpr: 0 | 2) {
    this.#minimumBpr = minimumBpr;
    this.#registers = minimumBpr === 0 ? 4 : 1;
    this.bpr = minimumBpr;
    this.abpr = minimumBpr + 1;
    this.apr = new Uint32Array(this.#registers);
    this.nsapr = new Uint32Array(this.#registers);
  }

  setBpr(value: number): void { this.bpr = Math.max(value & 7, this.#minimumBpr); }

  setAbpr(value: number): void { this.abpr = Math.max(value & 7, this.#minimumBpr + 1); }

  /** Priority without its subpriority bits (IHI 0048B 3.3.3). ABPR counts one more bit than BPR does. */
  groupPriority(priority: number, group: number): number {
    const bits = group === 1 && (this.ctlr & CTLR_CBPR) === 0 ? this.abpr : this.bpr + 1;
    return priority & (0xff << bits) & 0xff;
  }

  /** Running priority, `IDLE_PRIORITY` when nothing is active. */
  get running(): number {
    for (let i = 0; i < this.#registers; i++) {
      const bits = this.apr[i] | this.nsapr[i];
      if (bits !== 0) return (i * 32 + trailingZeros(bits)) << (this.#minimumBpr + 1);
    }
    return IDLE_PRIORITY;
  }

  raise(priority: number, group: number): void {
    const level = this.groupPriority(priority, group) >> (this.#minimumBpr + 1);
    const register = group === 1 && this.#minimumBpr === 0 ? this.nsapr : this.apr;
    register[level >> 5] |= 1 << (level & 31);
  }

  /** Priority drop: clears the most urgent active priority of the group. */
  drop(group: number): void {
    const register = group === 1 && this.#minimumBpr === 0 ? this.nsapr : this.apr;
    for (let i = 0; i < this.#registers; i++) {
      if (register[i] !== 0) { register[i] &= register[i] - 1; return; }
    }
  }

  groupEnabled(group: number): boolean {
    return (this.ctlr & (group === 1 ? CTLR_ENABLE_GRP1 : CTLR_ENABLE_GRP0)) !== 0;
  }

  reset(): void {
    this.ctlr = 0;
    this.pmr = 0;
    this.bpr = this.#minimumBpr;
    this.abpr = this.#minimumBpr + 1;
    this.apr.fill(0);
    this.nsapr.fill(0);
  }

  save(): Plain {
    return { ctlr: this.ctlr, pmr: this.pmr, bpr: this.bpr, abpr: this.abpr, apr: [...this.apr], nsapr: [...this.nsapr] };
  }

  restore(state: Plain): void {
    const s = stateOf<{ ctlr: number; pmr: number; bpr: number; abpr: number; apr: readonly number[]; nsapr: readonly number[] }>(
      state, 'GIC CPU interface', ['ctlr', 'pmr', 'bpr', 'abpr', 'apr', 'nsapr']);
    this.ctlr = s.ctlr;
    this.pmr = s.pmr;
    this.bpr = s.bpr;
    this.abpr = s.abpr;
    this.apr.set(s.apr);
    this.nsapr.set(s.nsapr);
  }
}

export function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
