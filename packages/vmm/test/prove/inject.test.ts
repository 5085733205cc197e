/** What comes between two accesses: a position of each kind, and a sample of all; order.nightly.test.ts has every position of every pair. */
import { TWO_HOOKS } from '@worldswitch/arm64-hypervisor';
import type { Revision, Step } from '@worldswitch/arm64-hypervisor';
import { Bench, INJECTIONS, briefScenarios, inject, injectAll } from '@worldswitch/arm64-hypervisor/prove';
import { describe, expect, it } from 'vitest';
import { proofMachines } from '../../src/test/prove-machine.ts';

const bench = new Bench(proofMachines());

describe.each(['nvhe', 'vhe'] as const)('between two accesses of two-hooks, %s', (mode) => {
  const at = (step: string, index: number): { step: string; index: number } => ({ step, index });
  it.each([
    ['interrupt', at('guest-sysregs-restore', 5), 'host'], ['virtual-interrupt', at('traps-on', 0), 'guest'], ['serror', at('guest-sysregs-restore', 5), 'guest'],
    ['breakpoint', at('debug-to-guest', 20), 'nothing'], ['watchpoint', at('debug-to-guest', 20), 'nothing'], ['step', at('debug-to-guest', 20), 'nothing'],
    ['abort', at('host-sysregs-restore', 3), 'again'],
  ] as const)('%s at %o comes to %s', (kind, point, outcome) => {
    expect(inject(bench, { revision: TWO_HOOKS, mode, kind, at: point })).toMatchObject({ outcome, ok: true, el: 2, masked: { D: true, A: true, I: true } });
  });
  it('is as the rules say in a sample of all positions', () => {
    const { failures, injections } = injectAll(bench, { revision: TWO_HOOKS, mode, every: 331 });
    expect(failures).toEqual([]);
    expect(injections).toBeGreaterThanOrEqual(2 * INJECTIONS.length);
  });
  it('says which accesses there are when asked for another', () => {
    expect(() => inject(bench, { revision: TWO_HOOKS, mode, kind: 'serror', at: at('nowhere', 0) })).toThrow(/nowhere#0 in round 2: two-hooks in mode \w+ does not come to it; steps are /);
  });

  // SVE is not there: ZCR_EL2 does not exist.
  it('an instruction that is UNDEFINED is the panic path, and the step is named', () => {
    const bad: Step = { id: 'bad-step', phase: 'activate-traps', el: 2, kind: 'trap-control', because: 'a test', run: ({ code }) => { code.read('ZCR_EL2'); } };
    const place = TWO_HOOKS.steps.findIndex(({ id }) => id === 'stage2-on');
    const revision: Revision = { ...TWO_HOOKS, steps: [...TWO_HOOKS.steps.slice(0, place), bad, ...TWO_HOOKS.steps.slice(place)] };
    expect(bench.run({ revision, mode, scenario: briefScenarios(1n)[0] }).failure).toBe('hypervisor-panic in bad-step: bad-step: mrs ZCR_EL2 is undefined');
  });
});
