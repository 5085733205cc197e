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

  /** Appends a row and gives the index of its first word in the memory's 64-bit view. The row holds what an older one left there. */
  append(): number {
    const at = (this.#base + (this.#written % this.capacity) * ROW_BYTES) >>> 3;
    this.#written++;
    if (this.#written - this.#taken > this.capacity) {
      this.#taken++;
      this.#lost++;
    }
    return at;
  }
  /** Rows so far, those taken and those lost included. */
  get count(): number {
    return this.#written;
  }
  /** Takes all rows since the last call, oldest first: a copy, {@link RING_WORDS} words each. */
  take(): BigUint64Array {
    const { u64 } = this.#linear;
    const base = this.#base >>> 3;
    const [from, rows] = [this.#taken % this.capacity, this.#written - this.#taken];
    const straight = Math.min(rows, this.capacity - from);
    const words = new BigUint64Array(rows * RING_WORDS);
    words.set(u64.subarray(base + from * RING_WORDS, base + (from + straight) * RING_WORDS));
    words.set(u64.subarray(base, base + (rows - straight) * RING_WORDS), straight * RING_WORDS);
    this.#taken = this.#written;
    return words;
  }
}
