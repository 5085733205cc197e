import { protocolError } from '../error.ts';

/** A packet's content: text where it is text, bytes where it is binary. */
export type Payload = string | Uint8Array;

/** Text as one byte per character (code points above 0xff are a programming error and refused). */
export function toBytes(payload: Payload): Uint8Array {
  if (typeof payload !== 'string') return payload;
  const bytes = new Uint8Array(payload.length);
  for (let i = 0; i < payload.length; i++) {
    const code = payload.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`packet text holds U+${code.toString(16)}: packets carry bytes, encode other text in hexadecimal`);
    bytes[i] = code;
  }
  return bytes;
}

/** Bytes as text, one character per byte; the inverse of {@link toBytes}. */
export function toText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Bytes as pairs of lower-case hexadecimal digits, in memory order. */
export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The inverse of {@link encodeHex}; either case. Throws a protocol error for an odd length or another character. */
export function decodeHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw protocolError(text, 'bytes are pairs of hexadecimal digits');
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** UTF-8 text in hexadecimal, as qRcmd and qThreadExtraInfo carry it. */
export function encodeHexText(text: string): string {
  return encodeHex(new TextEncoder().encode(text));
}

/** The inverse of {@link encodeHexText}. */
export function decodeHexText(text: string): string {
  return new TextDecoder().decode(decodeHex(text));
}

/** A number as the protocol writes it: hexadecimal, most significant digit first, no prefix, at most 64 bits. */
export function parseNumber(text: string): bigint {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) throw protocolError(text, 'a number is 1 to 16 hexadecimal digits without prefix');
  return BigInt(`0x${text}`);
}

/** A number that must fit 32 bits: a length, a register number, a signal. */
export function parseSmallNumber(text: string): number {
  if (!/^[0-9a-fA-F]{1,8}$/.test(text)) throw protocolError(text, 'a length or an index is 1 to 8 hexadecimal digits without prefix');
  return parseInt(text, 16);
}

/** Splits at the first `separator`; the second part is undefined without one. */
export function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
