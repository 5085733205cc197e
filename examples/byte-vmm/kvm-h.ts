/** What a VMM takes from the kernel's headers: numbers of ioctls, layouts of structures, identifiers. All of arm64. */

/** asm-generic/ioctl.h. */
const io = (direction: 0 | 1 | 2 | 3) => (number: number, size = 0): number => (((direction << 30) | (size << 16) | 0xae00 | number) >>> 0);
const [none, write, read, both] = [io(0), io(1), io(2), io(3)];

/** linux/kvm.h. */
export const KVM = {
  GET_API_VERSION: none(0x00), CREATE_VM: none(0x01), CHECK_EXTENSION: none(0x03), GET_VCPU_MMAP_SIZE: none(0x04), CREATE_VCPU: none(0x41), RUN: none(0x80),
  SET_USER_MEMORY_REGION: write(0x46, 32), SET_ONE_REG: write(0xac, 16), ARM_VCPU_INIT: write(0xae, 32), ARM_PREFERRED_TARGET: read(0xaf, 32),
  CREATE_DEVICE: both(0xe0, 12), SET_DEVICE_ATTR: write(0xe1, 24),
} as const;
export const API_VERSION = 12;
export const MEM_READONLY = 2;
export const CAP_ARM_PSCI_0_2 = 102;
export const EXIT = { MMIO: 6, SYSTEM_EVENT: 24 } as const;
export const SYSTEM_EVENT = { 1: 'shutdown', 2: 'reset', 3: 'crash' } as const;
export const EINTR = 4;

/** asm/kvm.h: features, the program counter (an index in words of `struct kvm_regs`), the interrupt controller. */
export const FEATURE = { POWER_OFF: 0, PSCI_0_2: 2 } as const;
export const REGISTER = { pc: 0x6030_0000_0010_0040n } as const;
export const VGIC_V3 = 7;
export const VGIC = { GRP_ADDR: 0, GRP_CTRL: 4, ADDR_DIST: 2, ADDR_REDIST_REGION: 5, CTRL_INIT: 0 } as const;

/** Bytes of a structure: each part as its width in bytes and its value, one after the other. */
export function struct(...parts: readonly (readonly [width: 4 | 8, value: number | bigint])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(parts.reduce((sum, [width]) => sum + width, 0)));
  let at = 0;
  for (const [width, value] of parts) {
    if (width === 4) view.setUint32(at, Number(value), true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

/** `struct kvm_run`, mapped: what this VMM looks at. */
export class RunPage {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get exitReason(): number {
    return this.#view.getUint32(8, true);
  }
  /** Live: what is put into `data` is what the guest's load gets. */
  get mmio(): { readonly address: bigint; readonly data: Uint8Array; readonly write: boolean } {
    const length = this.#view.getUint32(48, true);
    return { address: this.#view.getBigUint64(32, true), data: this.#bytes.subarray(40, 40 + length), write: this.#bytes[52] !== 0 };
  }
  get systemEvent(): number {
    return this.#view.getUint32(32, true);
  }
}
