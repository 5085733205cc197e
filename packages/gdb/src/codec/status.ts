import { GdbError } from '../error.ts';
import { decodeHexText, toText } from './text.ts';

/** Throws if a reply is the empty packet (not supported) or an error; returns it otherwise. `request` is named in the message. */
export function expectAnswer(reply: Uint8Array, request: string): Uint8Array {
  if (reply.length === 0) {
    throw new GdbError('unsupported', `${request}: the target answers with the empty packet, which means it does not know the request. Use another way, or a stub that has it`);
  }
  const error = parseErrorReply(reply);
  if (error !== undefined) {
    const text = error.text === undefined ? '' : ` (${error.text})`;
    throw new GdbError('target', `${request}: the target answers with error ${error.code ?? 'text'}${text}. Check address, register and thread`, error.code);
  }
  return reply;
}

/** Throws unless the reply is `OK`. */
export function expectOk(reply: Uint8Array, request: string): void {
  const text = toText(expectAnswer(reply, request));
  if (text !== 'OK') throw new GdbError('protocol', `${request}: received ${JSON.stringify(text)}, expected OK, an error or the empty packet`);
}

/**
 * An error reply: `Enn`, `E.text`, or lldb's `Enn;hextext`; undefined for anything else. Data never looks like it: registers and
 * memory have an even number of digits, and in binary replies a prefix letter comes first.
 */
export function parseErrorReply(reply: Uint8Array): { readonly code?: number; readonly text?: string } | undefined {
  if (reply[0] !== 0x45) return undefined;
  const text = toText(reply);
  if (text.startsWith('E.')) return { text: text.slice(2) };
  const match = /^E([0-9a-fA-F]{2})(?:;([0-9a-fA-F]*))?$/.exec(text);
  if (match === null) return undefined;
  const code = parseInt(match[1], 16);
  return match[2] === undefined ? { code } : { code, text: decodeHexText(match[2]) };
}

/** `Enn`, for a server. */
export function encodeError(code: number): string {
  return `E${(code & 0xff).toString(16).padStart(2, '0')}`;
}
