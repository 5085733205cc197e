import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { GicGroup, RegisterStore } from './port.ts';

/** What decides about priorities, physical or virtual. */
export type PriorityField = 'pmr' | 'bpr0' | 'bpr1' | 'enable0' | 'enable1' | 'commonBpr' | 'eoiMode' | 'active0' | 'active1';

interface Place {
  readonly register: RegisterName;
  readonly low: number;
  readonly width: number;
}

const at = (register: RegisterName, low: number, width: number): Place => ({ register, low, width });

/** The physical interface has a register for each. */
export const PHYSICAL_FIELDS: Readonly<Record<PriorityField, Place>> = {
  pmr: at('ICC_PMR_EL1', 0, 8), bpr0: at('ICC_BPR0_EL1', 0, 3), bpr1: at('ICC_BPR1_EL1', 0, 3), enable0: at('ICC_IGRPEN0_EL1', 0, 1), enable1: at('ICC_IGRPEN1_EL1', 0, 1),
  commonBpr: at('ICC_CTLR_EL1', 0, 1), eoiMode: at('ICC_CTLR_EL1', 1, 1), active0: at('ICC_AP0R0_EL1', 0, 32), active1: at('ICC_AP1R0_EL1', 0, 32),
};

/** Those of the virtual interface are in ICH_VMCR_EL2 and ICH_AP<g>R0_EL2; the ICV registers are other ways to them (IHI 0069, ICH_VMCR_EL2). */
export const VIRTUAL_FIELDS: Readonly<Record<PriorityField, Place>> = {
  pmr: at('ICH_VMCR_EL2', 24, 8), bpr0: at('ICH_VMCR_EL2', 21, 3), bpr1: at('ICH_VMCR_EL2', 18, 3), enable0: at('ICH_VMCR_EL2', 0, 1), enable1: at('ICH_VMCR_EL2', 1, 1),
  commonBpr: at('ICH_VMCR_EL2', 4, 1), eoiMode: at('ICH_VMCR_EL2', 9, 1), active0: at('ICH_AP0R0_EL2', 0, 32), active1: at('ICH_AP1R0_EL2', 0, 32),
};

/** Nothing is active: less urgent than any priority. */
export const IDLE = 0xff;
/** 5 bits of priority and as many of preemption: 32 levels, one active priorities register for a group. */
export const PRIORITY_MASK = 0xf8;
const LEVEL_SHIFT = 3;
/** The smallest binary points that 5 bits allow (IHI 0069, ICC_BPR0_EL1 and ICC_BPR1_EL1); writing less gives these. */
export const MINIMUM_BPR = [2, 3] as const;

/** Masks, binary points and active priorities of one interface (IHI 0069 4.8). */
export class Priorities {
  readonly #store: RegisterStore;
  readonly #places: Readonly<Record<PriorityField, Place>>;

  constructor(store: RegisterStore, places: Readonly<Record<PriorityField, Place>>) {
    this.#store = store;
    this.#places = places;
  }

  get(field: PriorityField): number {
    const { register, low, width } = this.#places[field];
    return Number((this.#store.get(register) >> BigInt(low)) & ((1n << BigInt(width)) - 1n));
  }
  /** Stores what 5 bits of priority leave of a value. */
  set(field: PriorityField, value: number): void {
    const { register, low, width } = this.#places[field];
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(low);
    const bits = (BigInt(legal(field, value)) << BigInt(low)) & mask;
    this.#store.set(register, (this.#store.get(register) & ~mask) | bits);
  }
  enabled(group: GicGroup): boolean {
    return this.get(group === 0 ? 'enable0' : 'enable1') !== 0;
  }

  /** What BPR<group> shows: with a common binary point, group 1 sees that of group 0, as its own register would have to hold it. */
  binaryPoint(group: GicGroup): number {
    return group === 1 && this.get('commonBpr') !== 0 ? Math.min(this.get('bpr0') + 1, 7) : this.get(group === 0 ? 'bpr0' : 'bpr1');
  }
  /** With a common binary point, writes to that of group 1 are ignored. */
  setBinaryPoint(group: GicGroup, value: number): void {
    if (group === 0) this.set('bpr0', value & 7);
    else if (this.get('commonBpr') === 0) this.set('bpr1', value & 7);
  }

  /** The running priority: that of the most urgent active group priority, or `IDLE`. */
  get running(): number {
    return lowest(this.get('active0') | this.get('active1'));
  }
  /** A priority without its subpriority bits. The binary point of group 1 counts one bit more than that of group 0. */
  groupPriority(priority: number, group: GicGroup): number {
    const common = group === 0 || this.get('commonBpr') !== 0;
    return priority & (0xff << (common ? this.get('bpr0') + 1 : this.get('bpr1')));
  }
  /** Whether an interrupt of that priority gets past the mask, and past what is active (IHI 0069 4.8, priority masking and preemption). */
  admits(priority: number, group: GicGroup): boolean {
    if (priority >= this.get('pmr')) return false;
    const { running } = this;
    return running === IDLE || this.groupPriority(priority, group) < this.groupPriority(running, group);
  }
  /** An interrupt becomes active: its group priority is the running priority now. */
  raise(priority: number, group: GicGroup): void {
    const field = group === 0 ? 'active0' : 'active1';
    this.set(field, (this.get(field) | (1 << (this.groupPriority(priority, group) >> LEVEL_SHIFT))) >>> 0);
  }
  /** The group of the most urgent active priority; of equals group 0. */
  get activeGroup(): GicGroup | undefined {
    const [first, second] = [lowest(this.get('active0')), lowest(this.get('active1'))];
    if (first === IDLE && second === IDLE) return undefined;
    return second < first ? 1 : 0;
  }
  /** Priority drop: clears the most urgent active priority. Gives it, or undefined where there was none. */
  drop(): number | undefined {
    const group = this.activeGroup;
    if (group === undefined) return undefined;
    const field = group === 0 ? 'active0' : 'active1';
    const bits = this.get(field);
    this.set(field, (bits & (bits - 1)) >>> 0);
    return lowest(bits);
  }
}

function legal(field: PriorityField, value: number): number {
  switch (field) {
    case 'pmr': return value & PRIORITY_MASK;
    case 'bpr0': return Math.max(value, MINIMUM_BPR[0]);
    case 'bpr1': return Math.max(value, MINIMUM_BPR[1]);
    default: return value;
  }
}

function lowest(bits: number): number {
  return bits === 0 ? IDLE : (31 - Math.clz32(bits & -bits)) << LEVEL_SHIFT;
}
