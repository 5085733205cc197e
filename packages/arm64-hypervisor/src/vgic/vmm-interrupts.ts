/** Interrupts whose distributor is the VMM's: here each has its properties and an input, and comes when it is pending. */
import { INTID } from '../host/interrupts.ts';
import { isPending } from './interrupts.ts';
import type { InterruptSet, VirtualInterrupt } from './interrupts.ts';

/** How an interrupt is presented. */
export interface InterruptProperties {
  /** 0 is the most urgent. Five bits of the eight count; 0xa0 by default. */
  readonly priority?: number;
  /** 0 or 1; by default what guests of the version have: 0 for GICv2, 1 for GICv3. */
  readonly group?: 0 | 1;
  /** Edge: each rise counts once. A level (the default) counts for as long as it is high. */
  readonly edge?: boolean;
}

const DEFAULT_PRIORITY = 0xa0;

/** The guest's virtual timer is the processor's own: its interrupt stands behind the guest's, which has the same number. */
const TIMER = INTID.virtualTimer;

class VmmInterrupt implements VirtualInterrupt {
  readonly id: number;
  readonly priority: number;
  readonly group: 0 | 1;
  readonly edge: boolean;
  readonly physical: number | undefined;
  readonly again = true;
  line = false;
  latch = false;
  edgeListed = false;
  active = false;
  sender = 0;
  held = false;

  constructor(id: number, { priority, group, edge }: Required<InterruptProperties>) {
    this.id = id;
    this.priority = priority & 0xf8;
    this.group = group;
    this.edge = edge && id !== TIMER;
    this.physical = id === TIMER ? TIMER : undefined;
  }

  take(): number {
    this.latch = false;
    return 0;
  }
  giveBack(): void {
    this.latch = true;
  }
}

export class VmmInterrupts implements InterruptSet {
  readonly #version: 2 | 3;
  readonly #properties: (id: number) => InterruptProperties;
  readonly #interrupts = new Map<number, VmmInterrupt>();

  constructor(version: 2 | 3, properties: (id: number) => InterruptProperties = () => ({})) {
    this.#version = version;
    this.#properties = properties;
  }

  get(id: number): VmmInterrupt {
    const known = this.#interrupts.get(id);
    if (known) return known;
    const { priority = DEFAULT_PRIORITY, group = this.#version === 2 ? 0 : 1, edge = false } = this.#properties(id);
    const one = new VmmInterrupt(id, { priority, group, edge });
    this.#interrupts.set(id, one);
    return one;
  }

  wanted(): VirtualInterrupt[] {
    return [...this.#interrupts.values()].filter((one) => one.active || isPending(one));
  }
  backed(): Iterable<VirtualInterrupt> {
    return [this.get(TIMER)];
  }

  setInput(id: number, level: boolean): void {
    const one = this.get(id);
    if (one.edge && level && !one.line) one.latch = true;
    one.line = level;
  }
  inject(id: number): void {
    const one = this.get(id);
    one.latch = one.physical === undefined;
  }
  completed(): void {
    // The VMM samples its devices when it likes.
  }

  reset(): void {
    this.#interrupts.clear();
  }
}
