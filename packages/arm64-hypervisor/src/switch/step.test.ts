import { describe, expect, it } from 'vitest';
import { PHASES, PHASE_OWNER, StepListError, compose, without } from './step.ts';
import type { Revision, Step } from './step.ts';
import { CPU_CONTEXT } from '../context/layout.ts';
import { REVISIONS } from './revisions/index.ts';
import { TWO_HOOKS } from './revisions/two-hooks.ts';

const step = (id: string, over: Partial<Step> = {}): Step => ({ id, phase: 'save-host', el: 2, kind: 'context', because: 'a test', run: () => undefined, ...over });
const NEEDED = ['save-host', 'activate-traps', 'restore-guest', 'enter', 'exit', 'save-guest', 'deactivate-traps', 'restore-host', 'panic'] as const;
const revision = (...steps: readonly Step[]): Revision => ({ name: 'r', about: '', modes: ['nvhe'], layout: CPU_CONTEXT, guestDebug: 'dirty', steps });
const whole = (): Step[] => NEEDED.map((phase) => step(phase, { phase }));

describe('a list of steps is refused', () => {
  it.each<[string, Revision, 'nvhe' | 'vhe', RegExp]>([
    ['in a mode it does not exist in', revision(...whole()), 'vhe', /r in mode vhe: the revision exists in nvhe/],
    ['with an id twice', revision(step('a'), step('a'), ...whole()), 'nvhe', /step a: ids are unique in a mode/],
    ['with phases out of order', revision(...whole(), step('late')), 'nvhe', /step late \(save-host\): phases come in the order load, save-host/],
    ['when it waits for a step that is nowhere', revision(step('a', { after: ['b'] }), ...whole()), 'nvhe', /step a after b: r has no such step/],
    ['when it waits for one that comes later', revision(step('a', { after: ['b'] }), step('b'), ...whole()), 'nvhe', /step a: it must come after b; reorder the list/],
    ['when it waits for itself', revision(step('a', { after: ['a'] }), ...whole()), 'nvhe', /a step cannot follow itself/],
    ['without a phase that a switch needs', revision(...whole().filter(({ phase }) => phase !== 'save-guest')), 'nvhe', /no step in phase save-guest/],
  ])('%s', (_name, made, mode, message) => {
    expect(() => compose(made, mode)).toThrow(StepListError);
    expect(() => compose(made, mode)).toThrow(message);
  });
});

describe('revisions', () => {
  it.each(REVISIONS.flatMap((made) => made.modes.map((mode) => [made.name, mode, made] as const)))('%s makes sense in %s, and each step says why', (_name, mode, made) => {
    const steps = compose(made, mode);
    for (const { id, because, phase } of steps) {
      expect(because.length, id).toBeGreaterThan(20);
      expect(PHASES).toContain(phase);
    }
  });
  it('keep each order that a step asks for: exchanging the two is refused', () => {
    const constrained = TWO_HOOKS.steps.flatMap((one) => (one.after ?? []).map((before) => [one.id, before] as const));
    expect(constrained.length).toBeGreaterThan(15);
    for (const [id, before] of constrained) {
      const steps = [...TWO_HOOKS.steps];
      const [a, b] = [steps.findIndex((one) => one.id === id), steps.findIndex((one) => one.id === before)];
      [steps[a], steps[b]] = [steps[b], steps[a]];
      expect(() => { for (const mode of TWO_HOOKS.modes) compose({ ...TWO_HOOKS, steps }, mode); }, `${id} before ${before}`).toThrow(StepListError);
    }
  });
  it('lose one step, and the constraints on it', () => {
    const less = without(TWO_HOOKS, 'traps-off');
    expect(less.name).toBe('two-hooks without traps-off');
    expect(compose(less, 'nvhe').map(({ id }) => id)).toEqual(compose(TWO_HOOKS, 'nvhe').map(({ id }) => id).filter((id) => id !== 'traps-off'));
  });
  it('know whose world each phase serves', () => { expect(Object.keys(PHASE_OWNER).sort()).toEqual([...PHASES].sort()); });
});
