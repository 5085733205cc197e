/** What a guest's firmware goes by: the firmware registers of KVM_SET_ONE_REG, whose rules are in `one-reg/firmware-registers.ts`. */

/** PSCI versions as PSCI_VERSION returns them: major in 31:16, minor in 15:0 (DEN 0022 5.1.1). */
export const PSCI_VERSION = { V0_1: 1n, V0_2: 2n, V1_0: 0x1_0000n, V1_1: 0x1_0001n, V1_3: 0x1_0003n } as const;

/** Which calls a guest has beside PSCI: a bit each in the bitmap registers. */
export const FIRMWARE_FEATURES = {
  TRNG: { register: 'KVM_REG_ARM_STD_BMAP', bit: 1n },
  PV_TIME: { register: 'KVM_REG_ARM_STD_HYP_BMAP', bit: 1n },
  VENDOR: { register: 'KVM_REG_ARM_VENDOR_HYP_BMAP', bit: 1n },
  PTP: { register: 'KVM_REG_ARM_VENDOR_HYP_BMAP', bit: 2n },
} as const;
export type FirmwareBitmapName = (typeof FIRMWARE_FEATURES)[keyof typeof FIRMWARE_FEATURES]['register'];

export interface FirmwareState {
  /** Of the VM's vCPUs: 0.1 where they do not have the feature `psci-0.2`. */
  readonly psciVersion: bigint;
  bitmap(register: FirmwareBitmapName): bigint;
}
