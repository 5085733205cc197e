/** The GICv3 of the whole machine against QEMU: what software reads step by step is the same. */
import { describe, expect, it } from 'vitest';
import { Random } from '@worldswitch/machine/testing';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { Guest, GUEST_TOOLS } from './guest.ts';
import { GicGuest } from './gicv3-guest.ts';
import { physicalSteps, virtualSteps } from './gicv3-steps.ts';

const CPU = 'neoverse-n1';

/** The first words that differ, with what they are. */
function differences(guest: GicGuest, ours: readonly bigint[], qemu: readonly bigint[]): string[] {
  const all = [...qemu.keys()].filter((index) => qemu[index] !== ours[index]);
  if (all.length === 0 && ours.length === qemu.length) return [];
  return [`${all.length} of ${qemu.length} words differ (ours ${ours.length})`, ...all.slice(0, 4).map((index) =>
    `word ${index}: ours ${ours[index]?.toString(16)}, QEMU ${qemu[index].toString(16)}: ${guest.describe(qemu, index)}`)];
}

describe.runIf(haveTools(...GUEST_TOOLS))('GICv3 against QEMU', () => {
  it.each([1, 2, 3, 4])('physical interface, random steps, seed %i', (seed) => {
    const steps = physicalSteps(new Random(seed), 120);
    const guest = new Guest(steps.source.text, steps.source.bytes, { gic: 3 });
    expect(differences(steps, guest.onOurs('interpreter', CPU), guest.onQemu(CPU))).toEqual([]);
  });
  it.each([1, 2, 3, 4, 5, 6])('virtual interface, random steps, seed %i', (seed) => {
    const steps = virtualSteps(new Random(seed), 80, seed % 2 === 0);
    const guest = new Guest(steps.source.text, steps.source.bytes, { gic: 3 });
    expect(differences(steps, guest.onOurs('interpreter', CPU), guest.onQemu(CPU))).toEqual([]);
  });
});
