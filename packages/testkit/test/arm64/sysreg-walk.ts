/** The settings in which our processor and QEMU walk over all system registers, and words for what came of it. */
import { hex } from '@worldswitch/bits';
import { nameOf, type RegisterName } from '@worldswitch/arm64-sysreg';
import { bits, draws, SKIPPED, WALK_ITEMS, type Item, type Walk, type WalkSetting } from '../../../../tooling/oracles/sysreg-walk.ts';

/** Everything that is tried, in order. */
export const ITEMS = WALK_ITEMS;
export { SKIPPED };
export const itemName = ({ packed, direction }: Item): string => nameOf(packed, direction);

/** Registers a setting gives a value to, in the order of {@link Setting.values}. */
export const CONTROLS = [
  'HCR_EL2', 'MDCR_EL2', 'CPTR_EL2', 'CNTHCTL_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'SCTLR_EL1', 'SCTLR_EL2', 'PMUSERENR_EL0', 'MDSCR_EL1',
] as const satisfies readonly RegisterName[];

/** One walk. */
export interface Setting extends WalkSetting {
  /** `none`: no access is trapped or disabled by a control; `all`: by all of them; `random`. */
  readonly traps: 'none' | 'all' | 'random';
}

/** Level, E2H, TGE. EL1 does not exist while TGE is set. */
const MODES = [[2, 0, 0], [2, 0, 1], [2, 1, 0], [2, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]] as const;

/** All modes without traps, with all, and `random` times with random ones. Nothing turns on translation, interrupts or debug exceptions. */
export function settings(random: number): Setting[] {
  const draw = draws();
  const rounds: readonly Setting['traps'][] = ['none', 'all', ...Array.from({ length: random }, () => 'random' as const)];
  return rounds.flatMap((traps) => MODES.map(([el, e2h, tge]): Setting => {
    // A trap bit refuses, an enable bit permits.
    const trap = (mask: bigint): bigint => (traps === 'none' ? 0n : traps === 'all' ? mask : draw() & mask);
    const enable = (mask: bigint): bigint => (traps === 'none' ? mask : traps === 'all' ? 0n : draw() & mask);
    const hcr = bits(31) | BigInt(e2h) << 34n | BigInt(tge) << 27n | trap(bits(15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 28, 30, 35, 36));
    const cptr = e2h === 1 ? enable(bits(20, 21)) | trap(bits(28, 31)) : 0x33ffn | trap(bits(10, 20, 31));
    return {
      el, e2h: e2h === 1, tge: tge === 1, traps,
      values: [
        hcr, 6n | trap(bits(5, 6, 8, 9, 10, 11)), cptr, enable(bits(0, 1, 8, 9, 10, 11)), enable(bits(0, 1, 8, 9)), enable(bits(20, 21)) | trap(bits(28)),
        0x30d0_0800n | enable(bits(9, 14, 15, 26)), 0x30c5_0830n | enable(bits(14, 15, 26)), enable(15n), trap(bits(12)),
      ],
    };
  }));
}

/** The walk, for the guest that makes it. */
export function walkOf(list: readonly Setting[]): Walk {
  return { items: ITEMS, controls: CONTROLS, settings: list };
}

/** Bits 24:14 of a data abort's ISS are valid at stage 2 only. */
const ISV_FIELDS = 0x1ff_c000n;

/** A word of the guest, for people. */
export function describeOutcome(word: bigint): string {
  if (word === 0n) return 'executes';
  if (word === SKIPPED) return 'not tried: unreadable';
  const ec = Number((word >> 26n) & 0x3fn);
  const iss = word & 0x1ff_ffffn & ~(ec === 0x25 || ec === 0x24 ? ISV_FIELDS : 0n);
  if (ec === 0 && iss === 0n) return `UNDEFINED, to EL${word >> 60n}`;
  return `EC ${hex(ec, 2)} to EL${word >> 60n}, ISS ${hex(iss)}`;
}

export function describeSetting({ el, e2h, tge, traps }: Setting): string {
  return `EL${el}${e2h ? ' E2H' : ''}${tge ? ' TGE' : ''}${traps === 'none' ? '' : `, ${traps} traps`}`;
}
