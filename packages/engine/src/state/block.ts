import type { Slot } from '../ir/types.ts';
import type { LinearMemory } from '../memory/linear.ts';
import { FLAGS_KIND, packFlags } from './flags.ts';
import { HEADER } from './header.ts';
import type { StateLayout } from './layout.ts';

/** One processor's registers in linear memory. */
export class StateBlock {
  readonly layout: StateLayout;
  /** Address of the block. */
  readonly base: number;
  readonly #linear: LinearMemory;

  constructor(linear: LinearMemory, layout: StateLayout) {
    this.#linear = linear;
    this.layout = layout;
    this.base = linear.allocate(layout.size, 64);
  }

  /** A 64-bit register, unsigned. */
  get(slot: Slot): bigint {
    return this.#linear.u64[(this.base + slot.offset) >>> 3];
  }
  /** Writes a 64-bit register, modulo 2^64. */
  set(slot: Slot, value: bigint): void {
    this.#linear.u64[(this.base + slot.offset) >>> 3] = value;
  }
  getVector(slot: Slot): bigint {
    const at = (this.base + slot.offset) >>> 3;
    return this.#linear.u64[at] | (this.#linear.u64[at + 1] << 64n);
  }
  setVector(slot: Slot, value: bigint): void {
    const at = (this.base + slot.offset) >>> 3;
    this.#linear.u64[at] = value;
    this.#linear.u64[at + 1] = value >> 64n;
  }

  /** The condition flags: N 8, Z 4, C 2, V 1. */
  get flags(): number {
    return packFlags(this.int(HEADER.flagsKind), this.wide(HEADER.flagsA), this.wide(HEADER.flagsB));
  }
  set flags(value: number) {
    this.setInt(HEADER.flagsKind, FLAGS_KIND.packed);
    this.setWide(HEADER.flagsA, BigInt(value & 15));
    this.setWide(HEADER.flagsB, 0n);
  }

  int(offset: number): number {
    return this.#linear.i32[(this.base + offset) >>> 2];
  }
  setInt(offset: number, value: number): void {
    this.#linear.i32[(this.base + offset) >>> 2] = value;
  }
  wide(offset: number): bigint {
    return this.#linear.u64[(this.base + offset) >>> 3];
  }
  setWide(offset: number, value: bigint): void {
    this.#linear.u64[(this.base + offset) >>> 3] = value;
  }
}
