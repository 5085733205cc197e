/** A vCPU's interrupts as the controller in the hypervisor keeps them. */
import { PRIVATE, SGIS } from '@worldswitch/devices/gic';
import type { TimerInterrupts } from '../guest/timer-interrupts.ts';
import { INTID } from '../host/interrupts.ts';
import type { Distribution } from './distribution.ts';
import type { InterruptSet, VirtualInterrupt } from './interrupts.ts';

class GicInterrupt implements VirtualInterrupt {
  readonly id: number;
  edgeListed = false;
  held = false;
  readonly #distribution: Distribution;
  readonly #cpu: number;
  readonly #slot: number;
  readonly #timers: TimerInterrupts;

  constructor(distribution: Distribution, cpu: number, id: number, timers: TimerInterrupts) {
    this.#distribution = distribution;
    this.#cpu = cpu;
    this.id = id;
    this.#slot = distribution.state.slot(cpu, id);
    this.#timers = timers;
  }

  get priority(): number {
    return this.#distribution.state.priority[this.#slot];
  }
  get group(): 0 | 1 {
    return this.#distribution.state.group[this.#slot] === 0 ? 0 : 1;
  }
  get edge(): boolean {
    return this.#distribution.state.edge[this.#slot] !== 0;
  }
  get line(): boolean {
    return this.#distribution.state.line[this.#slot] !== 0;
  }
  get latch(): boolean {
    return this.#distribution.state.latch[this.#slot] !== 0;
  }
  get active(): boolean {
    return this.#distribution.state.active[this.#slot] !== 0;
  }
  set active(active: boolean) {
    this.#distribution.setActive(this.#cpu, this.#slot, active);
  }

  /** Where its senders are: of a GICv2's software interrupts. */
  get #senders(): Uint8Array | undefined {
    return this.id < SGIS ? this.#distribution.model.senders : undefined;
  }
  get sender(): number {
    return this.#senders === undefined ? 0 : this.#distribution.activeSender[this.#cpu * SGIS + this.id];
  }
  set sender(sender: number) {
    if (this.#senders !== undefined) this.#distribution.activeSender[this.#cpu * SGIS + this.id] = sender;
  }

  /** Of the virtual timer, which is in hardware while the guest runs. */
  get physical(): number | undefined {
    return this.id === this.#timers.virtual ? INTID.virtualTimer : undefined;
  }
  /** Pending and active at once is no state of one with an interrupt of the host's behind it (IHI 0069, ICH_LR<n>_EL2). */
  get again(): boolean {
    return this.#senders === undefined && this.physical === undefined;
  }

  take(): number {
    const { latch } = this.#distribution.state;
    const senders = this.#senders;
    if (senders === undefined) {
      latch[this.#slot] = 0;
      return 0;
    }
    const at = this.#cpu * SGIS + this.id;
    const sender = 31 - Math.clz32(senders[at] & -senders[at]);
    senders[at] &= ~(1 << sender);
    latch[this.#slot] = senders[at] === 0 ? 0 : 1;
    return Math.max(sender, 0);
  }
  giveBack(sender: number): void {
    this.#distribution.state.latch[this.#slot] = 1;
    const senders = this.#senders;
    if (senders !== undefined) senders[this.#cpu * SGIS + this.id] |= 1 << sender;
  }
}

export class GicInterrupts implements InterruptSet {
  readonly #distribution: Distribution;
  readonly #cpu: number;
  readonly #timers: TimerInterrupts;
  readonly #interrupts = new Map<number, GicInterrupt>();

  /** `cpu`: which of the controller's processors the vCPU is. */
  constructor(distribution: Distribution, cpu: number, timers: TimerInterrupts) {
    this.#distribution = distribution;
    this.#cpu = cpu;
    this.#timers = timers;
  }

  get(id: number): GicInterrupt | undefined {
    const known = this.#interrupts.get(id);
    if (known || id >= this.#distribution.state.count) return known;
    const one = new GicInterrupt(this.#distribution, this.#cpu, id, this.#timers);
    this.#interrupts.set(id, one);
    return one;
  }

  wanted(): VirtualInterrupt[] {
    return this.#distribution.wanted(this.#cpu).map((id) => this.get(id) as GicInterrupt);
  }
  backed(): Iterable<VirtualInterrupt> {
    return [this.get(this.#timers.virtual) as GicInterrupt];
  }

  setInput(id: number, level: boolean): void {
    if (id < PRIVATE) this.#distribution.setInput(this.#cpu, id, level);
  }
  inject(id: number): void {
    this.get(id)?.giveBack(this.#cpu);
  }
  completed(id: number): void {
    this.#distribution.completed(id);
  }

  reset(): void {
    this.#interrupts.clear();
  }
}
