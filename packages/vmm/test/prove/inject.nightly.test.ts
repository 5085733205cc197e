/** Everything that can come, before every access of every step, of every pair: prints the totals. */
import { PAIRS, revisionNamed } from '@worldswitch/arm64-hypervisor';
import { Bench, INJECTIONS, injectAll } from '@worldswitch/arm64-hypervisor/prove';
import { describe, expect, it } from 'vitest';
import { proofMachines } from '../../src/test/prove-machine.ts';

const bench = new Bench(proofMachines());
const HOUR = 3_600_000;

describe.each(PAIRS)('$revision, $mode', ({ revision, mode }) => {
  it('with everything that can come between two accesses', () => {
    const began = performance.now();
    const { failures, positions, injections, outcomes } = injectAll(bench, { revision: revisionNamed(revision, mode), mode });
    console.log(`${revision}, ${mode}: ${positions} positions, ${injections} injections in ${Math.round((performance.now() - began) / 1000)} s, ${failures.length} against the rules\n  ${Object.entries(outcomes).map(([what, count]) => `${what} ${count}`).join(', ')}`);
    expect(failures).toEqual([]);
    // Every kind, though without debug registers of the guest's there are fewer positions.
    expect(injections).toBeGreaterThan(positions * (INJECTIONS.length - 2));
  }, HOUR);
});
