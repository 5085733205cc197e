import type { Payload } from '../codec/text.ts';
import { toBytes } from '../codec/text.ts';

const ESCAPE = 0x7d; // }
const RUN = 0x2a; // *

/** Options of {@link framePacket}. */
export interface FrameOptions {
  /** Shorten runs of equal bytes. Only replies may use it: gdb never expands requests, a server never has to. */
  readonly runLength?: boolean;
}

/** `$payload#checksum`, with the bytes escaped that would end or confuse the packet. */
export function framePacket(payload: Payload, options: FrameOptions = {}): Uint8Array {
  return frame(0x24, toBytes(payload), options.runLength ?? false);
}

/** `%payload#checksum`: a notification, which is never acknowledged. */
export function frameNotification(payload: Payload): Uint8Array {
  return frame(0x25, toBytes(payload), false);
}

function frame(start: number, payload: Uint8Array, runLength: boolean): Uint8Array {
  const body = runLength ? encodeRuns(payload) : escape(payload);
  let sum = 0;
  for (const byte of body) sum = (sum + byte) & 0xff;
  const digits = sum.toString(16).padStart(2, '0');
  return Uint8Array.from([start, ...body, 0x23, digits.charCodeAt(0), digits.charCodeAt(1)]);
}

/** `#`, `$` and `}` frame packets; `*` would be taken for a run in a reply. */
function needsEscape(byte: number): boolean {
  return byte === 0x23 || byte === 0x24 || byte === ESCAPE || byte === RUN;
}

function escape(payload: Uint8Array): number[] {
  const out: number[] = [];
  for (const byte of payload) {
    if (needsEscape(byte)) out.push(ESCAPE, byte ^ 0x20);
    else out.push(byte);
  }
  return out;
}

/** Longest repetition one run can carry: the count character ends at `~` (126) and is 29 more than the count. */
const MAX_REPEAT = 97;

function encodeRuns(payload: Uint8Array): number[] {
  const out: number[] = [];
  for (let at = 0; at < payload.length; ) {
    const byte = payload[at];
    let length = 1;
    while (payload[at + length] === byte && length <= MAX_REPEAT) length++;
    // An escaped byte is two on the line, a run of them cannot be told apart from a run of the second one.
    if (needsEscape(byte)) {
      out.push(ESCAPE, byte ^ 0x20);
      at += 1;
    } else {
      out.push(byte);
      const repeat = usableRepeat(length - 1);
      if (repeat > 0) out.push(RUN, repeat + 29);
      at += 1 + repeat;
    }
  }
  return out;
}

/** The largest repetition not above `repeat` whose count character may be sent: not below blank, none of `#`, `$`, `+`, `-`. */
function usableRepeat(repeat: number): number {
  if (repeat < 3) return 0;
  if (repeat === 6 || repeat === 7) return 5;
  if (repeat === 14 || repeat === 16) return repeat - 1;
  return repeat;
}
