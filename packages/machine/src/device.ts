import type { Plain } from './plain.ts';

/** Bytes of one access. */
export type Width = 1 | 2 | 4 | 8;

/** Who makes an access: a processor by index, a device that masters the bus, or the debugger, whose reads have no side effects. */
export type Initiator = number | 'dma' | 'debugger';

/** An input that takes a level; edge-sensitive inputs act on the change from low to high. The narrowest thing a device needs. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** Bus mastering, as much of it as a device needs. Addresses are physical. */
export interface DmaPort {
  /** `length` bytes from `address`, or undefined when some of them are not memory. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** False, with nothing written, when some of the range is not writable memory. */
  write(address: bigint, bytes: Uint8Array): boolean;
}

/**
 * A memory-mapped device.
 *
 * - `read` and `write` accept any offset inside the window, any width and any alignment, and never throw: what the manual does not
 *   define reads as zero and ignores writes. Values are unsigned, little-endian lanes, `width` bytes wide.
 * - A read by the `debugger` leaves `save()` unchanged and moves no line.
 * - `reset` gives the state of a new device (contents of non-volatile storage excepted).
 * - `restore` takes what `save` gave, and is silent: it sets no line, schedules no event, calls nothing back. The machine
 *   restores everything else itself.
 */
export interface Device {
  read(offset: number, width: Width, from: Initiator): bigint;
  write(offset: number, width: Width, value: bigint, from: Initiator): void;
  reset(): void;
  save(): Plain;
  restore(state: Plain): void;
}

/** The memory behind a `RomDevice`. It belongs to the address map, which saves its contents. */
export interface DirectStorage {
  readonly size: number;
  /** Little-endian. Bytes past the end read as zero. */
  read(offset: number, width: Width): bigint;
  write(offset: number, width: Width, value: bigint): void;
  /** A copy. */
  bytes(offset: number, length: number): Uint8Array;
  load(offset: number, bytes: Uint8Array): void;
  fill(offset: number, length: number, byte: number): void;
  /** True (the state after attaching): reads and fetches hit this memory. False: reads go to the device and fetches abort. */
  setDirect(direct: boolean): void;
}

/**
 * A device in front of memory, such as NOR flash: in direct mode reads and instruction fetches hit the storage without the device,
 * writes always go to the device. `attach` is called once, by the address map.
 * Its `restore` may call `setDirect`, the one exception to silence, since the mode is the device's to know.
 */
export interface RomDevice extends Device {
  attach(storage: DirectStorage): void;
}

/** The low `width` bytes of `value`. */
export function truncate(value: bigint, width: Width): bigint {
  return BigInt.asUintN(width * 8, value);
}
