import { describe, expect, it } from 'vitest';
import { EXIT_KINDS, provoke } from './unharmed.ts';

const EACH = 500;

describe.each(['nvhe', 'vhe'] as const)('the host after 5,000 exits of its guest, %s', (mode) => {
  it('has every register as its class says, after each of them', () => {
    const { counts, faults, exits, clean, dirty } = provoke(mode, EACH, 2026n);
    expect(faults).toEqual([]);
    expect(exits).toBeGreaterThanOrEqual(5000);
    for (const kind of EXIT_KINDS) expect(counts.get(kind), kind).toBeGreaterThanOrEqual(EACH);
    expect(Math.min(clean, dirty)).toBeGreaterThan(EACH);
  });
});
