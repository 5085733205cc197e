/** What the counters of a VM's guests are behind the host's physical count: one pair for all its vCPUs. */
export class CounterOffsets {
  #virtual: bigint;
  #physical = 0n;
  #fixed = false;
  readonly #changed: () => void;

  /** `changed`: told after every change, for vCPUs that keep copies. */
  constructor(virtual: bigint, changed: () => void) {
    this.#virtual = virtual;
    this.#changed = changed;
  }

  /** CNTVCT_EL0 is the physical count less this (CNTVOFF_EL2). */
  get virtual(): bigint {
    return this.#virtual;
  }
  /** CNTPCT_EL0 of the guest is the host's less this. */
  get physical(): bigint {
    return this.#physical;
  }

  /** By TIMER_CNT or PTIMER_CNT of any vCPU: nothing happens once both were set for good. */
  set(which: 'virtual' | 'physical', offset: bigint): void {
    if (this.#fixed) return;
    const value = BigInt.asUintN(64, offset);
    if (which === 'virtual') this.#virtual = value;
    else this.#physical = value;
    this.#changed();
  }

  /** KVM_ARM_SET_COUNTER_OFFSET: both, and the registers cannot change them any more. */
  fix(offset: bigint): void {
    this.#fixed = false;
    this.set('virtual', offset);
    this.set('physical', offset);
    this.#fixed = true;
  }
}
