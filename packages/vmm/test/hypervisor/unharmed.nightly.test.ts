import { PAIRS, revisionNamed } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { exitKinds, provoke } from './unharmed.ts';

const EACH = 500;

describe.each(PAIRS)('the host after 500 exits of each kind of its guest, $revision on $mode', ({ revision: name, mode }) => {
  it('has every register as its class says, after each of them', () => {
    const revision = revisionNamed(name, mode);
    const { counts, faults, exits, clean, dirty } = provoke(mode, EACH, 2026n, revision);
    const kinds = exitKinds(revision);
    expect(faults).toEqual([]);
    expect(exits).toBeGreaterThanOrEqual(EACH * kinds.length);
    for (const kind of kinds) expect(counts.get(kind), kind).toBeGreaterThanOrEqual(EACH);
    expect(Math.min(clean, dirty)).toBeGreaterThan(EACH);
  });
});
