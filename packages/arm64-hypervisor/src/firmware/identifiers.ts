/** Function identifiers beside those of PSCI 1.0 (`@worldswitch/arm64/firmware`): DEN 0022, DEN 0028, DEN 0057 (time), DEN 0098 (TRNG). */

/** The calling convention's own. */
export const SMCCC = {
  VERSION: 0x8000_0000n, ARCH_FEATURES: 0x8000_0001n,
  WORKAROUND_1: 0x8000_8000n, WORKAROUND_2: 0x8000_7fffn, WORKAROUND_3: 0x8000_3fffn,
} as const;

/** PSCI 1.0, 1.1 and 1.3. */
export const PSCI_LATER = {
  SYSTEM_SUSPEND: 0x8400_000en, SYSTEM_SUSPEND_64: 0xc400_000en, SYSTEM_RESET2: 0x8400_0012n, SYSTEM_RESET2_64: 0xc400_0012n,
  SYSTEM_OFF2: 0x8400_0015n, SYSTEM_OFF2_64: 0xc400_0015n,
} as const;

/** True random numbers. */
export const TRNG = {
  VERSION: 0x8400_0050n, FEATURES: 0x8400_0051n, GET_UUID: 0x8400_0052n, RND32: 0x8400_0053n, RND64: 0xc400_0053n,
} as const;

/** Paravirtualised time: of stolen time, where it is. */
export const PV_TIME = { FEATURES: 0xc500_0020n, ST: 0xc500_0021n } as const;

/** KVM's own, as a vendor of hypervisors. */
export const VENDOR = { FEATURES: 0x8600_0000n, PTP: 0x8600_0001n, UID: 0x8600_ff01n } as const;
