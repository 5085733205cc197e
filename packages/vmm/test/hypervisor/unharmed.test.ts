/** Twenty exits of each kind; unharmed.nightly.test.ts has five thousand. */
import { REVISIONS, TWO_HOOKS, without } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { EXIT_KINDS, exitKinds, provoke } from './unharmed.ts';

describe.each(['nvhe', 'vhe'] as const)('the host after an exit of its guest, %s', (mode) => {
  it('has every register as its class says, whatever the exit', () => {
    const { counts, faults, clean, dirty } = provoke(mode, 20, 7n);
    expect(faults).toEqual([]);
    for (const kind of EXIT_KINDS) expect(counts.get(kind), kind).toBeGreaterThanOrEqual(20);
    expect(Math.min(clean, dirty)).toBeGreaterThan(20);
  });

  it.each(REVISIONS.filter((revision) => revision !== TWO_HOOKS && revision.modes.includes(mode)))('has them under $name too', (revision) => {
    const { counts, faults, clean, dirty } = provoke(mode, 10, 7n, revision);
    expect(faults).toEqual([]);
    for (const kind of exitKinds(revision)) expect(counts.get(kind), kind).toBeGreaterThanOrEqual(10);
    expect(Math.min(clean, dirty)).toBeGreaterThan(10);
  });

  // The check itself must be able to fail.
  it.each([['debug-to-host', /DBGBVR\d_EL1 \(preserved\)/], ['traps-off', /MDCR_EL2 \(constant\)/]])('a switch without %s is found out', (step, fault) => {
    expect(provoke(mode, 2, 7n, without(TWO_HOOKS, step)).faults.join('\n')).toMatch(fault);
  });
});
