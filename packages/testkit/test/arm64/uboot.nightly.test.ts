/** The whole boot of U-Boot to the end of the countdown, 91.75 million instructions, against QEMU. */
import { describe, expect, it } from 'vitest';
import { QEMU } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { compareUboot } from './uboot.ts';

describe.runIf(haveTools(QEMU, 'gcc', 'apt-get'))('U-Boot at EL2', () => {
  it.each(['interpreter', 'translator'] as const)('takes the path it takes on QEMU to the end, on the %s', (kind) => {
    expect(compareUboot(kind, 1405)).toBeUndefined();
  });
});
