import { decodeHex, encodeHex, parseNumber, parseSmallNumber, splitOnce, toBytes, toText } from '../codec/text.ts';
import { protocolError } from '../error.ts';

/** A read or a write of target memory. */
export type MemoryRequest =
  /** `m`; `x` when `binary`. */
  | { readonly kind: 'read'; readonly address: bigint; readonly length: number; readonly binary: boolean }
  /** `M`; `X` when `binary`. */
  | { readonly kind: 'write'; readonly address: bigint; readonly data: Uint8Array; readonly binary: boolean };

/** The packet of a request, before escaping. */
export function encodeMemoryRequest(request: MemoryRequest): Uint8Array {
  const length = request.kind === 'read' ? request.length : request.data.length;
  const where = `${request.address.toString(16)},${length.toString(16)}`;
  if (request.kind === 'read') return toBytes(`${request.binary ? 'x' : 'm'}${where}`);
  if (!request.binary) return toBytes(`M${where}:${encodeHex(request.data)}`);
  const head = toBytes(`X${where}:`);
  const packet = new Uint8Array(head.length + request.data.length);
  packet.set(head);
  packet.set(request.data, head.length);
  return packet;
}

/** Undefined for another packet; throws a protocol error for a malformed m, M, x or X. */
export function parseMemoryRequest(packet: Uint8Array): MemoryRequest | undefined {
  const name = String.fromCharCode(packet[0] ?? 0);
  if (name === 'm' || name === 'x') {
    const { address, length } = parseWhere(toText(packet.subarray(1)));
    return { kind: 'read', address, length, binary: name === 'x' };
  }
  if (name !== 'M' && name !== 'X') return undefined;
  const colon = packet.indexOf(0x3a);
  if (colon < 0) throw protocolError(toText(packet), 'a write has a colon before its data');
  const { address, length } = parseWhere(toText(packet.subarray(1, colon)));
  const content = packet.subarray(colon + 1);
  const data = name === 'X' ? content.slice() : decodeHex(toText(content));
  if (data.length !== length) throw protocolError(toText(packet), `the write announces ${length} bytes and brings ${data.length}`);
  return { kind: 'write', address, data, binary: name === 'X' };
}

/** The reply to a read: hexadecimal, or `b` and the bytes for `x`. */
export function encodeMemoryReply(data: Uint8Array, binary: boolean): Uint8Array {
  return binary ? Uint8Array.from([0x62, ...data]) : toBytes(encodeHex(data));
}

/** The bytes of a reply to a read; fewer than asked for where the target's memory ends. */
export function parseMemoryReply(reply: Uint8Array, binary: boolean): Uint8Array {
  if (!binary) return decodeHex(toText(reply));
  if (reply[0] !== 0x62) throw protocolError(toText(reply), 'the reply to x starts with b');
  return reply.slice(1);
}

function parseWhere(text: string): { address: bigint; length: number } {
  const [address, length] = splitOnce(text, ',');
  if (length === undefined) throw protocolError(text, 'a memory range is ADDRESS,LENGTH');
  return { address: parseNumber(address), length: parseSmallNumber(length) };
}
