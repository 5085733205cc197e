/** A few orders of the newest revision with everything written out; order.nightly.test.ts has ten thousand of every pair. */
import { TWO_HOOKS } from '@worldswitch/arm64-hypervisor';
import { Bench, briefScenarios, constraintsOf, countOrders, firstDifference, necessity, orderGroups, permute, scenarios } from '@worldswitch/arm64-hypervisor/prove';
import { describe, expect, it } from 'vitest';
import { proofMachines } from '../../src/test/prove-machine.ts';

const bench = new Bench(proofMachines());

describe.each(['nvhe', 'vhe'] as const)('the order of two-hooks, %s', (mode) => {
  it('may be any that its constraints permit', () => {
    const report = permute(bench, { revision: TWO_HOOKS, mode, scenarios: briefScenarios(5n), most: 4, seed: 2n });
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ run: 4, runs: 8, sampled: true, total: countOrders(orderGroups(TWO_HOOKS, mode)) });
    expect(report.total).toBeGreaterThan(1_000_000n);
  });
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
});
