/** What the order of a switch must be, learned from the machine: which pairs of steps may not change places, when all else may. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Revision } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import type { Scenario } from './scenario.ts';
import type { Difference } from './observation.ts';
import { OrderTrial, culprits } from './permute.ts';
import { implied } from './poset.ts';
import { randomFrom } from './random.ts';
import { orderGroups } from './variation.ts';
import type { Constraint } from './variation.ts';

export interface LearnOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly scenarios: readonly Scenario[];
  /** Orders that must pass in a row before the partial order counts as known. */
  readonly passes: number;
  readonly seed?: bigint;
}

/** A pair that must keep its order, and what happens otherwise. */
export interface Learned extends Constraint {
  readonly otherwise: Difference & { readonly scenario: string };
}

export interface LearnReport {
  readonly revision: string;
  readonly mode: AccessorMode;
  /** Without those that follow from others. */
  readonly constraints: readonly Learned[];
  readonly runs: number;
  readonly orders: bigint;
}

/** Begins with no constraint at all, and takes one from each order that fails. */
export function learn(bench: Bench, { revision, mode, scenarios, passes, seed = 1n }: LearnOptions): LearnReport {
  const random = randomFrom(seed);
  const learned: Learned[] = [];
  const constrained = (): Revision => ({
    ...revision, steps: revision.steps.map((step) => ({ ...step, after: learned.filter((one) => one.step === step.id).map(({ after }) => after) })),
  });
  let trial = new OrderTrial(bench, { revision: constrained(), mode, scenarios }, revision);
  let runs = 0;
  for (let passed = 0; passed < passes;) {
    const order = trial.groups.map(({ extensions }) => extensions.sample(random));
    const otherwise = trial.differs(order);
    if (!otherwise) {
      passed++;
      continue;
    }
    passed = 0;
    const pair = culprits(trial, order);
    if (!pair) throw new RangeError(`${revision.name} in mode ${mode} differs from itself as written: ${otherwise.text}; its runs are not repeatable`);
    learned.push({ step: pair[1], after: pair[0], otherwise });
    runs += trial.runs;
    trial = trial.with(constrained());
  }
  const groups = orderGroups(constrained(), mode);
  const needed = learned.filter(({ step, after }) => !groups.some(({ steps, poset }) => {
    const [a, b] = [steps.findIndex(({ id }) => id === after), steps.findIndex(({ id }) => id === step)];
    return a >= 0 && b >= 0 && implied(poset, a, b);
  }));
  return { revision: revision.name, mode, constraints: needed, runs: runs + trial.runs, orders: groups.reduce((all, { extensions }) => all * extensions.count, 1n) };
}
