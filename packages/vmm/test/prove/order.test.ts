/** Some orders of every pair, and of the newest revision what a constraint is for; order.nightly.test.ts has ten thousand of every pair. */
import { PAIRS, TWO_HOOKS, revisionNamed } from '@worldswitch/arm64-hypervisor';
import {
  Bench, briefScenarios, constraintsOf, countOrders, firstDifference, necessity, orderGroups, orderScenarios, permute, scenarios, scenariosFor, specialScenarios,
} from '@worldswitch/arm64-hypervisor/prove';
import { describe, expect, it } from 'vitest';
import { proofMachines } from '../../src/test/prove-machine.ts';

const bench = new Bench(proofMachines());

describe.each(PAIRS)('the order of $revision, $mode', ({ revision: name, mode }) => {
  const revision = revisionNamed(name, mode);
  it('may be any that its constraints permit, another in each round trip', () => {
    const some = scenariosFor(revision, [briefScenarios(5n)[1], ...specialScenarios(5n)]);
    const report = permute(bench, { revision, mode, scenarios: some, most: 30, seed: 2n });
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ run: 30, distinct: 30, sampled: true, total: countOrders(orderGroups(revision, mode)) });
    expect(report.total).toBeGreaterThan(1_000_000n);
    expect(report.runs).toBeLessThan(10);
  });
});

describe.each(['nvhe', 'vhe'] as const)('the order of two-hooks, %s', (mode) => {
  it('is the same run after run, and another guest\'s is not', () => {
    const [none, own] = briefScenarios(5n);
    const run = (scenario: typeof none): ReturnType<Bench['run']> => bench.run({ revision: TWO_HOOKS, mode, scenario });
    expect(firstDifference(run(none), run(none))).toBeUndefined();
    expect(firstDifference(run(none), run(own))).toBeDefined();
    expect(run(scenarios(5n)[0]).failure).toBeUndefined();
  });
  it('has a constraint that cannot go: the override for interrupts is added to what the traps have written', () => {
    const only = { ...TWO_HOOKS, steps: TWO_HOOKS.steps.map((step) => (step.id === 'vgic-on' ? step : { ...step, after: [] })) };
    const [none] = briefScenarios(1n);
    expect(constraintsOf(only, mode)).toEqual([{ step: 'vgic-on', after: 'traps-on' }]);
    expect(necessity(bench, { revision: only, mode, scenarios: [none], tries: 1 })).toMatchObject([{ verdict: 'needed', tried: 1, counterexample: { scenario: none.name } }]);
  });
  it('without one constraint fails in some round trip, which is found, and the two steps with it', () => {
    const loose = { ...TWO_HOOKS, steps: TWO_HOOKS.steps.map((step) => (step.id === 'guest-sysregs-restore' ? { ...step, after: [] } : step)) };
    const { failures: [first] } = permute(bench, { revision: loose, mode, scenarios: orderScenarios(loose, 5n).slice(0, 1), most: 12, seed: 2n });
    expect(first.between).toEqual(['host-sysregs-save', 'guest-sysregs-restore']);
    expect(first.order.indexOf('guest-sysregs-restore')).toBeLessThan(first.order.indexOf('host-sysregs-save'));
  });
  it('holds for the panic path, too: what it reports is read before the host is back', () => {
    const steps = TWO_HOOKS.steps.map((step) => (step.id === 'panic-restore' ? { ...step, after: [] } : step));
    const found = permute(bench, { revision: { ...TWO_HOOKS, steps }, mode, scenarios: specialScenarios(1n).filter(({ fails }) => fails === 'entry'), most: 20, seed: 2n });
    expect(found.failures.map(({ aspect }) => aspect)).toContain('panic report');
  });
});
