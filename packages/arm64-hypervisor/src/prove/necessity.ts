/** Is a constraint needed? Without it there must be an order that somebody notices. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import type { Revision, Step } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import type { Scenario } from './scenario.ts';
import { constraintExplanationOf } from './explained.ts';
import type { ConstraintExplanation } from './explained.ts';
import { inject } from './inject.ts';
import type { Difference, Observation } from './observation.ts';
import { OrderTrial } from './permute.ts';
import type { Order } from './permute.ts';
import { LinearExtensions, closure, implied } from './poset.ts';
import { AFTER_PANIC, BEFORE_FAILURE } from './run.ts';
import { randomFrom } from './random.ts';
import { FULL_CONTEXT } from '../switch/steps/registers.ts';
import { constraintsOf, orderGroups, reordered, withoutConstraint } from './variation.ts';
import type { Constraint, OrderGroup } from './variation.ts';

/** What a panic path brings back: registers of the context, where the host's return state aside. */
const RETURNED: ReadonlySet<string> = new Set(FULL_CONTEXT.map(({ slot }) => slot));

export interface NecessityOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly scenarios: readonly Scenario[];
  /** Orders to try for each constraint, at least, before it counts as not needed; each in a round trip of its own. */
  readonly tries: number;
  readonly seed?: bigint;
  /** Hears of each as it is done. */
  readonly progress?: (necessity: Necessity) => void;
}

type Counterexample = Difference & { readonly order: readonly string[]; readonly scenario: string };

/**
 * `needed`: an order that only this constraint forbids makes a difference. `phases`: the phases say so already, for the two steps are never in
 * one stretch. `implied`: others say so already. `explained`: no order that was tried makes a difference here, and a fact says why it must be
 * all the same. `not-shown`: neither.
 */
export interface Necessity extends Constraint {
  readonly verdict: 'needed' | 'phases' | 'implied' | 'explained' | 'not-shown';
  readonly counterexample?: Counterexample;
  readonly explained?: ConstraintExplanation;
  readonly tried: number;
}

export function necessity(bench: Bench, options: NecessityOptions): readonly Necessity[] {
  const { revision, mode, progress } = options;
  const written = new OrderTrial(bench, options);
  return constraintsOf(revision, mode).map((constraint) => {
    const found = new Question(bench, options, constraint).answer(written);
    progress?.(found);
    return found;
  });
}

class Question {
  readonly #bench: Bench;
  readonly #options: NecessityOptions;
  readonly #constraint: Constraint;

  constructor(bench: Bench, options: NecessityOptions, constraint: Constraint) {
    this.#bench = bench;
    this.#options = options;
    this.#constraint = constraint;
  }

  answer(written: OrderTrial): Necessity {
    const { revision, mode } = this.#options;
    const constraint = this.#constraint;
    const where = written.groups.findIndex(({ steps }) => [constraint.step, constraint.after].every((wanted) => steps.some(({ id }) => id === wanted)));
    if (where < 0) return { ...constraint, verdict: 'phases', tried: 0 };
    const { steps, poset } = written.groups[where];
    const [step, after] = [constraint.step, constraint.after].map((wanted) => steps.findIndex(({ id }) => id === wanted));
    if (implied(poset, after, step)) return { ...constraint, verdict: 'implied', tried: 0 };
    // The other way round, all else as it must be, also what followed from this one; the other groups as written.
    const turned = new LinearExtensions({
      size: poset.size, after: closure(poset).after.map((before, n) => (n === step ? before.filter((one) => one !== after) : n === after ? [...before, step] : before)),
    });
    const loosened = withoutConstraint(revision, constraint);
    const groups = orderGroups(loosened, mode);
    const whole = (order: readonly number[]): Order => groups.map((group, g) => (g === where ? order : group.steps.map((_, n) => n)));
    const search = this.#search(written.with(loosened), turned, whole, groups[where]);
    if (search.counterexample) return { ...constraint, verdict: 'needed', ...search };
    const changed = reordered(loosened, mode, groups, whole(nearest(turned)));
    const exposed = this.#exposed(changed, [steps[step], steps[after]]);
    if (exposed) return { ...constraint, verdict: 'needed', tried: search.tried + 1, counterexample: { ...exposed, order: nearest(turned).map((n) => steps[n].id) } };
    const explained = constraintExplanationOf(constraint, mode);
    return { ...constraint, verdict: explained ? 'explained' : 'not-shown', ...(explained && { explained }), tried: search.tried };
  }

