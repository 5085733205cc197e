import { stateOf, type Plain } from '@worldswitch/machine';
import { InterruptState, PRIVATE, SGIS } from '../gic/interrupt-state.ts';
import { IDLE_PRIORITY } from './registers.ts';

/** What the distributor keeps: interrupts, the processors that a shared one goes to, and the senders of software ones. */
export class Interrupts {
  readonly state: InterruptState;
  /** Processor mask, by slot; SPIs only. */
  readonly target: Uint8Array;
  /** For each processor and SGI the mask of processors that sent it. */
  readonly sources: Uint8Array;
  readonly #targetsOfOne: boolean;
  readonly #reaches = (slot: number, cpu: number): boolean => (this.target[slot] & (1 << cpu)) !== 0;

  /** `targetsOfOne`: a single processor gets shared interrupts only once they are its (`GicV2Implementation`). */
  constructor(cpus: number, count: number, targetsOfOne = false) {
    this.#targetsOfOne = targetsOfOne;
    this.state = new InterruptState(cpus, count);
    this.target = new Uint8Array(this.state.slots);
    this.sources = new Uint8Array(cpus * SGIS);
    this.reset();
  }

  reset(): void {
    const { cpus, enabled } = this.state;
    this.state.reset();
    // SGIs are always enabled (measured on `virt`; allowed by IHI 0048B 4.3.5).
    for (let cpu = 0; cpu < cpus; cpu++) enabled.fill(1, cpu * PRIVATE, cpu * PRIVATE + SGIS);
    // A single processor is the target of everything, without a register to say so.
    this.target.fill(cpus === 1 && !this.#targetsOfOne ? 1 : 0);
    this.sources.fill(0);
  }

  sendSgi(from: number, to: number, intid: number): void {
    this.sources[to * SGIS + intid] |= 1 << from;
    this.state.latch[this.state.slot(to, intid)] = 1;
  }

  /** The interrupt to signal to `cpu`, see `InterruptState.best`. -1: none. */
  best(cpu: number, groups: number): number {
    return this.state.best(cpu, groups, IDLE_PRIORITY, this.#reaches);
  }

  /** Acknowledge (IHI 0048B 3.2.4): active, no longer latched. Returns the IAR value: an SGI carries its source, and others may remain pending. */
  activate(cpu: number, intid: number): number {
    const { active, latch } = this.state;
    const slot = this.state.slot(cpu, intid);
    active[slot] = 1;
    if (intid >= SGIS) {
      latch[slot] = 0;
      return intid;
    }
    const source = this.lowestSource(cpu, intid);
    const at = cpu * SGIS + intid;
    this.sources[at] &= ~(1 << source);
    if (this.sources[at] === 0) latch[slot] = 0;
    return intid | (source << 10);
  }

  lowestSource(cpu: number, intid: number): number {
    const sources = this.sources[cpu * SGIS + intid];
    return sources === 0 ? 0 : 31 - Math.clz32(sources & -sources);
  }

  save(): Plain {
    return { state: this.state.save(), target: this.target.slice(), sources: this.sources.slice() };
  }

  restore(saved: Plain): void {
    const s = stateOf<{ state: Plain; target: Uint8Array; sources: Uint8Array }>(saved, 'GICv2 interrupts', ['state', 'target', 'sources']);
    this.state.restore(s.state);
    this.target.set(s.target);
    this.sources.set(s.sources);
  }
}
