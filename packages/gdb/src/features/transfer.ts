import { parseSmallNumber, toBytes, toText } from '../codec/text.ts';
import { protocolError } from '../error.ts';

/** A request for a part of an object: `qXfer:features:read:target.xml:0,1000`. */
export interface TransferRequest {
  readonly object: string;
  /** The object's part by name; empty where there is only one. */
  readonly annex: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

/** The answer: bytes, and whether more follow. */
export interface TransferChunk {
  readonly data: Uint8Array;
  readonly last: boolean;
}

export function encodeTransferRead(request: TransferRequest): string {
  return `qXfer:${request.object}:read:${request.annex}:${request.offset.toString(16)},${request.length.toString(16)}`;
}

/** Undefined for another packet; throws a protocol error for a malformed one of this kind. */
export function parseTransferRead(text: string): TransferRequest | undefined {
  const match = /^qXfer:([^:]*):read:(.*):([^:,]*),([^:,]*)$/.exec(text);
  if (match === null) return undefined;
  return { object: match[1], annex: match[2], offset: parseSmallNumber(match[3]), length: parseSmallNumber(match[4]) };
}

/** `m` and data, or `l` and the last of it. */
export function encodeTransferChunk(chunk: TransferChunk): Uint8Array {
  return Uint8Array.from([chunk.last ? 0x6c : 0x6d, ...chunk.data]);
}

export function parseTransferChunk(reply: Uint8Array): TransferChunk {
  const kind = reply[0];
  if (kind !== 0x6c && kind !== 0x6d) throw protocolError(toText(reply), 'a part of an object starts with m (more follows) or l (last)');
  return { data: reply.subarray(1), last: kind === 0x6c };
}

/** The part of `document` that a request asks for; a server's whole answer to {@link TransferRequest}. An offset at or past the end gives an empty last part. */
export function sliceForTransfer(document: string | Uint8Array, request: TransferRequest): TransferChunk {
  const bytes = typeof document === 'string' ? toBytes(document) : document;
  const end = Math.min(bytes.length, request.offset + request.length);
  return { data: bytes.subarray(Math.min(request.offset, bytes.length), end), last: end >= bytes.length };
}
