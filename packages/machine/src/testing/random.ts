/** A small repeatable generator (mulberry32) for property tests that must run anywhere, test framework or not. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 ≤ result < limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** An unsigned value of `width` bytes; small values, single bits and all-ones come up often, since registers care about them. */
  value(width: number): bigint {
    const bits = width * 8;
    switch (this.below(5)) {
      case 0: return BigInt(this.below(256)) & ((1n << BigInt(bits)) - 1n);
      case 1: return 1n << BigInt(this.below(bits));
      case 2: return (1n << BigInt(bits)) - 1n;
      default: return BigInt.asUintN(bits, (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32)));
    }
  }
}
