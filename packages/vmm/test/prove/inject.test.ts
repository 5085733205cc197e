/** What comes between two accesses: a position of each kind, and a sample of all; inject.nightly.test.ts has every position of every pair. */
import { PAIRS, TWO_HOOKS, revisionNamed } from '@worldswitch/arm64-hypervisor';
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
  // el2_error and handle_exit of Linux 4.15: what was pending at the exit is the guest's.
  it('an SError that comes before the window of the exit has closed is the guest\'s, one behind it the host\'s', () => {
    const outcomes = [at('vector', 0), at('guest-exit', 3), at('serror-window', 4), at('fault-info', 0), at('guest-sysregs-save', 0)].map((point) => inject(bench, { revision: TWO_HOOKS, mode, kind: 'serror', at: point }).outcome);
    expect(outcomes).toEqual(['guest', 'guest', 'guest', 'host', 'host']);
  });
  // DDI 0487 D1.3.6: EL2 masks everything when it takes an exception.
  it.each(INJECTIONS)('%s on the panic path waits, and the panic is reported as without it', (kind) => {
    const debug = kind === 'breakpoint' || kind === 'watchpoint' || kind === 'step';
    expect(inject(bench, { revision: TWO_HOOKS, mode, kind, at: at('panic-restore', 2) })).toMatchObject({ outcome: debug ? 'nothing' : 'pending', phase: 'panic', ok: true });
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

describe.each(PAIRS)('between two accesses of $revision, $mode', ({ revision: name, mode }) => {
  const revision = revisionNamed(name, mode);
  it('is as the rules say in a sample of all positions', () => {
    const { failures, injections } = injectAll(bench, { revision, mode, every: 331 });
    expect(failures).toEqual([]);
    expect(injections).toBeGreaterThanOrEqual(2 * INJECTIONS.length);
  });
  it('an SError on the way in comes to whom the vectors of the time have it come', () => {
    const traps = revision.steps.find(({ phase, kind, modes }) => phase === 'activate-traps' && kind === 'trap-control' && (modes?.includes(mode) ?? true))?.id ?? '';
    const { outcome, ok } = inject(bench, { revision, mode, kind: 'serror', at: { step: traps, index: 0 } });
    // Linux 4.1 to 4.4: a panic. 4.15: the guest's. Since 6.1 ISR_EL1 is asked before the guest is entered.
    const expected = ['2015-base', 'debug-ptr', 'vhe'].includes(name) ? 'fatal' : name === 'two-hooks' ? 'guest' : 'host';
    expect([outcome, ok]).toEqual([expected, true]);
  });
});
