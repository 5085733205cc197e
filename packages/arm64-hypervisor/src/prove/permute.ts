/** Orders of the steps that the constraints permit: whichever is chosen, host and guest must see the same. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Revision } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import type { Scenario } from './scenario.ts';
import { firstDifference } from './observation.ts';
import type { Difference, Observation } from './observation.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { countOrders, orderGroups, reordered } from './variation.ts';
import type { OrderGroup } from './variation.ts';

export interface PermuteOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly scenarios: readonly Scenario[];
  /** Orders to run at most. All are run where there are no more than this; otherwise so many are drawn, each order as likely as any other. */
  readonly most: number;
  readonly seed?: bigint;
}

/** An order that makes a difference. */
export interface Misorder extends Difference {
  readonly order: readonly string[];
  readonly scenario: string;
  /** The two steps whose exchange alone makes it, where one exchange does: the constraint that is missing is between them. */
  readonly between?: readonly [string, string];
}

export interface PermuteReport {
  readonly revision: string;
  readonly mode: AccessorMode;
  /** Orders that exist. */
  readonly total: bigint;
  /** Round trips that were made each in an order of its own, and how many of those orders are different ones. */
  readonly run: number;
  readonly distinct: number;
  readonly sampled: boolean;
  /** Guests run. */
  readonly runs: number;
  /** The first few; empty when the constraints are enough. */
  readonly failures: readonly Misorder[];
}

const ENOUGH = 5;

/** An order of every group. */
export type Order = readonly (readonly number[])[];

/** Every order of all groups, or `most` of them. */
export function* orders(groups: readonly OrderGroup[], most: number, random: Random): Generator<Order> {
  if (countOrders(groups) <= BigInt(most)) yield* product(groups);
  else for (let n = 0; n < most; n++) yield groups.map(({ extensions }) => extensions.sample(random));
}

function* product([first, ...rest]: readonly OrderGroup[]): Generator<Order> {
  if (first === undefined) {
    yield [];
    return;
  }
  for (const order of first.extensions.all()) for (const others of product(rest)) yield [order, ...others];
}

const names = (groups: readonly OrderGroup[], order: Order): string[] => groups.flatMap(({ steps }, g) => order[g].map((n) => steps[n].id));

type OrderTrialOptions = Pick<PermuteOptions, 'revision' | 'mode' | 'scenarios'>;

/** What a run of a revision in another order differs in, if anything. */
export class OrderTrial {
  readonly #bench: Bench;
  readonly #options: OrderTrialOptions;
  readonly groups: readonly OrderGroup[];
  readonly #references: readonly Observation[];
  #telling = 0;
  runs = 0;
  roundTrips = 0;

  /** `written` is the revision whose observations count, when it is not the one that is reordered. */
  constructor(bench: Bench, options: OrderTrialOptions, written: Revision | readonly Observation[] = options.revision) {
    this.#bench = bench;
    this.#options = options;
    this.groups = orderGroups(options.revision, options.mode);
    this.#references = 'steps' in written ? options.scenarios.map((scenario) => bench.run({ revision: written, mode: options.mode, scenario })) : written;
    const failed = this.#references.find(({ failure }, n) => failure !== undefined && options.scenarios[n].fails === undefined);
    if (failed) throw new RangeError(`${options.revision.name} in mode ${options.mode} fails as it is written: ${failed.failure}; prove a switch that works`);
  }

