/** Reading and writing integers in memory order, and a reader and a growable writer over `Uint8Array` that check their bounds. */
import { hex } from './integer.ts';

/** Which end of an integer sits at the lowest address. */
export type ByteOrder = 'little' | 'big';

/** Bytes in an integer access. */
export type IntegerSize = 1 | 2 | 4 | 8 | 16;

function checkAccess(length: number, offset: number, size: number, what: string): void {
  if (!Number.isInteger(offset) || offset < 0 || offset + size > length) {
    throw new RangeError(`${what} ${size} bytes at offset ${offset}: only bytes 0 to ${length - 1} exist (${length} in all)`);
  }
}

/** The unsigned integer of `size` bytes at `offset`. Throws RangeError when it does not lie inside `bytes`. */
export function readUnsigned(bytes: Uint8Array, offset: number, size: IntegerSize, order: ByteOrder): bigint {
  checkAccess(bytes.length, offset, size, 'read');
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(bytes[order === 'big' ? offset + i : offset + size - 1 - i]);
  return value;
}

/**
 * Stores `value` at `offset`. Throws RangeError when the place does not lie inside `bytes` or the value does not fit `size` bytes;
 * negative values are accepted down to the two's complement minimum of that size.
 */
export function writeUnsigned(bytes: Uint8Array, offset: number, size: IntegerSize, value: bigint, order: ByteOrder): void {
  checkAccess(bytes.length, offset, size, 'write');
  const width = size * 8;
  if (value >= 1n << BigInt(width) || value < -(1n << BigInt(width - 1))) {
    throw new RangeError(`${hex(value)} does not fit ${size} byte${size === 1 ? '' : 's'}`);
  }
  let rest = BigInt.asUintN(width, value);
  for (let i = 0; i < size; i++) {
    bytes[order === 'big' ? offset + size - 1 - i : offset + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/** Appends integers, bytes and text to a buffer that grows. `order` is the default of every integer written. */
export class ByteWriter {
  readonly order: ByteOrder;
  #bytes: Uint8Array;
  #length = 0;

  constructor(order: ByteOrder, capacity = 256) {
    this.order = order;
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes written so far; also the offset of the next one. */
  get length(): number {
    return this.#length;
  }

  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(at + count, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length = at + count;
    return at;
  }

  /** Appends an integer of `size` bytes; throws RangeError, appending nothing, when it does not fit. */
  unsigned(size: IntegerSize, value: bigint | number, order: ByteOrder = this.order): this {
    const scratch = new Uint8Array(size);
    writeUnsigned(scratch, 0, size, BigInt(value), order);
    return this.bytes(scratch);
  }

  u8(value: bigint | number): this {
    return this.unsigned(1, value);
  }
  u16(value: bigint | number, order: ByteOrder = this.order): this {
    return this.unsigned(2, value, order);
  }
  u32(value: bigint | number, order: ByteOrder = this.order): this {
    return this.unsigned(4, value, order);
  }
  u64(value: bigint | number, order: ByteOrder = this.order): this {
    return this.unsigned(8, value, order);
  }

  /** Appends a copy of `source`. */
  bytes(source: Uint8Array): this {
    const at = this.#reserve(source.length);
    this.#bytes.set(source, at);
    return this;
  }

  /** Appends `count` bytes of `value`. */
  fill(count: number, value = 0): this {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`fill ${count}: a count of bytes, 0 or more`);
    const at = this.#reserve(count);
    this.#bytes.fill(value, at, at + count);
    return this;
  }

  /** Appends fill bytes until the length is a multiple of `alignment` (in bytes, any whole number from 1). */
  align(alignment: number, value = 0): this {
    if (!Number.isInteger(alignment) || alignment < 1) throw new RangeError(`align ${alignment}: bytes, 1 or more`);
    return this.fill((alignment - (this.#length % alignment)) % alignment, value);
  }

  /** Appends the UTF-8 bytes of `text`; no terminator. */
  text(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  /** Overwrites an integer written earlier (a length or a checksum known only at the end). */
  patch(offset: number, size: IntegerSize, value: bigint | number, order: ByteOrder = this.order): this {
    checkAccess(this.#length, offset, size, 'patch');
    writeUnsigned(this.#bytes, offset, size, BigInt(value), order);
    return this;
  }

  /** A copy of what has been written. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads integers, bytes and text one after the other. Reading past the end throws RangeError and does not move. */
export class ByteReader {
  readonly order: ByteOrder;
  readonly source: Uint8Array;
  #offset: number;

  constructor(source: Uint8Array, order: ByteOrder, offset = 0) {
    this.source = source;
    this.order = order;
    this.#offset = 0;
    this.seek(offset);
  }

  /** Where the next read starts, in bytes from the start of `source`. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.source.length - this.#offset;
  }

  /** Moves to `offset`; the end itself is allowed, beyond it is a RangeError. */
  seek(offset: number): this {
    checkAccess(this.source.length, offset, 0, 'seek');
    this.#offset = offset;
    return this;
  }

  skip(count: number): this {
    return this.seek(this.#offset + count);
  }

  unsigned(size: IntegerSize, order: ByteOrder = this.order): bigint {
    const value = readUnsigned(this.source, this.#offset, size, order);
    this.#offset += size;
    return value;
  }

  u8(): number {
    return Number(this.unsigned(1));
  }
  u16(order: ByteOrder = this.order): number {
    return Number(this.unsigned(2, order));
  }
  u32(order: ByteOrder = this.order): number {
    return Number(this.unsigned(4, order));
  }
  u64(order: ByteOrder = this.order): bigint {
    return this.unsigned(8, order);
  }

  /** A view (not a copy) of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`read ${count} bytes: a count is 0 or more`);
    checkAccess(this.source.length, this.#offset, count, 'read');
    const view = this.source.subarray(this.#offset, this.#offset + count);
    this.#offset += count;
    return view;
  }

  /** Text up to the next zero byte (which is consumed too), or up to the end of the source; decoded as UTF-8. */
  zeroTerminated(): string {
    const end = this.source.indexOf(0, this.#offset);
    const text = new TextDecoder().decode(this.source.subarray(this.#offset, end < 0 ? this.source.length : end));
    this.#offset = end < 0 ? this.source.length : end + 1;
    return text;
  }
}
