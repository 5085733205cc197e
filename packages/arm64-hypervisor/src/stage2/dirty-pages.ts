/** Pages of a slot that were written: a bit each, the lowest of the lowest byte first, in whole 64-bit words (little-endian on every host, as the kernel has it). */

const WORD = 64;

export class DirtyPages {
  readonly pages: number;
  readonly #bits: Uint8Array;

  /** `all`: every page counts as written at first. */
  constructor(pages: number, all = false) {
    this.pages = pages;
    this.#bits = new Uint8Array(Math.ceil(pages / WORD) * (WORD / 8));
    if (all) for (let page = 0; page < pages; page++) this.mark(page);
  }

  mark(page: number): void {
    this.#bits[page >> 3] |= 1 << (page & 7);
  }

  /** A copy. */
  get bitmap(): Uint8Array {
    return this.#bits.slice();
  }

  /** Makes those clean whose bit is set in `bitmap`, whose first is page `first` (a multiple of 8); each that was dirty is told. */
  clear(first: number, bitmap: Uint8Array, cleaned: (page: number) => void): void {
    for (const [offset, mask] of bitmap.entries()) {
      const at = (first >> 3) + offset;
      const both = (this.#bits[at] ?? 0) & mask;
      if (both === 0) continue;
      this.#bits[at] &= ~both;
      for (let bit = 0; bit < 8; bit++) if (((both >> bit) & 1) === 1) cleaned(at * 8 + bit);
    }
  }
}
