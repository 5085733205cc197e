/** Some accesses of the newest revision, each left out; order.nightly.test.ts leaves out every one of every pair. */
import { TWO_HOOKS } from '@worldswitch/arm64-hypervisor';
import { Bench, briefScenarios, firstDifference, leavingOut, needless, remove, scenarios } from '@worldswitch/arm64-hypervisor/prove';
import { describe, expect, it } from 'vitest';
import { proofMachines } from '../../src/test/prove-machine.ts';

const bench = new Bench(proofMachines());

describe.each(['nvhe', 'vhe'] as const)('an access of two-hooks, %s', (mode) => {
  it('is missed, or a fact says why it is there', () => {
    const report = remove(bench, { revision: TWO_HOOKS, mode, scenarios: [...briefScenarios(1n), ...scenarios(1n)], sample: 8, seed: 5n });
    expect(needless(report)).toEqual([]);
    expect(report.removed).toBe(8);
    expect(report.total).toBeGreaterThan(700);
  });
  it('protects what its absence shows first', () => {
    const [scenario] = briefScenarios(1n);
    const trial = { revision: TWO_HOOKS, mode, scenario } as const;
    const without = (step: string, text: string): ReturnType<typeof firstDifference> =>
      firstDifference(bench.run(trial), bench.run({ ...trial, interpose: leavingOut({ step, text, nth: 0 }) }));
    expect(without('running-vcpu', 'str host.running-vcpu')).toMatchObject({ aspect: 'failure' });
    expect(without('guest-sysregs-restore', 'msr VMPIDR_EL2')).toMatchObject({ aspect: 'guest memory' });
    // A host at EL1 meets the trap that was left on; one at EL2 finds the register changed.
    expect(without('traps-off', 'msr MDCR_EL2')).toMatchObject(mode === 'nvhe'
      ? { aspect: 'failure', text: expect.stringContaining('msr MDCCINT_EL1 is trap') as string }
      : { aspect: 'host register', text: expect.stringContaining('MDCR_EL2') as string });
  });
  it('may be a barrier that only late writes ask for', () => {
    const [scenario] = briefScenarios(1n);
    const trial = { revision: TWO_HOOKS, mode, scenario } as const;
    const interpose = leavingOut({ step: 'fp-lazy', text: 'isb', nth: 0 });
    expect(firstDifference(bench.run(trial), bench.run({ ...trial, interpose }))).toBeUndefined();
    expect(firstDifference(bench.run({ ...trial, sync: 'late' }), bench.run({ ...trial, sync: 'late', interpose }))).toMatchObject({ aspect: 'failure', text: expect.stringContaining('fp-lazy') as string });
  });
});
