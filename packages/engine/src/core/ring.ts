import type { LinearMemory } from '../memory/linear.ts';

/** 64-bit words of a row. What they mean is the observer's business. */
export const RING_WORDS = 8;
const ROW_BYTES = RING_WORDS * 8;

/**
 * A ring of rows in the engine's memory, where generated code and hooks can both write. The oldest rows are overwritten; nothing is
 * allocated while rows are written.
 */
export class Ring {
  readonly capacity: number;
  readonly #linear: LinearMemory;
  readonly #base: number;
  #written = 0;
  #taken = 0;
  #lost = 0;

  /** `capacity` in rows. Throws RangeError unless it is a positive whole number, or where memory does not suffice. */
  constructor(linear: LinearMemory, capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`a ring of ${capacity} rows; it needs a whole number, at least 1`);
    this.capacity = capacity;
    this.#linear = linear;
    this.#base = linear.allocate(capacity * ROW_BYTES, 64);
  }

  /** Rows overwritten before they were taken. */
  get lost(): number {
    return this.#lost;
  }

  /** Appends a row of {@link RING_WORDS} words; missing ones are 0. */
  write(words: readonly bigint[]): void {
    const at = (this.#base + (this.#written % this.capacity) * ROW_BYTES) >>> 3;
    for (let index = 0; index < RING_WORDS; index++) this.#linear.u64[at + index] = words[index] ?? 0n;
    this.#written++;
    if (this.#written - this.#taken > this.capacity) {
      this.#taken++;
      this.#lost++;
    }
  }
  /** Takes all rows since the last call, oldest first. */
  drain(): readonly (readonly bigint[])[] {
    const rows: bigint[][] = [];
    for (; this.#taken < this.#written; this.#taken++) {
      const at = (this.#base + (this.#taken % this.capacity) * ROW_BYTES) >>> 3;
      rows.push([...this.#linear.u64.subarray(at, at + RING_WORDS)]);
    }
    return rows;
  }
}
