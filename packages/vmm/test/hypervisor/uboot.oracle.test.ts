/** U-Boot as a guest boots as it does on QEMU without EL2, says its version and turns the machine off; uboot.nightly.test.ts has every answer. */
import { describe, expect, it } from 'vitest';
import { QEMU, recordUbootConsole } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { ubootGuest } from './uboot.ts';

const COMMANDS = ['version'];

describe.runIf(haveTools(QEMU, 'apt-get'))('U-Boot as a guest', () => {
  it('says what it says on QEMU and powers off by HVC, after the same number of instructions in both modes', async () => {
    const { banner, answers } = await recordUbootConsole({ el2: false }, COMMANDS);
    const ticks = (['nvhe', 'vhe'] as const).map((mode) => {
      const guest = ubootGuest(mode, 'translator', COMMANDS);
      expect(guest.end, mode).toBe('system-off');
      expect(guest.transcript.answers, mode).toEqual(answers);
      expect(guest.transcript.banner, mode).toBe(banner);
      return guest.ticks;
    });
    expect(ticks[0]).toBe(ticks[1]);
  });
});
