/**
 * What a VM's firmware is set to: the firmware registers of KVM_SET_ONE_REG, whose rules of reading and writing are theirs. Here are the
 * values that calls go by.
 */
import { DEFAULT_PROFILE, atLeast } from '../profile.ts';
import type { Profile } from '../profile.ts';

/** PSCI versions as the firmware register has them: major in 31:16, minor in 15:0. */
export const PSCI_VERSION = { V0_1: 1n, V0_2: 2n, V1_0: 0x1_0000n, V1_1: 0x1_0001n, V1_3: 0x1_0003n } as const;

/** Which calls a guest has beside PSCI, a bit each: by KVM_REG_ARM_STD_BMAP, STD_HYP_BMAP and VENDOR_HYP_BMAP. */
export const FIRMWARE_FEATURES = {
  standard: { TRNG: 1n },
  standardHypervisor: { PV_TIME: 1n },
  vendorHypervisor: { FEATURES: 1n, PTP: 2n },
} as const;

/** All bits of each bitmap: what a VM begins with, and the most it can be given. */
export const FIRMWARE_BITMAPS = { standard: 1n, standardHypervisor: 1n, vendorHypervisor: 3n } as const;

/**
 * How the host stands to the three attacks on speculation, as KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1, _2, _3 say it: a model of a processor does
 * not speculate, so nothing is needed (2 in the first and the third, 3 in the second).
 */
export const WORKAROUND_LEVELS = { 1: 2n, 2: 3n, 3: 2n } as const;

export interface FirmwareState {
  /** What guests with the feature `psci-0.2` have; without it they have 0.1. */
  psciVersion: bigint;
  bitmaps: { standard: bigint; standardHypervisor: bigint; vendorHypervisor: bigint };
  /** KVM_CAP_ARM_SYSTEM_SUSPEND was enabled. */
  systemSuspend: boolean;
}

/** The newest PSCI of a profile. */
export function latestPsci(profile: Profile): bigint {
  return atLeast(profile, '6.14') ? PSCI_VERSION.V1_3 : PSCI_VERSION.V1_1;
}

export function newFirmwareState(profile: Profile = DEFAULT_PROFILE): FirmwareState {
  return { psciVersion: latestPsci(profile), bitmaps: { ...FIRMWARE_BITMAPS }, systemSuspend: false };
}
