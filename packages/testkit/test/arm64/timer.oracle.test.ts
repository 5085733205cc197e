/** Timers, GICv2 and GICv3, and WFI against QEMU with its instruction counter: the same instructions at the same ticks. */
import { beforeAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { Guest, GUEST_TOOLS } from './guest.ts';
import { RECORD_BYTES, ROUNDS, timerSource } from './timer-guest.ts';
import { compareRun } from './trace.ts';

const CPU = 'cortex-a57';
/** As far as the shorter of both runs goes; the guest takes a little more. */
const BLOCKS = 12;
const [VIRTUAL, PHYSICAL] = [27n, 30n];

describe.runIf(haveTools(...GUEST_TOOLS, 'gcc')).each([2, 3] as const)('timer interrupts, GICv%i', (gic) => {
  const guest = new Guest(timerSource(gic), ROUNDS * RECORD_BYTES * 4, { gic });

  /** Runs of QEMU that must agree on where it stands: under load one in hundreds has been seen to take an interrupt an instruction off. */
  const RECORDINGS = 2;
  const recording = (): readonly bigint[] => {
    const seen = new Map<string, number>();
    for (;;) {
      const words = guest.onQemu(CPU);
      const times = (seen.get(words.join()) ?? 0) + 1;
      seen.set(words.join(), times);
      if (times === RECORDINGS) return words;
      if (seen.size > RECORDINGS) throw new Error(`QEMU gave ${seen.size} different recordings of one deterministic run; something else is wrong`);
    }
  };
  let qemu: readonly bigint[] = [];
  beforeAll(() => { qemu = recording(); });

  it('come often', () => {
    expect(qemu.filter((word) => word === VIRTUAL).length).toBeGreaterThanOrEqual(ROUNDS);
    expect(qemu.filter((word) => word === PHYSICAL).length).toBeGreaterThanOrEqual(ROUNDS);
  });

  it.each(['evaluator', 'interpreter', 'translator'] as const)('come at the same ticks as on QEMU, on the %s', (kind) => {
    const ours = guest.onOurs(kind, CPU);
    const different = qemu.findIndex((word, index) => word !== ours[index]);
    const around = (words: readonly bigint[]): string[] => words.slice(Math.max(0, different - 3), different + 4).map((word) => word.toString(16));
    expect(different < 0 ? [] : around(ours), `word ${different} of ${qemu.length}`).toEqual(different < 0 ? [] : around(qemu));
    expect(ours).toHaveLength(qemu.length);
  });

  it.each(['interpreter', 'translator'] as const)('leave the digest of program counters equal, on the %s', (kind) => {
    expect(compareRun(() => guest.machine(kind, CPU, true), BLOCKS, (trace) => guest.digestsOnQemu(CPU, BLOCKS, trace))).toBeUndefined();
  });
});
