/** Revisions that are another in one respect: the order of its steps, a constraint, the steps watched while they run. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Phase, Revision, Step } from '../switch/step.ts';
import { LinearExtensions } from './poset.ts';
import type { Poset } from './poset.ts';

/** Steps between which an order can be chosen: those of these phases, and of one level where the two levels are visited one after the other. */
interface Stretch {
  readonly phases: readonly Phase[];
  readonly el?: 1 | 2;
}

/**
 * What runs once per entry moves freely from the host's save to the guest's restore, and likewise on the way back. `enter`, `exit` and `fixup`
 * stay what they are, for an exit that is dealt with at EL2 goes round them alone.
 */
const INTO: readonly Phase[] = ['save-host', 'activate-traps', 'restore-guest'];
const BACK: readonly Phase[] = ['save-guest', 'deactivate-traps', 'restore-host'];
const STRETCHES: readonly Stretch[] = [
  { phases: ['load'] }, { phases: INTO, el: 1 }, { phases: INTO, el: 2 }, { phases: ['enter'] }, { phases: ['exit'] }, { phases: ['fixup'] },
  { phases: BACK, el: 2 }, { phases: BACK, el: 1 }, { phases: ['put'] }, { phases: ['panic'] },
];

/** The steps of a group and what orders them. */
export interface OrderGroup {
  readonly phases: readonly Phase[];
  readonly steps: readonly Step[];
  readonly poset: Poset;
  readonly extensions: LinearExtensions;
}

/** A constraint of a step: `step` comes after `after`. */
export interface Constraint {
  readonly step: string;
  readonly after: string;
}

const inMode = (revision: Revision, mode: AccessorMode): readonly Step[] => revision.steps.filter(({ modes }) => modes === undefined || modes.includes(mode));

export function orderGroups(revision: Revision, mode: AccessorMode): readonly OrderGroup[] {
  return STRETCHES.flatMap(({ phases, el }): OrderGroup[] => {
    const steps = inMode(revision, mode).filter((step) => phases.includes(step.phase) && (el === undefined || step.el === el));
    if (steps.length === 0) return [];
    const after = steps.map((step) => (step.after ?? []).map((id) => steps.findIndex((one) => one.id === id)).filter((index) => index >= 0));
    const poset: Poset = { size: steps.length, after };
    return [{ phases, steps, poset, extensions: new LinearExtensions(poset) }];
  });
}

/** Orders that the constraints of a revision permit in a mode, over all groups. */
export function countOrders(groups: readonly OrderGroup[]): bigint {
  return groups.reduce((product, { extensions }) => product * extensions.count, 1n);
}

/** Every constraint of a revision that applies in a mode. */
export function constraintsOf(revision: Revision, mode: AccessorMode): readonly Constraint[] {
  const ids = new Set(inMode(revision, mode).map(({ id }) => id));
  return inMode(revision, mode).flatMap(({ id, after = [] }) => after.filter((other) => ids.has(other)).map((other): Constraint => ({ step: id, after: other })));
}

/** A step as another object that does the same, so that what is changed about it is its own. */
function copyOf(step: Step, change: Partial<Step>): Step {
  return { ...step, run: (context) => { step.run(context); }, ...change };
}

/**
 * The revision with the steps of its groups in other orders. A step that comes into the room of another phase belongs to that phase: phases
 * are names of stretches of the way, and every group keeps at least one step in each that it had.
 */
export function reordered(revision: Revision, mode: AccessorMode, groups: readonly OrderGroup[], orders: readonly (readonly number[])[]): Revision {
  const queues = groups.map(({ steps }, index) => ({ members: new Set(steps), left: orders[index].map((n) => steps[n]) }));
  // Each place goes to the next of its group, whatever was there.
  const all = inMode(revision, mode).map((step): Step => {
    const next = queues.find(({ members }) => members.has(step))?.left.shift() ?? step;
    return next.phase === step.phase ? next : copyOf(next, { phase: step.phase });
  });
  // A constraint on a step of the other mode names nobody here.
  const ids = new Set(all.map(({ id }) => id));
  const steps = all.map((step) => (step.after?.every((id) => ids.has(id)) ?? true ? step : copyOf(step, { after: (step.after ?? []).filter((id) => ids.has(id)) })));
  return { ...revision, modes: [mode], steps };
}

/** The revision without one constraint. */
export function withoutConstraint(revision: Revision, { step, after }: Constraint): Revision {
  return { ...revision, steps: revision.steps.map((one) => (one.id === step ? copyOf(one, { after: (one.after ?? []).filter((id) => id !== after) }) : one)) };
}

/** The revision, telling when a step begins and ends. */
export function watched(revision: Revision, begin: (step: string) => void, end: () => void): Revision {
  const steps = revision.steps.map((step) => copyOf(step, {
    run: (context) => {
      begin(step.id);
      try {
        step.run(context);
      } finally {
        end();
      }
    },
  }));
  return { ...revision, steps };
}
