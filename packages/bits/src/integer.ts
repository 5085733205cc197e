/**
 * Fixed-width unsigned integers in bigint. Every value here is the unsigned reading of `width` bits (0 ≤ value < 2^width) unless the
 * name says signed; bits are counted from 0 at the least significant end, as Arm manuals count them. `powerBit` converts from Power's
 * numbering, where bit 0 is the most significant.
 */

/** A value of `width` ones: `mask(4) === 0xfn`. `mask(0)` is 0. Throws RangeError for a negative or fractional width. */
export function mask(width: number): bigint {
  if (!Number.isInteger(width) || width < 0) throw new RangeError(`mask width ${width}: a width is a whole number of bits, 0 or more`);
  return width < MASKS.length ? MASKS[width] : (1n << BigInt(width)) - 1n;
}

const MASKS: readonly bigint[] = Array.from({ length: 129 }, (_, width) => (1n << BigInt(width)) - 1n);

/** The value with only bit `n` set (from the least significant end). */
export function bit(n: number): bigint {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`bit ${n}: bits are numbered 0 upwards from the least significant end`);
  return 1n << BigInt(n);
}

/** The bit of a `width`-bit quantity that Power manuals call `n` (0 is the most significant), as a value: `powerBit(0) === 0x80000000n`. */
export function powerBit(n: number, width = 32): bigint {
  if (!Number.isInteger(n) || n < 0 || n >= width) throw new RangeError(`Power bit ${n}: a ${width}-bit quantity has bits 0 to ${width - 1}`);
  return 1n << BigInt(width - 1 - n);
}

function checkRange(high: number, low: number): void {
  if (!Number.isInteger(high) || !Number.isInteger(low) || low < 0 || high < low) {
    throw new RangeError(`bits [${high}:${low}]: a range is written high first, with 0 ≤ low ≤ high`);
  }
}

/** Bits `high` down to `low` of `value`, moved down to bit 0. A negative value is read as two's complement of unlimited width. */
export function extract(value: bigint, high: number, low: number): bigint {
  checkRange(high, low);
  return (value >> BigInt(low)) & mask(high - low + 1);
}

/** `value` with bits `high` down to `low` replaced by `field`. Throws RangeError when `field` does not fit the range. */
export function insert(value: bigint, high: number, low: number, field: bigint): bigint {
  checkRange(high, low);
  const ones = mask(high - low + 1);
  if (field < 0n || field > ones) throw new RangeError(`${field} does not fit bits [${high}:${low}]: 0 to ${hex(ones)}`);
  return (value & ~(ones << BigInt(low))) | (field << BigInt(low));
}

/** The low `width` bits of `value`, two's complement: `asSigned(0xffn, 8) === -1n`. */
export function asSigned(value: bigint, width: number): bigint {
  return BigInt.asIntN(width, value);
}

/** The low `width` bits of `value` as an unsigned number: `asUnsigned(-1n, 8) === 0xffn`. */
export function asUnsigned(value: bigint, width: number): bigint {
  return BigInt.asUintN(width, value);
}

/** Copies bit `width - 1` of `value` upwards; the result is the unsigned reading of `to` bits: `signExtend(0x80n, 8, 16) === 0xff80n`. */
export function signExtend(value: bigint, width: number, to = 64): bigint {
  return BigInt.asUintN(to, BigInt.asIntN(width, value));
}

/** Rotates the low `width` bits of `value` right; `amount` is taken modulo `width` and may be negative (rotates left). */
export function rotateRight(value: bigint, width: number, amount: number): bigint {
  if (!Number.isInteger(width) || width < 1) throw new RangeError(`rotateRight width ${width}: at least one bit`);
  const by = BigInt(((amount % width) + width) % width);
  const bits = BigInt.asUintN(width, value);
  return (bits >> by) | BigInt.asUintN(width, bits << (BigInt(width) - by));
}

/** Repeats the low `width` bits of `value` until `to` bits are filled; `to` must be a multiple of `width`. */
export function replicate(value: bigint, width: number, to: number): bigint {
  if (!Number.isInteger(width) || width < 1 || to % width !== 0) {
    throw new RangeError(`replicate ${width} bits to ${to}: the result is a whole number of copies`);
  }
  const element = BigInt.asUintN(width, value);
  let result = 0n;
  for (let at = 0; at < to; at += width) result |= element << BigInt(at);
  return result;
}

/** Zeros above the most significant 1 of a `width`-bit value; `width` for 0. */
export function countLeadingZeros(value: bigint, width = 64): number {
  const bits = BigInt.asUintN(width, value);
  return bits === 0n ? width : width - bits.toString(2).length;
}

/** Bit 0 becomes bit `width - 1` and so on (A64 RBIT). */
export function reverseBits(value: bigint, width = 64): bigint {
  const text = BigInt.asUintN(width, value).toString(2).padStart(width, '0');
  return BigInt('0b' + [...text].reverse().join(''));
}

/** The bytes of a `width`-bit value in the opposite order (A64 REV); `width` must be a multiple of 8. */
export function reverseBytes(value: bigint, width = 64): bigint {
  if (width % 8 !== 0 || width <= 0) throw new RangeError(`reverseBytes width ${width}: a multiple of 8`);
  let rest = BigInt.asUintN(width, value);
  let result = 0n;
  for (let at = 0; at < width; at += 8) {
    result = (result << 8n) | (rest & 0xffn);
    rest >>= 8n;
  }
  return result;
}

/** `0x…` in lower case, padded with zeros to `digits`. A negative value is written `-0x…`. */
export function hex(value: bigint | number, digits = 1): string {
  const wide = BigInt(value);
  return wide < 0n ? '-0x' + (-wide).toString(16).padStart(digits, '0') : '0x' + wide.toString(16).padStart(digits, '0');
}

const INTEGER = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)$/;

/**
 * Reads a whole number as people type it: decimal, `0x`, `0b` or `0o`, an optional sign, underscores between digits, spaces around.
 * A leading zero without a letter is decimal (`010` is ten), not octal. Anything else is undefined.
 */
export function parseInteger(text: string): bigint | undefined {
  const match = INTEGER.exec(text.trim());
  if (!match) return undefined;
  const digits = match[2];
  if (/^0?[xXbBoO]?_|__|_$/.test(digits)) return undefined;
  const value = BigInt(digits.replaceAll('_', '').toLowerCase());
  return match[1] === '-' ? -value : value;
}
