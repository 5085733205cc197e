/** Ten thousand orders, every constraint, every access and every position, of every pair that exists. */
import { PAIRS, revisionNamed } from '@worldswitch/arm64-hypervisor';
import { Bench, prove } from '@worldswitch/arm64-hypervisor/prove';
import { describe, expect, it } from 'vitest';
import { proofMachines } from '../../src/test/prove-machine.ts';

const bench = new Bench(proofMachines());
const HOUR = 3_600_000;

describe.each(PAIRS)('$revision, $mode', ({ revision: name, mode }) => {
  const revision = revisionNamed(name, mode);
  it('in any order that its constraints permit', () => {
    const { orders } = prove(bench, revision, mode, { orders: 10_000 });
    console.log(name, mode, orders);
    expect(orders?.failures).toBe(0);
  }, HOUR);
  it('with every access missed or explained', () => {
    const { removal } = prove(bench, revision, mode, { removals: 'all' });
    console.log(name, mode, removal);
    expect(removal?.needless).toEqual([]);
  }, HOUR);
});
