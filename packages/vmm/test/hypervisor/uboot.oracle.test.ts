/** U-Boot as a guest, its whole session: the banner and every answer as on QEMU without EL2, and off by HVC. */
import { beforeAll, describe, expect, it } from 'vitest';
import { QEMU, UBOOT_COMMANDS, recordUbootConsole } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { OTHERS, REFERENCE, type Ending } from './pairs.ts';
import { ubootBanner, ubootGuest, ubootUntil } from './uboot.ts';

describe.runIf(haveTools(QEMU, 'apt-get'))('U-Boot as a guest', () => {
  it('boots, answers version, bdinfo and flinfo and powers off as on QEMU, after the same number of instructions in both modes', async () => {
    const { banner, answers } = await recordUbootConsole({ el2: false });
    const ticks = (['nvhe', 'vhe'] as const).map((mode) => {
      const guest = ubootGuest({ revision: REFERENCE.revision, mode }, 'translator');
      expect(guest.end, mode).toBe('system-off');
      expect(guest.transcript.answers.map(({ command }) => command), mode).toEqual(UBOOT_COMMANDS);
      expect(guest.transcript.answers, mode).toEqual(answers);
      expect(guest.transcript.raw, mode).toMatch(/relocaddr\s*= 0x000000004fef7000/);
      expect(guest.transcript.banner, mode).toBe(banner);
      return guest.ticks;
    });
    expect(ticks[0]).toBe(ticks[1]);
  });

  // The fault timer-bits, note 21: the physical counter is what its delays go by.
  it('dies in its first delay on a host that is faithful to timer-bits: the counter is UNDEFINED', () => {
    const { console } = ubootUntil({ revision: 'vhe', mode: 'vhe', faithful: ['timer-bits'] }, '"Synchronous Abort" handler');
    expect(console).toMatch(/Flash: "Synchronous Abort" handler, esr 0x02000000/);
  });

  // The whole session under each pair is in uboot.nightly.test.ts.
  describe('as far as its countdown', () => {
    let reference: Ending;
    beforeAll(() => { reference = ubootBanner(REFERENCE); });
    it.each(OTHERS)('says the same, takes the same time and is the same under $revision, $mode', (pair) => {
      expect(ubootBanner(pair)).toEqual(reference);
    });
  });
});
