import type { Initiator, Width } from '@worldswitch/machine';

/** A device as its manual describes it: 32-bit registers at multiples of four. Values are unsigned 32-bit numbers. */
export interface WordRegisters {
  readWord(offset: number, from: Initiator): number;
  writeWord(offset: number, value: number, from: Initiator): void;
}

/**
 * Any access as word accesses. Reads: a narrow one is a lane of the whole register (read once, with its side effects), a doubleword is two
 * registers. A misaligned one reads zero; no manual here defines it.
 */
export function readLanes(device: WordRegisters, offset: number, width: Width, from: Initiator): bigint {
  if (offset % width !== 0) return 0n;
  if (width === 4) return BigInt(device.readWord(offset, from) >>> 0);
  if (width === 8) return BigInt(device.readWord(offset, from) >>> 0) | (BigInt(device.readWord(offset + 4, from) >>> 0) << 32n);
  const lane = offset % 4;
  const word = device.readWord(offset - lane, from) >>> (8 * lane);
  return BigInt(width === 1 ? word & 0xff : word & 0xffff);
}

/** Writes: a narrow one at a register's address writes the register, zero-extended, as QEMU does; one inside it, or misaligned, is ignored. */
export function writeLanes(device: WordRegisters, offset: number, width: Width, value: bigint, from: Initiator): void {
  if (offset % 4 !== 0 || offset % width !== 0) return;
  device.writeWord(offset, Number(BigInt.asUintN(width === 8 ? 32 : width * 8, value)), from);
  if (width === 8) device.writeWord(offset + 4, Number(BigInt.asUintN(32, value >> 32n)), from);
}

/** PrimeCell identification: one byte per word at the end of the window (DDI 0183 3.3.15 and its siblings). */
export function identification(bytes: readonly number[], offset: number, start: number): number | undefined {
  const index = (offset - start) >> 2;
  return index >= 0 && index < bytes.length ? bytes[index] : undefined;
}

/** An output that reports changes only, and whose level is saved, so that `restore` needs not drive it. */
export class Output {
  level = false;
  readonly #line: { set(level: boolean): void };

  constructor(line: { set(level: boolean): void }) {
    this.#line = line;
  }

  set(level: boolean): void {
    if (level === this.level) return;
    this.level = level;
    this.#line.set(level);
  }
}