  /** The same for a revision with other constraints. */
  with(revision: Revision): OrderTrial {
    return new OrderTrial(this.#bench, { ...this.#options, revision }, this.#references);
  }

  /** The scenario that told the last order apart is asked first. */
  differs(order: Order): (Difference & { readonly scenario: string }) | undefined {
    const { revision, mode, scenarios } = this.#options;
    const changed = reordered(revision, mode, this.groups, order);
    const first = this.#telling;
    for (const n of [first, ...scenarios.keys()].filter((one, at) => at === 0 || one !== first)) {
      const difference = this.#compare(n, changed);
      if (!difference) continue;
      this.#telling = n;
      return difference;
    }
    return undefined;
  }

  /**
   * One guest, whose n-th scenario is run with the next order for each round trip, until there is none: then as written. `tried` are those
   * that a round trip was made in.
   */
  differsBy(n: number, next: () => Order | undefined): { readonly tried: readonly Order[]; readonly difference?: Difference & { readonly scenario: string } } {
    const { revision, mode, scenarios } = this.#options;
    const drawn: Order[] = [];
    const before = this.roundTrips;
    const difference = this.#compare(n % scenarios.length, revision, () => {
      const order = next();
      if (order) drawn.push(order);
      return order ? reordered(revision, mode, this.groups, order) : revision;
    });
    return { tried: drawn.slice(0, this.roundTrips - before), ...(difference === undefined ? {} : { difference }) };
  }

  #compare(n: number, revision: Revision, pass?: () => Revision): (Difference & { readonly scenario: string }) | undefined {
    const scenario = this.#options.scenarios[n];
    const seen = this.#bench.run({ revision, mode: this.#options.mode, scenario, ...(pass === undefined ? {} : { pass }) });
    this.runs++;
    this.roundTrips += seen.roundTrips;
    const difference = firstDifference(this.#references[n], seen);
    return difference && { ...difference, scenario: scenario.name };
  }
}

/**
 * Every round trip of every guest goes by an order of its own. Where a guest notices, each of its orders is tried alone, with every scenario
 * and every round trip, and the first that is noticed then is the one reported.
 */
export function permute(bench: Bench, options: PermuteOptions): PermuteReport {
  const { revision, mode, most, seed = 1n } = options;
  const trial = new OrderTrial(bench, options);
  const { groups } = trial;
  const total = countOrders(groups);
  const failures: Misorder[] = [];
  const all = orders(groups, most, randomFrom(seed));
  const distinct = new Set<string>();
  let run = 0;
  let left = true;
  const next = (): Order | undefined => {
    const { value, done } = all.next() as IteratorResult<Order, undefined>;
    if (done) left = false;
    return value;
  };
  for (let n = 0; left && failures.length < ENOUGH; n++) {
    const { tried, difference } = trial.differsBy(n, next);
    run += tried.length;
    for (const order of tried) distinct.add(order.join(';'));
    if (!difference) continue;
    const alone = tried.find((order) => trial.differs(order));
    const between = alone && culprits(trial, alone);
    failures.push({ ...difference, order: names(groups, alone ?? tried[tried.length - 1]), ...(between === undefined ? {} : { between }) });
  }
  return { revision: revision.name, mode, total, run, distinct: distinct.size, sampled: total > BigInt(most), runs: trial.runs, failures };
}

/**
 * The pair of steps whose order makes the difference: on the way from a failing order to the written one, neighbour by neighbour, the
 * exchange with which it goes away. Found by halving.
 */
export function culprits(trial: OrderTrial, order: Order): readonly [string, string] | undefined {
  const way: { readonly order: Order; readonly pair: readonly [string, string] }[] = [];
  const now = order.map((group) => [...group]);
  for (const [g, group] of now.entries()) {
    const { steps } = trial.groups[g];
    for (let again = true; again;) {
      again = false;
      for (let n = 0; n + 1 < group.length; n++) {
        const [earlier, later] = [group[n], group[n + 1]];
        if (earlier < later) continue;
        [group[n], group[n + 1]] = [later, earlier];
        again = true;
        way.push({ order: now.map((own) => [...own]), pair: [steps[later].id, steps[earlier].id] });
      }
    }
  }
  if (way.length === 0 || trial.differs(way[way.length - 1].order)) return undefined;
  let [fails, passes] = [-1, way.length - 1];
  while (passes - fails > 1) {
    const middle = (fails + passes) >> 1;
    if (trial.differs(way[middle].order)) fails = middle;
    else passes = middle;
  }
  return way[passes].pair;
}
