/** What the controllers of both versions are for the interrupts of a vCPU: interrupts, and where each goes. */
import { PRIVATE, SGIS } from '@worldswitch/devices/gic';
import type { InterruptState } from '@worldswitch/devices/gic';

/** INTIDs from here up are special (IHI 0048B 3.2.5), whatever the number of interrupts. */
export const SPECIAL = 1020;
const NOBODY = -1;

/** What the versions differ in. */
export interface DistributionModel {
  readonly state: InterruptState;
  /** Whether anything is forwarded (GICD_CTLR). */
  readonly forwarding: boolean;
  /** The processor that a shared interrupt goes to, or -1. */
  targetOf(slot: number): number;
  /** GICv2: for each processor and SGI, the mask of those that sent it. */
  readonly senders?: Uint8Array;
}

export class Distribution {
  readonly model: DistributionModel;
  readonly state: InterruptState;
  /** The processor that serves a shared interrupt which is active, by slot: it ends there, wherever it is routed to meanwhile. */
  readonly #servedBy: Int16Array;
  /** Of software interrupts that are active, by processor and number: who sent them. */
  readonly activeSender: Uint8Array;
  readonly #completed: ((intid: number) => void)[] = [];

  constructor(model: DistributionModel) {
    this.model = model;
    this.state = model.state;
    this.#servedBy = new Int16Array(model.state.slots).fill(NOBODY);
    this.activeSender = new Uint8Array(model.state.cpus * SGIS);
  }

  /** Numbers of interrupts that are active at `cpu`, or pending, enabled and on their way to it. */
  wanted(cpu: number): number[] {
    const { state, model: { forwarding } } = this;
    const end = Math.min(state.count, SPECIAL);
    const found: number[] = [];
    for (let intid = 0; intid < end; intid++) {
      const slot = state.slot(cpu, intid);
      if (state.active[slot] !== 0) {
        if (intid < PRIVATE || this.serves(slot) === cpu) found.push(intid);
      } else if (forwarding && state.enabled[slot] !== 0 && state.pending(slot) && (intid < PRIVATE || this.model.targetOf(slot) === cpu)) found.push(intid);
    }
    return found;
  }

  /** One that software made active is where it would go. */
  serves(slot: number): number {
    const cpu = this.#servedBy[slot];
    return cpu === NOBODY ? this.model.targetOf(slot) : cpu;
  }
  setActive(cpu: number, slot: number, active: boolean): void {
    this.state.active[slot] = active ? 1 : 0;
    this.#servedBy[slot] = active ? cpu : NOBODY;
  }

  /** An input. An edge-triggered one takes every call that raises it as an edge, as KVM does. */
  setInput(cpu: number, intid: number, level: boolean): void {
    const { state } = this;
    const slot = state.slot(cpu, intid);
    if (state.edge[slot] === 0) state.line[slot] = level ? 1 : 0;
    else if (level) state.latch[slot] = 1;
  }

  /** Hears of level-sensitive shared interrupts that a guest has ended. */
  whenCompleted(listener: (intid: number) => void): void {
    this.#completed.push(listener);
  }
  completed(intid: number): void {
    if (intid >= PRIVATE) for (const listener of this.#completed) listener(intid);
  }
}
