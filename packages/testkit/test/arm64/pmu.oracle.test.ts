/** The Performance Monitors against QEMU with its instruction counter: the same counts at every read. What differs is in pmu-differences.md. */
import { beforeAll, describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { firstDifference, Guest, GUEST_TOOLS } from './guest.ts';
import { BYTES, CYCLES_AT, ENTRIES, ENTRY_WORDS, OVERFLOWS, pmuSource } from './pmu-guest.ts';

/** QEMU's cycle counter is a clock of 1 GHz, of which an instruction of the guest takes 16 ticks. */
const QEMU_CYCLES = 16n;
/** Entries whose seventh word is something else. */
const WITHOUT_CYCLES = [0, 10];
/** The last entry: counters 4 and 5 are EL2's. */
const RESERVED = [4, 5].map((n) => (ENTRIES - 1) * ENTRY_WORDS + n);

/** QEMU's words as ours should be. */
const expected = (qemu: readonly bigint[]): readonly bigint[] => qemu.map((word, at) => {
  if (RESERVED.includes(at)) return 0n;
  return at % ENTRY_WORDS === CYCLES_AT && !WITHOUT_CYCLES.includes(Math.floor(at / ENTRY_WORDS)) ? word / QEMU_CYCLES : word;
});

describe.runIf(haveTools(...GUEST_TOOLS))('performance monitors', () => {
  const guest = new Guest(pmuSource(false), BYTES);
  let qemu: readonly bigint[] = [];
  beforeAll(() => { qemu = guest.recordingOnQemu('cortex-a57'); });

  it('are what the guest was to look at', () => {
    expect(qemu.length).toBe(ENTRIES * ENTRY_WORDS);
    // Instructions at all levels, at EL1 and at EL0 have been counted; cycles are whole instructions.
    expect(qemu.slice(6 * ENTRY_WORDS, 6 * ENTRY_WORDS + 3).every((word) => word > 400n)).toBe(true);
    for (let entry = 2; entry < ENTRIES; entry++) if (!WITHOUT_CYCLES.includes(entry)) expect(qemu[entry * ENTRY_WORDS + CYCLES_AT] % QEMU_CYCLES).toBe(0n);
  });
  it.each(['evaluator', 'interpreter', 'translator'] as const)('count as on QEMU on the %s', (kind) => {
    expect(firstDifference(guest.onOurs(kind, 'cortex-a57'), expected(qemu))).toBeUndefined();
  });
});

describe.runIf(haveTools('aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld'))('overflow interrupts', () => {
  const guest = new Guest(pmuSource(true), BYTES);
  it.each(['evaluator', 'interpreter', 'translator'] as const)('come behind the instruction that overflows, on the %s', (kind) => {
    const words = guest.onOurs(kind, 'cortex-a57').slice(ENTRIES * ENTRY_WORDS);
    const [from, to] = [guest.symbol('next'), guest.symbol('called')];
    expect(words.length).toBe(OVERFLOWS * 3);
    for (let n = 0; n < words.length; n += 3) {
      // The branch in the vector, the load of the interrupt's number and the read itself have been counted since.
      expect(words.slice(n, n + 2)).toEqual([3n, 1n]);
      expect(words[n + 2] > from && words[n + 2] < to).toBe(true);
    }
  });
});
