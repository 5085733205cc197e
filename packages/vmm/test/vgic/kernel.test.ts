/** Interrupt controllers in the hypervisor: guests that program theirs and count what comes. */
import { describe, expect, it } from 'vitest';
import { controlled } from './kernel-guest.ts';
import type { ControlledOptions } from './kernel-guest.ts';

const CASES: readonly (Pick<ControlledOptions, 'gic' | 'mode'> & { readonly revision: string })[] = (['nvhe', 'vhe'] as const).flatMap((mode) => ([2, 3] as const).map((gic) => ({ gic, mode, revision: 'owner' })));

describe.each(CASES)('a GICv$gic in the hypervisor, $revision, $mode', (setup) => {
  it('brings a shared interrupt once while its level is up, and when that has fallen no more', () => {
    // The device goes quiet when the guest has counted three.
    const one = controlled(setup);
    const completed: number[] = [];
    one.vmBackend.whenCompleted((gsi) => {
      completed.push(gsi);
      if (completed.length === 3) one.line(40, false);
    });
    one.settle();
    expect(one.counted(40)).toBe(0);
    one.line(40, true);
    one.settle();
    expect(one.counted(40)).toBe(3);
    expect(completed).toEqual([8, 8, 8]);
  });
});
