/** A deterministic stream of numbers (mulberry32); the same seed gives the same stream everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** 32 bits, unsigned. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  /** A whole number below `limit`. */
  below(limit: number): number {
    return this.word() % limit;
  }
  chance(one: number, of: number): boolean {
    return this.below(of) < one;
  }
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
  /** 64 bits, with a liking for edges and small numbers. */
  value(): bigint {
    const wide = (BigInt(this.word()) << 32n) | BigInt(this.word());
    switch (this.below(6)) {
      case 0: return this.pick([0n, 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn]);
      case 1: return BigInt(this.below(256));
      default: return wide;
    }
  }
}
