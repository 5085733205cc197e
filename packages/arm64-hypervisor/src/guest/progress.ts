/** Whether a guest gets anywhere: one that leaves and leaves without an instruction in between would go on for ever, as its budget never ends. */

/** Exits in a row between which the guest retires nothing, after which it is given up: an instruction needs a handful at most. */
export const FUTILE_EXITS = 1000;

export class Progress {
  #at = 0n;
  #exits = 0;

  /** Before the guest goes on, with the instructions retired so far: true when it is to be given up. */
  futile(retired: bigint): boolean {
    this.#exits = retired === this.#at ? this.#exits + 1 : 0;
    this.#at = retired;
    if (this.#exits < FUTILE_EXITS) return false;
    this.#exits = 0;
    return true;
  }
}
