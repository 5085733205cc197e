/** Random walks over a GICv3, for both machines to make. */
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { Random } from '@worldswitch/machine/testing';
import { GICD, GicGuest, HCR, SGI } from './gicv3-guest.ts';

/** Bit registers of distributor and redistributor: enable, disable, pend, clear, activate, deactivate. */
const BITS = [0x100n, 0x180n, 0x200n, 0x200n, 0x200n, 0x280n, 0x300n, 0x380n] as const;
const PRIORITIES = [0x00, 0x08, 0x40, 0x48, 0x50, 0x80, 0x88, 0xa0, 0xa8, 0xf0, 0xf8, 0xff] as const;

function setUp(guest: GicGuest): void {
  guest.store(GICD, 3n).store(SGI + 0x100n, 0xffff_ffffn).store(GICD + 0x104n, 0xffff_ffffn).store(SGI + 0x80n, 0xf0f0_ff00n).store(GICD + 0x84n, 0xffff_0000n);
  guest.msr('ICC_PMR_EL1', 0xffn).msr('ICC_IGRPEN0_EL1', 1n).msr('ICC_IGRPEN1_EL1', 1n);
}

/** The distributor, the redistributor and the physical interface at EL2, interrupts now and then unmasked. */
export function physicalSteps(random: Random, count: number): GicGuest {
  const guest = new GicGuest();
  guest.look('el2');
  setUp(guest);
  const intid = (): number => random.pick([0, 1, 2, 3, 7, 8, 15, 18, 22, 31, 32, 33, 40, 47, 48, 63]);
  for (let i = 0; i < 64; i++) priority(guest, random, i);
  for (let i = 0; i < count; i++) {
    switch (random.below(16)) {
      case 0: case 1: case 2: case 3: {
        const id = intid();
        const base = id < 32 ? SGI : GICD + 4n;
        guest.store(base + random.pick(BITS), 1n << BigInt(id % 32));
        break;
      }
      case 4: priority(guest, random, intid()); break;
      case 5: case 6: case 7: guest.mrsKeep(random.pick<RegisterName>(['ICC_IAR0_EL1', 'ICC_IAR1_EL1', 'ICC_IAR1_EL1'])); break;
      case 8: guest.again(random.pick<RegisterName>(['ICC_EOIR0_EL1', 'ICC_EOIR1_EL1', 'ICC_EOIR1_EL1'])); break;
      case 9: guest.again('ICC_DIR_EL1'); break;
      case 10: guest.msr(random.pick<RegisterName>(['ICC_EOIR0_EL1', 'ICC_EOIR1_EL1', 'ICC_DIR_EL1']), BigInt(random.pick([intid(), intid(), 1020, 1023, 500]))); break;
      case 11: guest.msr(random.pick<RegisterName>(['ICC_SGI0R_EL1', 'ICC_SGI1R_EL1', 'ICC_ASGI1R_EL1', 'ICC_SGI1R_EL1']), sgi(random)); break;
      case 12: guest.msr(random.pick<RegisterName>(['ICC_BPR0_EL1', 'ICC_BPR1_EL1']), BigInt(random.below(8))); break;
      case 13: guest.msr('ICC_PMR_EL1', BigInt(random.pick(PRIORITIES))); break;
      case 14:
        switch (random.below(7)) {
          case 0: guest.msr('ICC_CTLR_EL1', BigInt(random.below(4))); break;
          case 1: guest.msr(random.pick<RegisterName>(['ICC_IGRPEN0_EL1', 'ICC_IGRPEN1_EL1']), BigInt(random.below(4))); break;
          case 2: guest.msr(random.pick<RegisterName>(['ICC_AP0R0_EL1', 'ICC_AP1R0_EL1']), random.value(4)); break;
          case 3: guest.store(GICD, BigInt(random.below(4))); break;
          case 4: guest.store(GICD + 0x6100n + 8n * BigInt(random.below(32)), BigInt(random.below(2)), 8); break;
          case 5: guest.store(random.below(2) === 0 ? SGI + 0x80n : GICD + 0x84n, random.value(4)); break;
          default: guest.store(random.below(2) === 0 ? SGI + 0xc04n : GICD + 0xc08n, random.value(4));
        }
        break;
      default:
        if (random.below(2) === 0) {
          // The physical timer, INTID 30: expired at once, or off.
          guest.msr('CNTP_CVAL_EL0', 0n).msr('CNTP_CTL_EL0', random.pick([0n, 1n, 3n]));
        } else guest.msr('HCR_EL2', HCR.RW | random.pick([HCR.IMO, HCR.FMO, HCR.IMO | HCR.FMO])).window().msr('HCR_EL2', HCR.RW);
    }
    guest.look('el2');
    if (random.below(24) === 0) setUp(guest);
  }
  return guest;
}

function priority(guest: GicGuest, random: Random, intid: number): void {
  guest.store((intid < 32 ? SGI : GICD) + 0x400n + BigInt(intid), BigInt(random.pick(PRIORITIES)), 1);
}
/** Mostly to the only processor there is. */
function sgi(random: Random): bigint {
  const intid = BigInt(random.below(16)) << 24n;
  return intid | random.pick([1n, 1n, 1n, 3n, 2n, 1n << 40n, 0x1_0001n, (1n << 32n) | 1n, (1n << 48n) | 1n]);
}

const VEOIM = 1n << 9n;
const LRENPIE = 1n << 2n;
const VGRP0DIE = 1n << 5n;

/**
 * List registers loaded at EL2, worked at EL1. `split`: VEOIM = 1 throughout, EOIR drops and DIR deactivates; else 0. Left out is what QEMU
 * 7.2 gets wrong, which gicv3-differences.md has: VGrp0DIE, and with VEOIM = 1 the count of ends by EOIR (EOIcount is cleared before a look).
 */
