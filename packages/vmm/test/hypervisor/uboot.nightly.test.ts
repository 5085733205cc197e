/** U-Boot's whole session under every state of the world switch. */
import { beforeAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { OTHERS, REFERENCE, endingOf, summary, type Ending } from './pairs.ts';
import { ubootGuest } from './uboot.ts';

describe.runIf(haveTools('apt-get'))('U-Boot as a guest, to poweroff', () => {
  const session = (pair: typeof REFERENCE): Ending => {
    const { end, machine } = ubootGuest(pair, 'translator');
    expect(end).toBe('system-off');
    const ending = endingOf(machine, { flash: true });
    console.log(pair.revision, pair.mode, summary(ending));
    return ending;
  };
  let reference: Ending;
  beforeAll(() => { reference = session(REFERENCE); });

  it.each(OTHERS)('answers the same, takes the same time and leaves the same under $revision, $mode', (pair) => {
    expect(session(pair)).toEqual(reference);
  });
});
