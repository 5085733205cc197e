/** The committed guests, each to its end under every state of the world switch. */
import { describe, expect, it } from 'vitest';
import { GUESTS, runGuest, type GuestName } from './guests.ts';
import { OTHERS, REFERENCE } from './pairs.ts';

/** It changes its debug registers all the time, and takes seconds where others take tenths: one pair of each generation; guests.nightly.test.ts has all. */
const SLOW: readonly string[] = ['debug-self'];
const GENERATIONS = OTHERS.filter(({ revision, mode }) => revision === '2015-base' || (mode === 'vhe' && (revision === 'vhe' || revision === 'owner')));

describe.each(Object.keys(GUESTS) as GuestName[])('guests/arm64/%s', (name) => {
  const reference = runGuest(name, REFERENCE);
  it('says what it computes', () => {
    expect(reference.console).toMatch(GUESTS[name]);
  });
  it.each(SLOW.includes(name) ? GENERATIONS : OTHERS)('says the same, takes the same time and leaves the same under $revision, $mode', (pair) => {
    expect(runGuest(name, pair)).toEqual(reference);
  });
});
