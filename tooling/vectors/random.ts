/** Reproducible random numbers and starting states: the same on every machine, so that a vector can be a seed. */
import { VectorState } from './state.ts';

/** A stream of 32-bit numbers from a seed (an add-and-mix generator; statistical quality is enough for test data). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 0;
  }

  /** 0 to 2³² − 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return (value ^ (value >>> 15)) >>> 0;
  }

  /** 0 to limit − 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** 64 random bits. */
  wide(): bigint {
    return (BigInt(this.next()) << 32n) | BigInt(this.next());
  }
}

/** Values at which carries, signs and widths change, as upper and lower half. */
const edges: readonly (readonly [number, number])[] = [
  [0, 0], [0, 1], [0, 2], [0xffffffff, 0xffffffff], [0xffffffff, 0xfffffffe], [0x80000000, 0], [0x7fffffff, 0xffffffff],
  [0, 0xffffffff], [0, 0x80000000], [0, 0x7fffffff], [1, 0], [0xffffffff, 0x80000000], [0x55555555, 0x55555555], [0x01234567, 0x89abcdef],
];

/** The state asked for last: an instance, its state before and its start ask for the same one in a row. */
let latest: { readonly seed: number; readonly state: VectorState } | undefined;

/**
 * The state that a seed stands for: X0…X30 and the stack pointers random, at an edge or below 256; flags, DAIF, FP/SIMD registers, data
 * and thread registers random; EL2h; FPCR 0. A vector puts its `set` over this.
 */
export function stateOf(seed: number): VectorState {
  if (latest?.seed !== seed) latest = { seed, state: draw(seed) };
  return latest.state.clone();
}

function draw(seed: number): VectorState {
  const random = new Random(seed);
  const state = new VectorState();
  const view = new DataView(state.bytes.buffer);
  const value = (offset: number): void => {
    const kind = random.below(4);
    const [high, low] = kind === 0 ? random.pick(edges) : kind === 1 ? [0, random.below(256)] : [random.next(), random.next()];
    view.setUint32(offset, low, true);
    view.setUint32(offset + 4, high, true);
  };
  for (let index = 0; index < 31; index++) value(8 + index * 8);
  for (const name of ['sp_el2', 'sp_el1', 'sp_el0', 'tpidr_el0', 'tpidrro_el0', 'tpidr_el1'] as const) state.set(name, random.wide());
  state.set('pstate', BigInt(random.next() & 0x7fffffff & 0xf00003c0) | (BigInt(random.below(2)) << 31n) | 9n);
  state.set('contextidr_el1', BigInt(random.next()));
  // Addresses of 48 bits, as debug registers hold them: the bits above copy the sign or are RES0 (DBGBVR<n>_EL1, RESS).
  state.set('dbgbvr0_el1', BigInt(random.next() & ~3 & 0x7fffffff));
  state.set('dbgwvr0_el1', BigInt(random.next() & ~3 & 0x7fffffff));
  state.set('par_el1', 0x800n | (BigInt(random.next() & 0xfffff) << 12n));
  state.set('fpsr', BigInt(random.next() & 0x0800009f));
  for (let offset = 512; offset < state.bytes.length; offset += 4) view.setUint32(offset, random.next(), true);
  return state;
}
