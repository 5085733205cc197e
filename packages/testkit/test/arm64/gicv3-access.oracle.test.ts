/** Every register of the GIC's CPU interface × level × routing × traps of ICH_HCR_EL2 × E2H and TGE: what each access comes to, on QEMU and here. */
import { nameOf, type RegisterName } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { bits, WALK_ITEMS, walkBytes, walkSource, type Walk, type WalkSetting } from '../../../../tooling/oracles/sysreg-walk.ts';
import { Guest, GUEST_TOOLS } from './guest.ts';
import { describeOutcome } from './sysreg-walk.ts';

const CPU = 'neoverse-n1';
const ITEMS = WALK_ITEMS.filter(({ packed, direction }) => /^IC[CH]_/.test(nameOf(packed, direction)));
const CONTROLS = ['HCR_EL2', 'ICH_HCR_EL2', 'CPTR_EL2', 'CNTHCTL_EL2', 'SCTLR_EL2'] as const satisfies readonly RegisterName[];
/** ICH_HCR_EL2: nothing, TC, TALL0, TALL1, TDIR, all of them. */
const TRAPS = [0n, bits(10), bits(11), bits(12), bits(14), bits(10, 11, 12, 14)] as const;

interface Setting extends WalkSetting {
  readonly name: string;
}

/** Level, E2H, TGE. EL1 does not exist while TGE is set. */
const MODES = [[2, 0, 0], [2, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]] as const;
/** FMO 3, IMO 4. */
const SETTINGS = MODES.flatMap(([el, e2h, tge]) => [0n, bits(3), bits(4), bits(3, 4)].flatMap((routing) => TRAPS.map((traps): Setting => ({
  name: `EL${el} HCR_EL2.{IMO,FMO} ${(routing >> 3n).toString(2)} ICH_HCR_EL2 0x${traps.toString(16)}${e2h === 1 ? ' E2H' : ''}${tge === 1 ? ' TGE' : ''}`,
  el, e2h: e2h === 1, tge: tge === 1, values: [bits(31) | BigInt(e2h) << 34n | BigInt(tge) << 27n | routing, traps, e2h === 1 ? bits(20, 21) : 0x33ffn, bits(0, 1), 0x30c5_0830n],
}))));

describe.runIf(haveTools(...GUEST_TOOLS))('accesses to the registers of a GICv3', () => {
  const walk: Walk = { items: ITEMS, controls: CONTROLS, settings: SETTINGS };
  const guest = new Guest(walkSource(walk), walkBytes(walk), { gic: 3 });

  it('come to the same as on QEMU, and to every kind of outcome', () => {
    const [ours, qemu] = [guest.onOurs('interpreter', CPU), guest.onQemu(CPU)];
    expect([ours.length, qemu.length]).toEqual([ITEMS.length * SETTINGS.length, ITEMS.length * SETTINGS.length]);
    const different = [...qemu.keys()].filter((index) => ours[index] !== qemu[index]).map((index) => {
      const { packed, direction } = ITEMS[index % ITEMS.length];
      return `${SETTINGS[Math.floor(index / ITEMS.length)].name}: ${direction} ${nameOf(packed, direction)}: here ${describeOutcome(ours[index])}, QEMU ${describeOutcome(qemu[index])}`;
    });
    expect(different).toEqual([]);
    const kinds = new Set(ours.map((word) => describeOutcome(word).replace(/, ISS.*/, '')));
    expect([...kinds].sort()).toEqual(['EC 0x18 to EL2', 'UNDEFINED, to EL1', 'UNDEFINED, to EL2', 'executes', 'not tried: unreadable']);
  });
});
