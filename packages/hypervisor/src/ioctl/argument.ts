/** The third argument of `ioctl`: a number, an address in the caller's memory, or the bytes of a structure themselves. */
import { hex } from '@worldswitch/bits';
import type { UserMemory } from '../architecture.ts';
import { KvmError } from '../error.ts';

/**
 * A number where the call takes one; for calls that take a pointer, an address in the caller's memory, or in its place the bytes of the
 * structure, which are read and written where they are.
 */
export type IoctlArgument = number | bigint | Uint8Array;

/** What bytes read as where a call takes a number: a pointer of the program, which is no sensible value of any. */
const SOME_POINTER = 0x7fff_ffff_f000n;

/** As a register holds it. Numbers that are no integers are an address that nobody has. */
function valueOf(argument: IoctlArgument): bigint {
  if (typeof argument === 'bigint') return BigInt.asUintN(64, argument);
  if (typeof argument === 'number') return Number.isSafeInteger(argument) ? BigInt.asUintN(64, BigInt(argument)) : SOME_POINTER;
  return SOME_POINTER;
}

export function badPointer(address: bigint, length: number): never {
  throw new KvmError('EFAULT', { value: `${length} bytes at ${hex(address)}`, rule: 'a pointer points into the caller\'s memory', remedy: 'allocate as much as the structure needs' });
}

/** Reads a caller's memory. Throws `KvmError` EFAULT. */
export function readUser(memory: UserMemory, address: bigint, length: number): Uint8Array {
  return memory.read(address, length) ?? badPointer(address, length);
}

/** Writes a caller's memory. Throws `KvmError` EFAULT; then nothing has been written. */
export function writeUser(memory: UserMemory, address: bigint, bytes: Uint8Array): void {
  if (!memory.write(address, bytes)) badPointer(address, bytes.length);
}

export class Argument {
  /** As a number of 64 bits. */
  readonly value: bigint;
  readonly #bytes: Uint8Array | undefined;
  readonly #memory: UserMemory;

  constructor(argument: IoctlArgument, memory: UserMemory) {
    this.value = valueOf(argument);
    this.#bytes = argument instanceof Uint8Array ? argument : undefined;
    this.#memory = memory;
  }

  /** A copy of the structure. Throws `KvmError` EFAULT where it is shorter. */
  read(length: number, offset = 0): Uint8Array {
    if (!this.#bytes) return readUser(this.#memory, this.value + BigInt(offset), length);
    return offset + length <= this.#bytes.length ? this.#bytes.slice(offset, offset + length) : badPointer(BigInt(offset), length);
  }

  /** Writes back into the structure. Throws `KvmError` EFAULT; then nothing has been written. */
  write(bytes: Uint8Array, offset = 0): void {
    if (!this.#bytes) writeUser(this.#memory, this.value + BigInt(offset), bytes);
    else if (offset + bytes.length <= this.#bytes.length) this.#bytes.set(bytes, offset);
    else badPointer(BigInt(offset), bytes.length);
  }
}
