import type { Slot } from '../ir/types.ts';

/**
 * Where a processor's registers lie in its state block. The first {@link STATE_HEADER} bytes are the engine's own
 * (`state/header.ts`); predecoded records name registers by 16-bit offsets, so a block ends before 64 KiB.
 */
export const STATE_HEADER = 256;
export const STATE_LIMIT = 65_536;

/** Lays out an architecture's registers, once, when its module loads. */
export class StateLayout {
  /** Always reads 0; never a target. */
  readonly zero: Slot;
  /** Written and never read. */
  readonly sink: Slot;
  readonly #slots: Slot[] = [];
  readonly #names = new Set<string>();
  #end = STATE_HEADER;

  constructor() {
    this.zero = this.#place('(zero)', 'i64', 8);
    this.sink = this.#place('(sink)', 'i64', 8);
  }

  /** A 64-bit register. */
  int(name: string): Slot {
    return this.#keep(this.#place(name, 'i64', 8));
  }
  /** `count` 64-bit registers, named with their number, in adjacent slots. */
  ints(prefix: string, count: number): readonly Slot[] {
    return Array.from({ length: count }, (_, index) => this.int(`${prefix}${index}`));
  }
  /** A 128-bit register. */
  vector(name: string): Slot {
    return this.#keep(this.#place(name, 'v128', 16));
  }
  vectors(prefix: string, count: number): readonly Slot[] {
    return Array.from({ length: count }, (_, index) => this.vector(`${prefix}${index}`));
  }
  /** Architectural registers, in the order they were declared. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }
  /** Bytes of a state block. */
  get size(): number {
    return this.#end;
  }

  #keep(slot: Slot): Slot {
    this.#slots.push(slot);
    return slot;
  }
  #place(name: string, type: Slot['type'], bytes: number): Slot {
    if (this.#names.has(name)) throw new RangeError(`register ${name} is declared twice; give each register one name`);
    const offset = Math.ceil(this.#end / bytes) * bytes;
    if (offset + bytes > STATE_LIMIT) throw new RangeError(`register ${name} would lie at ${offset}: a state block has ${STATE_LIMIT} bytes`);
    this.#names.add(name);
    this.#end = offset + bytes;
    return { name, type, offset };
  }
}
