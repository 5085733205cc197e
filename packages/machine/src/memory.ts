import type { Device, Initiator, RomDevice, Width } from './device.ts';
import type { Plain } from './plain.ts';

/** What a stretch of physical addresses is. */
export type RegionKind = 'ram' | 'rom' | 'device' | 'rom-device';

/** One stretch of the physical address space. `size` in bytes, below 2^53. */
export interface Region {
  readonly kind: RegionKind;
  readonly name: string;
  readonly base: bigint;
  readonly size: number;
}

/**
 * The physical address space, as a board composes it. Regions never overlap: an overlap throws `overlap` naming both.
 * The engine's memory implements this; `ReferenceMemory` does so in plain TypeScript.
 */
export interface AddressMap {
  ram(base: bigint, size: number, name?: string): Region;
  /** Memory that processors and DMA cannot write; `loadBytes` can. */
  rom(base: bigint, size: number, name?: string): Region;
  device(base: bigint, size: number, device: Device, name?: string): Region;
  /** Attaches storage of `size` bytes to `device`; starts in direct mode. */
  romDevice(base: bigint, size: number, device: RomDevice, name?: string): Region;
  readonly regions: readonly Region[];
}

/** The physical address space, as processors, DMA, loaders and debuggers use it. Values are little-endian lanes, unsigned. */
export interface PhysicalMemory extends AddressMap {
  /** Undefined when nothing answers: an external abort for a processor. An access never crosses regions: the region of its first byte must hold it all. */
  read(address: bigint, width: Width, from: Initiator): bigint | undefined;
  /** False when nothing answers. A write to ROM is ignored, and is answered. */
  write(address: bigint, width: Width, value: bigint, from: Initiator): boolean;
  /** A copy of memory (RAM, ROM, the storage of a ROM device in any mode), or undefined when some byte of it is not memory. No side effects. */
  readBytes(address: bigint, length: number): Uint8Array | undefined;
  /** For DMA: writes RAM only. False, with nothing written, when some byte is not RAM. */
  writeBytes(address: bigint, bytes: Uint8Array): boolean;
  /** For loaders and debuggers: writes RAM, ROM and ROM-device storage. False, with nothing written, when some byte is not memory. */
  loadBytes(address: bigint, bytes: Uint8Array): boolean;
  /** Contents only; the layout belongs to the board. Zero pages take no room. */
  save(): Plain;
  restore(state: Plain): void;
}

/** The end of a region, exclusive. */
export function regionEnd(region: Region): bigint {
  return region.base + BigInt(region.size);
}
