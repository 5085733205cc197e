/** The committed guests under every state of the world switch, with what each came to. */
import { describe, expect, it } from 'vitest';
import { GUESTS, runGuest, type GuestName } from './guests.ts';
import { OTHERS, REFERENCE, summary, type Ending } from './pairs.ts';

describe.each(Object.keys(GUESTS) as GuestName[])('guests/arm64/%s', (name) => {
  const told = (pair: typeof REFERENCE): Ending => {
    const ending = runGuest(name, pair);
    console.log(name, pair.revision, pair.mode, summary(ending));
    return ending;
  };
  it('ends the same under every pair', () => {
    const reference = told(REFERENCE);
    expect(reference.console).toMatch(GUESTS[name]);
    for (const pair of OTHERS) expect(told(pair), `${pair.revision}, ${pair.mode}`).toEqual(reference);
  });
});
