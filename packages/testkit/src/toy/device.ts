import type { Device, Initiator, Width } from '@worldswitch/machine';

const UNMIXED = 0x811c_9dc5;

/** A device that notices everything: each read counts, each write is mixed in, and reads tell both. One missed or doubled access shows. */
export class ToyDevice implements Device {
  #reads = 0;
  #mixed = UNMIXED;

  read(offset: number, width: Width, from: Initiator): bigint {
    if (from !== 'debugger') this.#reads++;
    return BigInt.asUintN(width * 8, (BigInt(this.#mixed) << 32n) | BigInt((this.#reads * 16 + offset) >>> 0));
  }
  write(offset: number, width: Width, value: bigint): void {
    for (const part of [offset, width, Number(value & 0xffff_ffffn), Number(value >> 32n)]) this.#mixed = Math.imul(this.#mixed ^ part, 0x0100_0193) >>> 0;
  }
  reset(): void {
    this.restore({ reads: 0, mixed: UNMIXED });
  }
  save(): { readonly reads: number; readonly mixed: number } {
    return { reads: this.#reads, mixed: this.#mixed };
  }
  restore(state: { readonly reads: number; readonly mixed: number }): void {
    this.#reads = state.reads;
    this.#mixed = state.mixed;
  }
}
