import { describe, expect, it } from 'vitest';
import { FAULTS, faithfulTo, faultsOf } from './faults.ts';

describe('faults', () => {
  it('are the notes of the KVM side that a user can see', () => {
    expect(Object.values(FAULTS).map(({ note }) => note)).toEqual([1, 2, 3, 6, 7, 9, 21, 26, 27]);
  });
  it('are a revision\'s: all of them, some, or none', () => {
    expect([...faithfulTo('vhe', 'all')]).toEqual(['timer-bits', 'unshared-mdscr', 'unmasked-switch']);
    expect([...faithfulTo('two-hooks', ['stale-far'])]).toEqual(['stale-far']);
    expect(faithfulTo('vhe', undefined).size).toBe(0);
    expect(faultsOf('load-put')).toEqual([]);
  });
  it('that a revision does not have are refused, with those it has', () => {
    expect(() => faithfulTo('debug-ptr', ['stale-far'])).toThrow(/faithful 'stale-far'.*one-reg-copy, bcr0-unlisted, aarch32-halves/);
    expect(() => faithfulTo('load-put', ['stale-far'])).toThrow(/no known fault/);
  });
});
