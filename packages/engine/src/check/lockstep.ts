import { differences, type Difference } from './differences.ts';

/**
 * One of two machines that should go the same way: a machine on an engine, seen through what a comparison needs. `S` is
 * the whole state as plain data, so that two of them can be compared path by path.
 */
export interface Lane<S> {
  readonly name: string;
  /** Instructions retired so far. */
  readonly retired: number;
  /** The instruction about to be executed: address and disassembly. */
  here(): string;
  /** Executes at most `budget` instructions; gives why it ended. */
  run(budget: number): { readonly kind: string };
  save(): S;
  restore(state: S): void;
}

/** Where two lanes part. */
export interface LockstepDifference {
  /** Instructions after which both were still equal, and the least number after which they differ. Their distance is 1 unless code that counts coarsely hides the place. */
  readonly equalAfter: number;
  readonly differAfter: number;
  /** What the reference executes from `equalAfter` on, at most eight instructions. */
  readonly instructions: readonly string[];
  readonly differences: readonly Difference[];
}

export interface LockstepResult {
  readonly difference: LockstepDifference | undefined;
  /** Why the run ended: of the reference, where both agree. */
  readonly stop: { readonly kind: string };
}

export interface LockstepOptions {
  /** Instructions between two comparisons. */
  readonly chunk?: number;
}

/**
 * Runs two lanes side by side, chunk by chunk, and compares their whole states after each. Where they differ, both go back
 * to the last place where they were equal, and the first instruction that parts them is searched by bisection.
 */
export class Lockstep<S> {
  readonly #reference: Lane<S>;
  readonly #candidate: Lane<S>;
  readonly #chunk: number;

  constructor(reference: Lane<S>, candidate: Lane<S>, options: LockstepOptions = {}) {
    this.#reference = reference;
    this.#candidate = candidate;
    this.#chunk = options.chunk ?? 100_000;
    if (!Number.isInteger(this.#chunk) || this.#chunk < 1) throw new RangeError(`a chunk of ${this.#chunk} instructions; compare after at least one`);
  }

  /** Runs both for `budget` instructions, or until one of them stops for another reason, or until they differ. */
  run(budget: number): LockstepResult {
    let before = this.#pair();
    let difference = report(before, 0, 0, []);
    let stop: { readonly kind: string } = { kind: 'budget' };
    for (let left = budget; left > 0 && difference === undefined;) {
      const chunk = Math.min(left, this.#chunk);
      const stops = this.#both(chunk);
      const after = this.#pair();
      if (stops[0].kind !== stops[1].kind || differences(after[0], after[1], 1).length > 0) {
        difference = this.#search(before, chunk, stops);
        break;
      }
      stop = stops[0];
      if (stop.kind !== 'budget') break;
      left -= chunk;
      before = after;
    }
    return { difference, stop };
  }

  #both(budget: number): readonly [{ readonly kind: string }, { readonly kind: string }] {
    return [this.#reference.run(budget), this.#candidate.run(budget)];
  }
  #pair(): readonly [S, S] {
    return [this.#reference.save(), this.#candidate.save()];
  }
  #back([reference, candidate]: readonly [S, S], budget: number): readonly [S, S] {
    this.#reference.restore(reference);
    this.#candidate.restore(candidate);
    if (budget > 0) this.#both(budget);
    return this.#pair();
  }

  #search(start: readonly [S, S], chunk: number, stops: readonly [{ readonly kind: string }, { readonly kind: string }]): LockstepDifference {
    const { retired } = this.#reference;
    let [equal, differ] = [0, chunk];
    while (differ - equal > 1) {
      const middle = (equal + differ) >>> 1;
      const states = this.#back(start, middle);
      if (differences(states[0], states[1], 1).length > 0) differ = middle;
      else equal = middle;
    }
    this.#back(start, equal);
    const begin = this.#reference.retired;
    const instructions: string[] = [];
    for (let count = 0; count < Math.min(8, differ - equal); count++) {
      instructions.push(this.#reference.here());
      this.#reference.run(1);
    }
    const states = this.#back(start, differ);
    const found = report(states, begin, begin + differ - equal, instructions);
    if (found !== undefined) return found;
    // The second time they agreed: what parted them is in code that a run from the beginning makes anew.
    const why = { path: `stop, or state that a second run does not show, at ${retired}`, reference: stops[0].kind, candidate: stops[1].kind };
    return { equalAfter: begin - equal, differAfter: retired, instructions, differences: [why] };
  }
}

function report<S>([reference, candidate]: readonly [S, S], equalAfter: number, differAfter: number, instructions: readonly string[]): LockstepDifference | undefined {
  const found = differences(reference, candidate);
  return found.length === 0 ? undefined : { equalAfter, differAfter, instructions, differences: found };
}
