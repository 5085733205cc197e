/**
 * VMIDs for any number of VMs. A VM is given one when it is loaded; when none is left a new generation begins: everything that was
 * translated under the old numbers is invalidated, and each VM gets another one at its next turn.
 */

/** What a VM keeps: its number, and the generation in which it is its own. */
export interface VmidHolder {
  readonly generation: bigint;
  readonly vmid: number;
}

/** No number yet: 0 is the host's, and generations begin at 1. */
export const NO_VMID: VmidHolder = { generation: 0n, vmid: 0 };

export class Vmids {
  readonly #last: number;
  readonly #flush: () => void;
  #generation = 1n;
  #next = 1;

  /** `bits`: 8, or 16 with VTCR_EL2.VS. `flush` invalidates all translations of EL1 and EL0, of every VMID. */
  constructor(bits: 8 | 16, flush: () => void) {
    this.#last = (1 << bits) - 1;
    this.#flush = flush;
  }

  get generation(): bigint {
    return this.#generation;
  }

  /** Whether entries of the TLB may be found under a VM's number. */
  current({ generation }: VmidHolder): boolean {
    return generation === this.#generation;
  }

  /** The number of a VM that is about to run: its own, or a new one. */
  claim(holder: VmidHolder): VmidHolder {
    if (this.current(holder)) return holder;
    if (this.#next > this.#last) {
      this.#generation++;
      this.#next = 1;
      this.#flush();
    }
    return { generation: this.#generation, vmid: this.#next++ };
  }
}
