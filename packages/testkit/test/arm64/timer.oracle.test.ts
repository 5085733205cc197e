/** Timers, GICv2 and GICv3, and WFI against QEMU with its instruction counter: the same instructions at the same ticks. */
import { beforeAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { firstDifference, Guest, GUEST_TOOLS } from './guest.ts';
import { RECORD_BYTES, ROUNDS, timerSource } from './timer-guest.ts';
import { compareRun } from './trace.ts';

const CPU = 'cortex-a57';
/** As far as the shorter of both runs goes; the guest takes a little more. */
const BLOCKS = 12;
const [VIRTUAL, PHYSICAL] = [27n, 30n];

describe.runIf(haveTools(...GUEST_TOOLS, 'gcc')).each([2, 3] as const)('timer interrupts, GICv%i', (gic) => {
  const guest = new Guest(timerSource(gic), ROUNDS * RECORD_BYTES * 4, { gic });

  let qemu: readonly bigint[] = [];
  beforeAll(() => { qemu = guest.recordingOnQemu(CPU); });

  it('come often', () => {
    expect(qemu.filter((word) => word === VIRTUAL).length).toBeGreaterThanOrEqual(ROUNDS);
    expect(qemu.filter((word) => word === PHYSICAL).length).toBeGreaterThanOrEqual(ROUNDS);
  });

  it.each(['evaluator', 'interpreter', 'translator'] as const)('come at the same ticks as on QEMU, on the %s', (kind) => {
    expect(firstDifference(guest.onOurs(kind, CPU), qemu)).toBeUndefined();
  });

  it.each(['interpreter', 'translator'] as const)('leave the digest of program counters equal, on the %s', (kind) => {
    expect(compareRun(() => guest.machine(kind, CPU, true), BLOCKS, (trace) => guest.digestsOnQemu(CPU, BLOCKS, trace))).toBeUndefined();
  });
});
