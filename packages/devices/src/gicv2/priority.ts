import { stateOf, type Plain } from '@worldswitch/machine';
import { CTLR_CBPR, CTLR_ENABLE_GRP0, CTLR_ENABLE_GRP1, IDLE_PRIORITY } from './registers.ts';

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
