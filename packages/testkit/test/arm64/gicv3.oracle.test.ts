/** The GICv3 of the whole machine against QEMU: what software reads step by step is the same. */
import { NEOVERSE_N1 } from '@worldswitch/arm64';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '@worldswitch/machine/testing';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { firstDifference, Guest, GUEST_TOOLS } from './guest.ts';
import { type GicGuest } from './gicv3-guest.ts';
import { arm64Machine, type Arm64Machine } from './machine.ts';
import { VGIC_ROUND_BYTES, VGIC_ROUNDS, VGIC_SOURCE } from './vgic-guest.ts';
import { physicalSteps, virtualSteps } from './gicv3-steps.ts';

const CPU = 'neoverse-n1';
/** More instructions than any of these guests takes. */
const LONGEST = 50_000_000;

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

  describe.each([['physical', physicalSteps(new Random(7), 60)], ['virtual', virtualSteps(new Random(7), 40, false)]] as const)('the same steps, %s interface', (_name, steps) => {
    const guest = new Guest(steps.source.text, steps.source.bytes, { gic: 3 });
    let qemu: readonly bigint[] = [];
    beforeAll(() => { qemu = guest.onQemu(CPU); });

    it.each(['evaluator', 'translator'] as const)('on the %s', (kind) => {
      expect(differences(steps, guest.onOurs(kind, CPU), qemu)).toEqual([]);
    });
    it('where other writes act as late as they may', () => {
      expect(differences(steps, guest.onOurs('interpreter', CPU, 'late'), qemu)).toEqual([]);
    });
  });
});

describe.runIf(haveTools(...GUEST_TOOLS))('virtual interrupts of a guest and its hypervisor', () => {
  const guest = new Guest(VGIC_SOURCE, VGIC_ROUNDS * VGIC_ROUND_BYTES, { gic: 3 });
  let qemu: readonly bigint[] = [];
  beforeAll(() => { qemu = guest.recordingOnQemu(CPU); });

  it('come at all', () => {
    const times = (intid: bigint): number => qemu.filter((word) => word === intid).length;
    // Twice each, at EL2 and at EL1; every other one with an interrupt of software and its maintenance.
    expect([times(27n) >= 2 * VGIC_ROUNDS, times(40n) >= VGIC_ROUNDS / 2, times(25n) >= VGIC_ROUNDS / 2]).toEqual([true, true, true]);
  });
  it.each(['evaluator', 'interpreter', 'translator'] as const)('come at the same ticks as on QEMU, on the %s', (kind) => {
    expect(firstDifference(guest.onOurs(kind, CPU), qemu)).toBeUndefined();
  });
  it('go on from a snapshot at any moment, in another machine', () => {
    // Little memory, which makes snapshots quick.
    const small = (): Arm64Machine => arm64Machine({ model: NEOVERSE_N1, gic: 3, ram: 2 ** 22, image: { kind: 'elf', elf: guest.elf }, semihosting: true });
    const machine = small();
    const random = new Random(5);
    for (let n = 0; n < 2; n++) {
      expect(machine.run(10_000 + random.below(40_000)).kind).toBe('budget');
      const other = small();
      other.virt.machine.restore(machine.virt.machine.save());
      expect(other.run(LONGEST)).toMatchObject({ kind: 'halted' });
      expect(firstDifference(guest.resultsOf(other), qemu)).toBeUndefined();
    }
  });
});
