/**
 * Numbers for the shapes of regimes, so that a TLB entry can name what it was made under. Few shapes are in use at a time (a hypervisor's
 * guests, its host, itself); returning to an earlier one finds its entries again. Numbers are reused in turn, and are part of the state.
 */
import type { MmuFeatures } from './features.ts';
import { compileShape } from './regime.ts';
import type { RegimeKind, RegimeShape } from './regime.ts';

const CAPACITY = 16;

/** One numbered shape as plain data; the key's values are hexadecimal. */
export type ShapeState = { readonly kind: RegimeKind; readonly key: readonly string[] } | null;

interface Known {
  readonly key: readonly bigint[];
  readonly shape: RegimeShape;
}

export interface ShapesState {
  readonly known: readonly ShapeState[];
  readonly next: number;
}

export class Shapes {
  readonly #features: MmuFeatures;
  #known: (Known | undefined)[] = new Array<Known | undefined>(CAPACITY).fill(undefined);
  #next = 0;

  constructor(features: MmuFeatures) {
    this.#features = features;
  }

  /** The shape of a key and its number; `retire` is told of a number that changes its meaning. */
  find(kind: RegimeKind, key: readonly bigint[], retire: (number: number) => void): { readonly shape: RegimeShape; readonly number: number } {
    const found = this.#known.findIndex((k) => k?.shape.kind === kind && k.key.every((value, i) => value === key[i]));
    if (found >= 0) return { shape: (this.#known[found] as Known).shape, number: found };
    const number = this.#next;
    this.#next = (this.#next + 1) % CAPACITY;
    if (this.#known[number] !== undefined) retire(number);
    const shape = compileShape(kind, key, this.#features);
    this.#known[number] = { key, shape };
    return { shape, number };
  }

  save(): ShapesState {
    return {
      known: this.#known.map((k) => (k === undefined ? null : { kind: k.shape.kind, key: k.key.map((v) => v.toString(16)) })),
      next: this.#next,
    };
  }

  restore({ known, next }: ShapesState): void {
    this.#known = known.map((k) => {
      if (k === null) return undefined;
      const key = k.key.map((v) => BigInt(`0x${v}`));
      return { key, shape: compileShape(k.kind, key, this.#features) };
    });
    this.#next = next;
  }
}
