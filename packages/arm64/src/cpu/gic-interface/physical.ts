import { SPURIOUS, type GicPort, type GicGroup, type GicOffer, type RegisterStore } from './port.ts';
import { PHYSICAL_FIELDS, Priorities } from './priorities.ts';

/** An interface as software handles interrupts through it: the same moves at the physical (ICC) and the virtual (ICV) one. */
export interface InterfaceFace {
  readonly priorities: Priorities;
  /** The group that is signalled now: FIQ for 0, IRQ for 1. */
  signalled(): GicGroup | undefined;
  /** HPPIR: the INTID next in line in an enabled group, whatever masks and running priority say; 1023 if it is not of that group. */
  highest(group: GicGroup): number;
  /** What IAR would read. */
  acknowledgeable(group: GicGroup): number;
  /** IAR: makes it active. */
  acknowledge(group: GicGroup): number;
  /** EOIR: priority drop, and deactivation unless EOImode leaves it to DIR. */
  complete(group: GicGroup, intid: number): void;
  /** DIR. */
  deactivate(intid: number): void;
}

/** The physical CPU interface (IHI 0069 chapter 4), with the interrupts that the redistributor offers. */
export class PhysicalInterface implements InterfaceFace {
  readonly priorities: Priorities;
  readonly #port: GicPort;

  constructor(store: RegisterStore, port: GicPort) {
    this.priorities = new Priorities(store, PHYSICAL_FIELDS);
    this.#port = port;
  }

  #enabledOffer(): GicOffer | undefined {
    const best = this.#port.best();
    return best !== undefined && this.priorities.enabled(best.group) ? best : undefined;
  }
  #signalledOffer(): GicOffer | undefined {
    const best = this.#enabledOffer();
    return best !== undefined && this.priorities.admits(best.priority, best.group) ? best : undefined;
  }

  signalled(): GicGroup | undefined {
    return this.#signalledOffer()?.group;
  }
  highest(group: GicGroup): number {
    const best = this.#enabledOffer();
    return best?.group === group ? best.intid : SPURIOUS;
  }
  acknowledgeable(group: GicGroup): number {
    const best = this.#signalledOffer();
    return best?.group === group ? best.intid : SPURIOUS;
  }
  acknowledge(group: GicGroup): number {
    const best = this.#signalledOffer();
    if (best?.group !== group) return SPURIOUS;
    this.priorities.raise(best.priority, group);
    this.#port.activate(best.intid);
    return best.intid;
  }
  /** An end that does not fit what runs (other group, nothing active) is UNPREDICTABLE; it is ignored (IHI 0069, ICC_EOIR0_EL1). */
  complete(group: GicGroup, intid: number): void {
    if (!this.#port.exists(intid) || this.priorities.activeGroup !== group) return;
    this.priorities.drop();
    if (this.priorities.get('eoiMode') === 0) this.#port.deactivate(intid);
  }
  deactivate(intid: number): void {
    if (this.priorities.get('eoiMode') !== 0 && this.#port.exists(intid)) this.#port.deactivate(intid);
  }
}
