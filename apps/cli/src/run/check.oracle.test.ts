/** `--engine check`: evaluator and translator go the same way through whole programs, and say what those say under QEMU (guests.oracle.test.ts). */
import { describe, expect, it } from 'vitest';
import { fetchInput } from '../../../../tooling/oracles/fetch-inputs.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { guestElf, worldswitch } from '../test/capture.ts';

const GUESTS = {
  steps: /steps done rounds=0x28 exceptions=0x50\r\n$/,
  exits: /exits done psci=0x10001 .* interrupts=0x64 brks=0x64 svcs=0x64 visits=0x64\r\n$/,
  'debug-self': /debug-self done sum=0x54 breakpoints=0x2 watchpoints=0x2 steps=0x4 brks=0x1\r\n$/,
} as const;

describe('the evaluator and the translator agree', () => {
  it.each(Object.entries(GUESTS))('on %s', async (name, said) => {
    const { status, out, err } = await worldswitch('run', guestElf(name), '--as', 'bare', '--engine', 'check', '--memory', '4M');
    expect(err).toBe('');
    expect(out).toMatch(said);
    expect(status).toBe(0);
  });
  it.runIf(haveTools('apt-get'))('on the beginning of U-Boot', async () => {
    const { status, err } = await worldswitch('run', fetchInput('u-boot-arm64.bin'), '--as', 'bare', '--engine', 'check', '--limit', '2000000');
    expect(err).toMatch(/^the limit is reached at .* after 2,000,000 instructions\n$/);
    expect(status).toBe(0);
  });
});