  /** The order nearest to the written one with every round trip, then as many drawn ones as there are tries, one for each round trip. */
  #search(trial: OrderTrial, turned: LinearExtensions, whole: (order: readonly number[]) => Order, { steps }: OrderGroup): { readonly tried: number; readonly counterexample?: Counterexample } {
    const { tries, seed = 1n } = this.#options;
    const named = (difference: Difference & { readonly scenario: string }, order: readonly number[]): Counterexample => ({ ...difference, order: order.map((n) => steps[n].id) });
    const first = nearest(turned);
    const difference = trial.differs(whole(first));
    if (difference) return { tried: 1, counterexample: named(difference, first) };
    const random = randomFrom(seed);
    let tried = 1;
    for (let n = 0; tried < tries && turned.count > 1n; n++) {
      const drawn: (readonly number[])[] = [];
      const { difference: noticed, tried: run } = trial.differsBy(n, () => {
        drawn.push(turned.sample(random));
        return whole(drawn[drawn.length - 1]);
      });
      tried += run.length;
      if (noticed) return { tried, counterexample: named(noticed, drawn.find((order) => trial.differs(whole(order))) ?? drawn[drawn.length - 1]) };
    }
    return { tried };
  }

  /** What is there for exceptions shows only when one comes: at the step that is now on the other side of it. */
  #exposed(changed: Revision, steps: readonly Step[]): (Difference & { readonly scenario: string }) | undefined {
    if (steps.some(({ kind }) => kind === 'mask')) return this.#unmasked(changed, steps);
    return steps.some(({ kind, id }) => kind === 'handle' || kind === 'stage2' || id === 'running-vcpu') ? this.#lost(changed, steps) : undefined;
  }

  /** What keeps exceptions out: an SError that is taken now, and was not before. */
  #unmasked(changed: Revision, steps: readonly Step[]): (Difference & { readonly scenario: string }) | undefined {
    const { revision, mode } = this.#options;
    for (const { id } of steps.filter(({ kind }) => kind !== 'mask')) {
      const at = { step: id, index: 0 };
      const [before, now] = [revision, changed].map((one) => inject(this.#bench, { revision: one, mode, kind: 'serror', at }));
      if (before.outcome !== 'panic' && now.outcome === 'panic') return { aspect: 'failure', text: `an SError before ${now.before}: ${now.text}`, scenario: 'an SError in between' };
    }
    return undefined;
  }

  /** What tells the panic path whose world it finds: the switch fails in between, and the host does not get back what it would have got. */
  #lost(changed: Revision, steps: readonly Step[]): (Difference & { readonly scenario: string }) | undefined {
    const { revision, mode, seed = 1n } = this.#options;
    for (const { id } of steps) {
      const scenario: Scenario = { name: `a failure before ${id}`, seed: seed + 30n, debug: 'none', brief: true, fails: { before: id } };
      const [before, now] = [revision, changed].map((one) => harmOf(this.#bench.run({ revision: one, mode, scenario })));
      const lost = [...now.keys()].find((name) => !before.has(name));
      if (lost !== undefined) return { aspect: 'host register', text: `${scenario.name}: ${lost} is ${now.get(lost) ?? ''}`, scenario: scenario.name };
    }
    return undefined;
  }
}

/** Registers in which the host does not find what it had when the switch began that failed. */
function harmOf({ looks }: Observation): ReadonlyMap<string, string> {
  const [before, after] = [BEFORE_FAILURE, AFTER_PANIC].map((wanted) => looks.find(({ aspect, where }) => aspect === 'host register' && where === wanted));
  if (!before || !after) return new Map();
  return new Map(before.names.flatMap((name, n) => (RETURNED.has(name) && before.values[n] !== after.values[n] ? [[name, `${hex(after.values[n])}, not ${hex(before.values[n])}`] as const] : [])));
}

/** The order that keeps the numbers of the steps together as far as it may. */
function nearest(turned: LinearExtensions): readonly number[] {
  const { value } = turned.all().next() as IteratorYieldResult<readonly number[]>;
  return value;
}
