import { truncate, type Device, type Plain, type Width } from '@worldswitch/machine';

/** Register offsets, Virtio 1.2 section 4.2.2. */
export const MAGIC_VALUE = 0x000, VERSION = 0x004, DEVICE_ID = 0x008, VENDOR_ID = 0x00c;

export const VIRTIO_MAGIC = 0x74726976;
/** Version register of the transport: 1 legacy, 2 since virtio 1.0. */
export const VIRTIO_LEGACY = 1;
const QEMU_VENDOR = 0x554d4551;

/**
 * A virtio-mmio transport with no device behind it: device id 0 tells the driver to pass on (Virtio 1.2 section 4.2.2).
 * Version 1 is what QEMU's empty slots show.
 */
export class VirtioMmioSlot implements Device {
  readonly #version: number;

  constructor(config: { readonly version?: number } = {}) {
    this.#version = config.version ?? VIRTIO_LEGACY;
  }

  read(offset: number, width: Width): bigint {
    if (width === 8) return this.read(offset, 4) | (this.read(offset + 4, 4) << 32n);
    switch (offset) {
      case MAGIC_VALUE: return truncate(BigInt(VIRTIO_MAGIC), width);
      case VERSION: return BigInt(this.#version);
      case VENDOR_ID: return truncate(BigInt(QEMU_VENDOR), width);
      default: return 0n;
    }
  }

  write(): void {}
  reset(): void {}
  save(): Plain { return null; }
  restore(): void {}
}
