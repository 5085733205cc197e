/** Is a constraint needed? Without it there must be an order that somebody notices. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Revision, Step } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import type { Scenario } from './scenario.ts';
import { inject } from './inject.ts';
import type { Difference } from './observation.ts';
import { OrderTrial } from './permute.ts';
import { LinearExtensions, implied } from './poset.ts';
import { randomFrom } from './random.ts';
import { constraintsOf, orderGroups, reordered, withoutConstraint } from './variation.ts';
import type { Constraint } from './variation.ts';

export interface NecessityOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly scenarios: readonly Scenario[];
  /** Orders to try for each constraint before it counts as not needed. */
  readonly tries: number;
  readonly seed?: bigint;
}

/**
 * `needed`: an order that only this constraint forbids makes a difference. `phases`: the phases say so already, for the two steps are never in
 * one stretch. `implied`: others say so already. `not-shown`: no order that was tried makes a difference.
 */
export interface Necessity extends Constraint {
  readonly verdict: 'needed' | 'phases' | 'implied' | 'not-shown';
  readonly counterexample?: Difference & { readonly order: readonly string[]; readonly scenario: string };
  readonly tried: number;
}

export function necessity(bench: Bench, { revision, mode, scenarios, tries, seed = 1n }: NecessityOptions): readonly Necessity[] {
  const groups = orderGroups(revision, mode);
  return constraintsOf(revision, mode).map((constraint): Necessity => {
    const where = groups.findIndex(({ steps }) => steps.some(({ id }) => id === constraint.step) && steps.some(({ id }) => id === constraint.after));
    if (where < 0) return { ...constraint, verdict: 'phases', tried: 0 };
    const { steps, poset } = groups[where];
    const [step, after] = [steps.findIndex(({ id }) => id === constraint.step), steps.findIndex(({ id }) => id === constraint.after)];
    if (implied(poset, after, step)) return { ...constraint, verdict: 'implied', tried: 0 };
    const loosened = withoutConstraint(revision, constraint);
    const trial = new OrderTrial(bench, { revision: loosened, mode, scenarios }, revision);
    // The other way round, all else as it must be; the other groups as written.
    const turned = new LinearExtensions({
      size: poset.size, after: poset.after.map((before, n) => (n === step ? before.filter((one) => one !== after) : n === after ? [...before, step] : before)),
    });
    const random = randomFrom(seed);
    const written = trial.groups.map(({ steps: own }) => own.map((_, n) => n));
    const candidates = turned.count <= BigInt(tries) ? [...turned.all()] : Array.from({ length: tries }, () => turned.sample(random));
    for (const [tried, order] of candidates.entries()) {
      const difference = trial.differs(written.map((own, g) => (g === where ? order : own)));
      if (difference) return { ...constraint, verdict: 'needed', tried: tried + 1, counterexample: { ...difference, order: order.map((n) => steps[n].id) } };
    }
    const order = candidates[0];
    const changed = reordered(loosened, mode, trial.groups, written.map((own, g) => (g === where ? order : own)));
    const disturbed = exposed(bench, { revision, changed, mode, steps: [steps[step], steps[after]] });
    if (disturbed !== undefined) return { ...constraint, verdict: 'needed', tried: candidates.length + 1, counterexample: { ...disturbed, order: order.map((n) => steps[n].id) } };
    return { ...constraint, verdict: 'not-shown', tried: candidates.length };
  });
}

/** What keeps exceptions out shows only when one comes: an SError at the step that is now outside the mask, and was not before. */
function exposed(bench: Bench, { revision, changed, mode, steps }: {
  readonly revision: Revision; readonly changed: Revision; readonly mode: AccessorMode; readonly steps: readonly Step[];
}): (Difference & { readonly scenario: string }) | undefined {
  if (!steps.some(({ kind }) => kind === 'mask')) return undefined;
  for (const { id } of steps.filter(({ kind }) => kind !== 'mask')) {
    const at = { step: id, index: 0 };
    const [before, now] = [revision, changed].map((one) => inject(bench, { revision: one, mode, kind: 'serror', at }));
    if (before.outcome !== 'panic' && now.outcome === 'panic') return { aspect: 'failure', text: `an SError before ${now.before}: ${now.text}`, scenario: 'an SError in between' };
  }
  return undefined;
}
