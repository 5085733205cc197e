import { hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { ImageError } from './error.ts';

/**
 * A bounds-checked view of a file (or of a block in it) in one byte order. Every read names the field, so that a truncated
 * file is reported as "the file ends before e_phoff", and no read can leave the bytes.
 */
export class Window {
  readonly bytes: Uint8Array;
  readonly order: ByteOrder;
  readonly what: string;
  private readonly view: DataView;
  private readonly little: boolean;

  /** `what` names the file or block in messages: `ELF file`, `structure block`. */
  constructor(bytes: Uint8Array, order: ByteOrder, what: string) {
    this.bytes = bytes;
    this.order = order;
    this.what = what;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.little = order === 'little';
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(offset: number, field: string): number {
    this.check(offset, 1, field);
    return this.view.getUint8(offset);
  }

  u16(offset: number, field: string): number {
    this.check(offset, 2, field);
    return this.view.getUint16(offset, this.little);
  }

  u32(offset: number, field: string): number {
    this.check(offset, 4, field);
    return this.view.getUint32(offset, this.little);
  }

  u64(offset: number, field: string): bigint {
    this.check(offset, 8, field);
    return this.view.getBigUint64(offset, this.little);
  }

  /** A view (not a copy) of `size` bytes at `offset`; both may be wild numbers from the file. */
  slice(offset: number | bigint, size: number | bigint, field: string): Uint8Array {
    const from = Number(offset);
    const length = Number(size);
    this.check(from, length, field);
    return this.bytes.subarray(from, from + length);
  }

  /** Throws unless `size` bytes at `offset` lie inside. */
  check(offset: number, size: number, field: string): void {
    // Doubles above 2^53 are inexact but still far above any length, so the comparison stays right.
    if (offset >= 0 && size >= 0 && offset + size <= this.bytes.length) return;
    throw new ImageError({
      code: 'truncated',
      value: `${field} at offset ${hexNumber(offset)}, ${size} bytes, of a ${this.what} of ${this.bytes.length} bytes`,
      rule: 'everything the file refers to must lie inside it',
      remedy: 'The file is cut short or damaged: fetch or build it again and compare its size',
    });
  }
}

function hexNumber(value: number): string {
  return Number.isSafeInteger(value) ? hex(value) : String(value);
}

/** Characters a reader of names may produce from one string table before it gives up: see {@link StringTable}. */
const NAME_LIMIT = 65_536;

/**
 * NUL-terminated strings by offset. Many references may point into one long string, so a small file could ask for gigabytes of
 * names; each offset is decoded once, and the sum of all names may not pass sixteen times the table (linkers share suffixes,
 * they do not nest sixteen deep).
 */
export class StringTable {
  private readonly bytes: Uint8Array;
  private readonly what: string;
  private readonly limit: number;
  private readonly seen = new Map<number, string>();
  private budget: number;

  constructor(bytes: Uint8Array, what: string, limit: number = NAME_LIMIT) {
    this.bytes = bytes;
    this.what = what;
    this.limit = limit;
    this.budget = bytes.length * 16 + NAME_LIMIT;
  }

  get(offset: number): string {
    const known = this.seen.get(offset);
    if (known !== undefined) return known;
    if (offset >= this.bytes.length) {
      throw new ImageError({
        code: 'malformed',
        value: `name at offset ${hex(offset)} of a ${this.what} of ${this.bytes.length} bytes`,
        rule: 'a name must start inside its string table',
        remedy: 'The file is damaged: build it again',
      });
    }
    const end = this.bytes.subarray(offset, offset + this.limit + 1).indexOf(0);
    if (end < 0) {
      throw new ImageError({
        code: 'malformed',
        value: `name at offset ${hex(offset)} of a ${this.what}`,
        rule: `a name must end with a zero byte inside its table and within ${this.limit} bytes`,
        remedy: 'The file is damaged: build it again',
      });
    }
    this.budget -= end;
    if (this.budget < 0) {
      throw new ImageError({
        code: 'too-large',
        value: `names of a ${this.what} of ${this.bytes.length} bytes`,
        rule: 'all names together may not be longer than sixteen times their table',
        remedy: 'The file is built to exhaust its reader; strip its symbols if it is wanted all the same',
      });
    }
    const name = decodeText(this.bytes.subarray(offset, offset + end));
    this.seen.set(offset, name);
    return name;
  }
}

/** Bytes as text: UTF-8, and byte by byte (Latin-1) where they are not valid UTF-8, so that no two byte strings look alike. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return text;
  }
}