export function virtualSteps(random: Random, count: number, split: boolean): GicGuest {
  const guest = new GicGuest();
  const mode = split ? VEOIM : 0n;
  let control = 1n;
  const setControl = (value: bigint): void => {
    control = value & ~VGRP0DIE & ~(split ? LRENPIE : 0n);
    guest.msr('ICH_HCR_EL2', control);
  };
  guest.look('el2 virtual');
  setUp(guest);
  guest.store(SGI + 0x100n, 0xffff_ffffn).msr('ICH_VMCR_EL2', 0xf04c_0003n | mode);
  setControl(1n);
  guest.look('el2 virtual');
  const vintid = (): number => random.pick([27, 30, 33, 40, 41, 42, 5]);
  for (let i = 0; i < count; i++) {
    for (let n = random.below(3); n >= 0; n--) {
      switch (random.below(10)) {
        case 0: case 1: case 2: case 3: case 4: guest.msr(`ICH_LR${random.below(4)}_EL2` as RegisterName, listRegister(random, vintid())); break;
        case 5: setControl(hypervisorControl(random)); break;
        case 6: guest.msr('ICH_VMCR_EL2', (BigInt(random.pick([0xf8, 0xf0, 0x80, 0xa0])) << 24n) | (random.value(4) & 0xff_fdffn) | 3n | mode); break;
        case 7: if (random.below(3) === 0) guest.msr(random.pick<RegisterName>(['ICH_AP0R0_EL2', 'ICH_AP1R0_EL2']), random.pick([0n, 0n, 1n << BigInt(random.below(32))])); break;
        case 8: guest.store(SGI + random.pick(BITS), 1n << BigInt(random.pick([27, 30, 5]))); break;
        default:
          guest.msr('ICH_VMCR_EL2', 0xf04c_0003n | mode).msr('ICH_AP0R0_EL2', 0n).msr('ICH_AP1R0_EL2', 0n);
          setControl(1n);
      }
    }
    if (random.below(3) === 0) guest.msr('ICC_IGRPEN0_EL1', BigInt(random.below(2))).msr('ICC_IGRPEN1_EL1', BigInt(random.below(2)));
    guest.look('el2 virtual');
    const both = HCR.IMO | HCR.FMO;
    guest.msr('HCR_EL2', HCR.RW | random.pick([both, both, both, both, HCR.IMO, HCR.FMO, 0n, both | HCR.VI, both | HCR.VF]));
    guest.el1(() => {
      for (let n = random.below(6); n >= 0; n--) guestStep(guest, random, vintid(), split);
      guest.look('el1');
    });
    guest.msr('HCR_EL2', HCR.RW);
    if (split) guest.msr('ICH_HCR_EL2', control);
    guest.look('el2 virtual').look('el2');
  }
  return guest;
}

function guestStep(guest: GicGuest, random: Random, intid: number, split: boolean): void {
  switch (random.below(12)) {
    case 0: case 1: case 2: guest.mrsKeep(random.pick<RegisterName>(['ICC_IAR0_EL1', 'ICC_IAR1_EL1', 'ICC_IAR1_EL1'])); break;
    case 3: case 4: guest.again(random.pick<RegisterName>(['ICC_EOIR0_EL1', 'ICC_EOIR1_EL1', 'ICC_EOIR1_EL1'])); break;
    case 5: guest.again('ICC_DIR_EL1'); break;
    case 6: guest.msr(random.pick<RegisterName>(['ICC_EOIR0_EL1', 'ICC_EOIR1_EL1', 'ICC_DIR_EL1']), BigInt(random.pick([intid, intid, 1022, 500, 4000]))); break;
    case 7: guest.msr(random.pick<RegisterName>(['ICC_BPR0_EL1', 'ICC_BPR1_EL1']), BigInt(random.below(8))); break;
    case 8: guest.msr('ICC_PMR_EL1', BigInt(random.pick([0xff, 0xf0, 0x80]))); break;
    case 9: guest.msr('ICC_CTLR_EL1', BigInt(random.below(2)) | (split ? 2n : 0n)); break;
    case 10: guest.msr(random.pick<RegisterName>(['ICC_IGRPEN0_EL1', 'ICC_IGRPEN1_EL1', 'ICC_SGI1R_EL1', 'ICC_AP1R0_EL1', 'ICC_SRE_EL1']), random.pick([0n, 1n, 1n])); break;
    default: guest.window();
  }
}

function listRegister(random: Random, intid: number): bigint {
  const state = BigInt(random.pick([0, 1, 1, 1, 1, 2, 3]));
  const hardware = random.below(3) === 0;
  const physical = hardware ? BigInt(random.pick([27, 30, 33, 5, 300])) : BigInt(random.below(2)) << 9n;
  const priority = BigInt(random.pick(PRIORITIES) & 0xf8);
  return (state << 62n) | (hardware ? 1n << 61n : 0n) | (BigInt(random.below(4) === 0 ? 0 : 1) << 60n) | (priority << 48n) | (physical << 32n) | BigInt(random.below(12) === 0 ? 1023 : intid);
}
/** Enabled more often than not; maintenance and traps at random. */
function hypervisorControl(random: Random): bigint {
  const traps = random.below(4) === 0 ? [1n << 10n, 1n << 11n, 1n << 12n, 1n << 14n][random.below(4)] : 0n;
  const maintenance = random.below(2) === 0 ? BigInt(random.below(128)) << 1n : 0n;
  return (random.below(5) === 0 ? 0n : 1n) | maintenance | traps | (BigInt(random.pick([0, 0, 0, 31, 5])) << 27n);
}
