import { parseSmallNumber } from '../codec/text.ts';

/** Ends the connection or the target. */
export type EndRequest =
  /** `D`, `D;1`: go on without the debugger. */
  | { readonly kind: 'detach'; readonly process?: number }
  /** `vKill;1`, or `k`, which has no reply. */
  | { readonly kind: 'kill'; readonly process?: number };

export function encodeEndRequest(request: EndRequest): string {
  if (request.kind === 'detach') return request.process === undefined ? 'D' : `D;${request.process.toString(16)}`;
  return request.process === undefined ? 'k' : `vKill;${request.process.toString(16)}`;
}

/** Undefined for another packet. */
export function parseEndRequest(text: string): EndRequest | undefined {
  if (text === 'D') return { kind: 'detach' };
  if (text === 'k') return { kind: 'kill' };
  const match = /^(D|vKill);([0-9a-fA-F]+)$/.exec(text);
  if (match === null) return undefined;
  return { kind: match[1] === 'D' ? 'detach' : 'kill', process: parseSmallNumber(match[2]) };
}

/** Asks for the end of acknowledgements; the reply `OK` is the last packet that is acknowledged. */
export const START_NO_ACK = 'QStartNoAckMode';

/** Asks why the target is stopped; the reply is a stop reply. */
export const STOP_REASON = '?';
