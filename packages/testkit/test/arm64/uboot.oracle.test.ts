/** U-Boot takes QEMU's path, instruction for instruction, with the device tree of our own board. uboot.nightly.test.ts has all of it on every engine. */
import { SYSTEM_OFF } from '@worldswitch/arm64';
import { describe, expect, it } from 'vitest';
import { QEMU, recordUbootConsole } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { compareUboot, ubootSession } from './uboot.ts';

describe.runIf(haveTools(QEMU, 'gcc', 'apt-get'))('U-Boot at EL2', () => {
  // 1405 blocks are 92 million instructions, to the end of the countdown; the banner comes before block 300.
  it.each([['interpreter', 400], ['translator', 1405]] as const)('takes the path it takes on QEMU, on the %s (%i blocks)', (kind, blocks) => {
    expect(compareUboot(kind, blocks)).toBeUndefined();
  });

  it('takes it, too, where writes act as late as the architecture allows: it has every barrier it needs', () => {
    expect(compareUboot('translator', 400, { sync: 'late' })).toBeUndefined();
  });

  it('takes it on a board with a GICv3', () => {
    expect(compareUboot('translator', 400, { gic: 3 })).toBeUndefined();
  });

  it('says what it says on QEMU, on the interpreter, and poweroff ends the run', async () => {
    const { transcript, end } = ubootSession('interpreter');
    const qemu = await recordUbootConsole();
    expect(end).toBe(SYSTEM_OFF);
    expect(transcript.answers.map(({ command }) => command)).toEqual(['version', 'bdinfo', 'flinfo']);
    expect(transcript.answers).toEqual(qemu.answers);
    expect(transcript.banner).toBe(qemu.banner);
  });
});
