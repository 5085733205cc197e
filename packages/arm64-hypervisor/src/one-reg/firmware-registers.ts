/**
 * What the firmware that KVM plays for a VM looks like: pseudo-registers of the VM, reached through any of its vCPUs (Linux,
 * Documentation/virt/kvm/arm/fw-pseudo-registers.rst).
 */
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import { atLeast } from '../abi/profile.ts';
import type { Profile } from '../abi/profile.ts';
import { PSCI_VERSION } from '../firmware/state.ts';
import type { FirmwareBitmapName, FirmwareState } from '../firmware/state.ts';

/** Services that can be hidden from the guest, by register: every bit that there is, which are those that are set at first. */
export const FIRMWARE_BITMAPS: Readonly<Record<FirmwareBitmapName, bigint>> = {
  // TRNG 1.0; paravirtualized time; KVM's own identity and features, PTP.
  KVM_REG_ARM_STD_BMAP: 1n, KVM_REG_ARM_STD_HYP_BMAP: 1n, KVM_REG_ARM_VENDOR_HYP_BMAP: 3n,
};

/**
 * How the host's processor stands against what the workarounds are for (CVE-2017-5715, CVE-2018-3639, CVE-2022-23960): it does nothing ahead
 * of time, so that none is needed, which is each register's highest value.
 */
export const WORKAROUND_LEVELS = {
  KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1: 2n, KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2: 3n, KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3: 2n,
} as const;
export type Workaround = keyof typeof WORKAROUND_LEVELS;

/** ENABLED of workaround 2, for `available` alone. */
const ENABLED = 1n << 4n;
const LEVEL = 0xfn;
/** Levels of workaround 2: not available, (unknown,) available, not required. */
const NOT_AVAILABLE = 0n;
const AVAILABLE = 2n;
const NOT_REQUIRED = 3n;

function refuse(errno: 'EINVAL' | 'EBUSY', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** What the registers of a VM depend on. */
export interface FirmwareVm {
  readonly profile: Profile;
  /** Whether its vCPUs have the feature `psci-0.2`. */
  readonly psci02: () => boolean;
  /** Whether one of its vCPUs has run. */
  readonly ranOnce: () => boolean;
}

export class FirmwareRegisters implements FirmwareState {
  readonly #vm: FirmwareVm;
  #version: bigint | undefined;
  readonly #bitmaps = new Map(Object.entries(FIRMWARE_BITMAPS));

  constructor(vm: FirmwareVm) {
    this.#vm = vm;
  }

  /** As PSCI_VERSION returns it. 0.1, whose function identifiers are its own, for vCPUs without the feature `psci-0.2`. */
  get psciVersion(): bigint {
    return this.#vm.psci02() ? this.#version ?? this.#versions[this.#versions.length - 1] : PSCI_VERSION.V0_1;
  }
  /** Throws `KvmError` EINVAL for a version that there is not, or that does not go with the feature. */
  set psciVersion(version: bigint) {
    if (!this.#versions.includes(version)) {
      refuse('EINVAL', `PSCI version ${hex(version)}`, `${this.#vm.psci02() ? 'with' : 'without'} the feature psci-0.2 it is one of ${this.#versions.map((one) => hex(one)).join(', ')}`, 'choose one of them');
    }
    if (this.#vm.psci02()) this.#version = version;
  }
  /** Those that can be chosen, the newest last. */
  get #versions(): readonly bigint[] {
    if (!this.#vm.psci02()) return [PSCI_VERSION.V0_1];
    return [PSCI_VERSION.V0_2, PSCI_VERSION.V1_0, PSCI_VERSION.V1_1, ...(atLeast(this.#vm.profile, '6.14') ? [PSCI_VERSION.V1_3] : [])];
  }

  bitmap(name: FirmwareBitmapName): bigint {
    return this.#bitmaps.get(name) as bigint;
  }
  /** Throws `KvmError` EINVAL for bits of services that there are not, EBUSY for another value once a vCPU has run. */
  setBitmap(name: FirmwareBitmapName, value: bigint): void {
    const all = FIRMWARE_BITMAPS[name];
    if ((value & ~all) !== 0n) refuse('EINVAL', `${name} = ${hex(value)}`, `its bits are ${hex(all)}`, 'clear the others');
    if (this.#vm.ranOnce() && value !== this.bitmap(name)) {
      refuse('EBUSY', `${name} = ${hex(value)}`, `it stays ${hex(this.bitmap(name))} once a vCPU has run`, 'set it before');
    }
    this.#bitmaps.set(name, value);
  }

  workaround(name: Workaround): bigint {
    return WORKAROUND_LEVELS[name];
  }
  /** Accepts what the host can keep up, and changes nothing: a guest that was told less is served all the same. Throws `KvmError` EINVAL. */
  setWorkaround(name: Workaround, value: bigint): void {
    const highest = WORKAROUND_LEVELS[name];
    const two = name === 'KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2';
    const level = value & LEVEL;
    const shape = (value & ~(two ? LEVEL | ENABLED : LEVEL)) === 0n && ((value & ENABLED) === 0n || level === AVAILABLE) && (!two || level <= NOT_REQUIRED);
    // Of the second it counts only whether the guest could do without.
    const wanted = two ? (level < AVAILABLE ? NOT_AVAILABLE : NOT_REQUIRED) : level;
    if (!shape || wanted > highest) {
      refuse('EINVAL', `${name} = ${hex(value)}`, `levels here go up to ${hex(highest)}`, 'choose one of them, without other bits');
    }
  }
}
