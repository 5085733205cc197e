/** Orders that a set of "must come after" permits: how many, all of them, or one drawn with equal chance. */
import type { Random } from './random.ts';

/** Elements 0 to `size` - 1; `after[n]` are those that n must come after. */
export interface Poset {
  readonly size: number;
  readonly after: readonly (readonly number[])[];
}

/** Beyond this an element's bit would leave the range of a bit mask. */
const MOST = 30;

/** The linear extensions of a poset: every order in which each element comes after those it must come after. */
export class LinearExtensions {
  readonly #size: number;
  readonly #needed: readonly number[];
  /** Orders of what is left, by the set of what has been placed. */
  readonly #ways = new Map<number, bigint>();

  /** Throws RangeError for more than 30 elements, and for one that must come after itself, by however many others. */
  constructor({ size, after }: Poset) {
    if (size > MOST) throw new RangeError(`${size} elements: at most ${MOST} can be ordered; split them into groups`);
    this.#size = size;
    this.#needed = after.map((before) => before.reduce((mask, n) => mask | (1 << n), 0));
    if (this.count === 0n) throw new RangeError('the constraints are a cycle: no order satisfies them; drop one');
  }

  get count(): bigint {
    return this.#count(0);
  }

  /** Every order, in the lexical order of element numbers. */
  *all(): Generator<readonly number[]> {
    yield* this.#from(0, []);
  }

  /** One order; each is as likely as any other. */
  sample(random: Random): readonly number[] {
    const order: number[] = [];
    let placed = 0;
    while (order.length < this.#size) {
      // 64 bits are far more than orders there are, so that the remainder's bias is none that anybody could see.
      let draw = random.next() % this.#count(placed);
      const chosen = this.#free(placed).find((n) => {
        const ways = this.#count(placed | (1 << n));
        if (draw < ways) return true;
        draw -= ways;
        return false;
      }) as number;
      order.push(chosen);
      placed |= 1 << chosen;
    }
    return order;
  }

  #free(placed: number): readonly number[] {
    const free: number[] = [];
    for (let n = 0; n < this.#size; n++) if ((placed & (1 << n)) === 0 && (this.#needed[n] & ~placed) === 0) free.push(n);
    return free;
  }

  #count(placed: number): bigint {
    if (placed === 2 ** this.#size - 1) return 1n;
    const known = this.#ways.get(placed);
    if (known !== undefined) return known;
    const ways = this.#free(placed).reduce((sum, n) => sum + this.#count(placed | (1 << n)), 0n);
    this.#ways.set(placed, ways);
    return ways;
  }

  *#from(placed: number, order: readonly number[]): Generator<readonly number[]> {
    if (order.length === this.#size) yield order;
    else for (const n of this.#free(placed)) yield* this.#from(placed | (1 << n), [...order, n]);
  }
}

/** Whether `b` comes after `a` by way of others: a constraint that says so adds nothing. */
export function implied({ after }: Poset, a: number, b: number): boolean {
  const seen = new Set<number>();
  const reaches = (n: number, direct: boolean): boolean => after[n].some((before) => {
    if (before === a) return !direct;
    if (seen.has(before)) return false;
    seen.add(before);
    return reaches(before, false);
  });
  return reaches(b, true);
}

/** The same order with every constraint that follows from others written out: `b` after `a` for all a before b. */
export function closure({ size, after }: Poset): Poset {
  const all: (ReadonlySet<number> | undefined)[] = Array.from({ length: size });
  const before = (n: number): ReadonlySet<number> => (all[n] ??= new Set(after[n].flatMap((one) => [one, ...before(one)])));
  return { size, after: Array.from({ length: size }, (_, n) => [...before(n)]) };
}
