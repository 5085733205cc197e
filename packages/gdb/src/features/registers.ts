import { decodeHex, encodeHex, parseSmallNumber, splitOnce } from '../codec/text.ts';
import { protocolError } from '../error.ts';

/** A register access. Values are bytes in target order; undefined bytes in a reply mean "not available". */
export type RegisterRequest =
  | { readonly kind: 'read-all' }
  | { readonly kind: 'write-all'; readonly data: Uint8Array }
  | { readonly kind: 'read'; readonly number: number }
  | { readonly kind: 'write'; readonly number: number; readonly data: Uint8Array };

/** `g`, `G…`, `p N`, `P N=…`. */
export function encodeRegisterRequest(request: RegisterRequest): string {
  switch (request.kind) {
    case 'read-all':
      return 'g';
    case 'write-all':
      return `G${encodeHex(request.data)}`;
    case 'read':
      return `p${request.number.toString(16)}`;
    case 'write':
      return `P${request.number.toString(16)}=${encodeHex(request.data)}`;
  }
}

/** Undefined for another packet; throws a protocol error for a malformed g, G, p or P. */
export function parseRegisterRequest(text: string): RegisterRequest | undefined {
  if (text === 'g') return { kind: 'read-all' };
  if (text.startsWith('G')) return { kind: 'write-all', data: decodeHex(text.slice(1)) };
  if (text.startsWith('p')) return { kind: 'read', number: parseSmallNumber(text.slice(1)) };
  if (!text.startsWith('P')) return undefined;
  const [number, value] = splitOnce(text.slice(1), '=');
  if (value === undefined) throw protocolError(text, 'a register write is P NUMBER=VALUE');
  return { kind: 'write', number: parseSmallNumber(number), data: decodeHex(value) };
}

/** A reply to `g` or `p`; each unavailable byte is `xx`. */
export function encodeRegisterBytes(bytes: readonly (number | undefined)[]): string {
  return bytes.map((byte) => (byte === undefined ? 'xx' : byte.toString(16).padStart(2, '0'))).join('');
}

/** The inverse of {@link encodeRegisterBytes}. */
export function parseRegisterBytes(text: string): (number | undefined)[] {
  if (text.length % 2 !== 0 || !/^(?:[0-9a-fA-F]{2}|xx)*$/.test(text)) {
    throw protocolError(text, 'register bytes are pairs of hexadecimal digits, or xx where not available');
  }
  return Array.from({ length: text.length / 2 }, (_, i) => {
    const pair = text.slice(2 * i, 2 * i + 2);
    return pair === 'xx' ? undefined : parseInt(pair, 16);
  });
}
