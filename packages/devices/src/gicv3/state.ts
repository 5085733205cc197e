import { stateOf, type Plain } from '@worldswitch/machine';
import { InterruptState, PRIVATE, SGIS } from '../gic/interrupt-state.ts';
import { BOARD_GICV3, type GicV3Implementation } from './distributor.ts';

/** Priority 0xff never gets through: nothing is less urgent than it (IHI 0069 4.8, interrupt prioritization). */
const IDLE_PRIORITY = 0xff;

/** The most urgent interrupt of a processor. */
export interface PendingInterrupt {
  readonly intid: number;
  /** 0 to 0xff, low is urgent. */
  readonly priority: number;
  readonly group: 0 | 1;
}

/** What distributor and redistributors keep: interrupts, and by affinity the processor that a shared one goes to. */
export class Interrupts {
  readonly state: InterruptState;
  readonly affinities: readonly bigint[];
  readonly implementation: GicV3Implementation;
  /** GICD_IROUTER of SPIs, by slot: Aff2 to Aff0 in the low word, Aff3 in the other. */
  readonly routeLow: Uint32Array;
  readonly routeHigh: Uint8Array;
  /** Processor of that affinity, or -1; follows from the route. */
  readonly #target: Int16Array;
  readonly #reaches = (slot: number, cpu: number): boolean => this.#target[slot] === cpu;

  /** `affinities`: of each processor, in the fields of MPIDR_EL1. */
  constructor(affinities: readonly bigint[], count: number, implementation: GicV3Implementation = BOARD_GICV3) {
    this.implementation = implementation;
    this.affinities = affinities;
    this.state = new InterruptState(affinities.length, count);
    this.routeLow = new Uint32Array(this.state.slots);
    this.routeHigh = new Uint8Array(this.state.slots);
    this.#target = new Int16Array(this.state.slots);
    this.reset();
  }

  reset(): void {
    const { enabled, group, cpus } = this.state;
    this.state.reset();
    group.fill(this.implementation.reset.group);
    for (let cpu = 0; cpu < cpus; cpu++) enabled.fill(this.implementation.reset.sgis, cpu * PRIVATE, cpu * PRIVATE + SGIS);
    this.routeLow.fill(0);
    this.routeHigh.fill(0);
    this.#findTargets();
  }

  /** Routes an SPI. The halves are those of GICD_IROUTER, reserved bits cut off. */
  route(slot: number, low: number, high: number): void {
    this.routeLow[slot] = low & 0x00ff_ffff;
    this.routeHigh[slot] = this.implementation.aff3 ? high & 0xff : 0;
    this.#target[slot] = this.#targetOf(slot);
  }

  /** The processor that an SPI goes to, or -1. */
  processorOf(slot: number): number {
    return this.#target[slot];
  }

  /** The interrupt to offer to `cpu`, see `InterruptState.best`. */
  best(cpu: number, groups: number): PendingInterrupt | undefined {
    const { state } = this;
    const intid = state.best(cpu, groups, IDLE_PRIORITY, this.#reaches);
    if (intid < 0) return undefined;
    const slot = state.slot(cpu, intid);
    return { intid, priority: state.priority[slot], group: state.group[slot] === 0 ? 0 : 1 };
  }

  /** Acknowledge (IHI 0069 4.1, interrupt lifecycle): active, no longer latched. A level that is still high leaves it active and pending. */
  activate(cpu: number, intid: number): void {
    const slot = this.state.slot(cpu, intid);
    this.state.active[slot] = 1;
    this.state.latch[slot] = 0;
  }

  #targetOf(slot: number): number {
    const affinity = (BigInt(this.routeHigh[slot]) << 32n) | BigInt(this.routeLow[slot]);
    return this.affinities.indexOf(affinity);
  }

  #findTargets(): void {
    for (let slot = 0; slot < this.#target.length; slot++) this.#target[slot] = this.#targetOf(slot);
  }

  save(): Plain {
    return { state: this.state.save(), routeLow: [...this.routeLow], routeHigh: this.routeHigh.slice() };
  }

  restore(saved: Plain): void {
    const s = stateOf<{ state: Plain; routeLow: readonly number[]; routeHigh: Uint8Array }>(saved, 'GICv3 interrupts', ['state', 'routeLow', 'routeHigh']);
    this.state.restore(s.state);
    this.routeLow.set(s.routeLow);
    this.routeHigh.set(s.routeHigh);
    this.#findTargets();
  }
}
