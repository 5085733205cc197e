import { decodeHex, encodeHex, parseNumber, parseSmallNumber, splitOnce } from '../codec/text.ts';
import { encodeThreadId, parseThreadId } from '../codec/thread-id.ts';
import type { ThreadId } from '../codec/thread-id.ts';
import { protocolError } from '../error.ts';

/** Signal numbers of the protocol (GDB's own numbering, not a host's). */
export const SIGNALS = { none: 0, interrupt: 2, illegal: 4, trap: 5, bus: 10, segv: 11, stop: 17 } as const;

/** Why a thread stopped, where the target says so. */
export type StopReason =
  | { readonly kind: 'watch' | 'rwatch' | 'awatch'; readonly address: bigint }
  | { readonly kind: 'swbreak' | 'hwbreak' }
  /** The end of recorded history, when running backwards or forwards. */
  | { readonly kind: 'replaylog'; readonly end: 'begin' | 'end' };

/** The answer to a resume, or to `?`. */
export type StopReply =
  | {
      readonly kind: 'stopped';
      readonly signal: number;
      readonly reason?: StopReason;
      readonly thread?: ThreadId;
      readonly core?: number;
      /** Registers sent along, by number, as bytes in target order. */
      readonly registers: ReadonlyMap<number, Uint8Array>;
      /** Pairs without a meaning here (`library`, `fork`, lldb's `reason`, …), as they came. */
      readonly other: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'exited'; readonly status: number; readonly process?: number }
  | { readonly kind: 'killed'; readonly signal: number; readonly process?: number }
  | { readonly kind: 'no-resumed' };

/** True for a packet that ends a resume: S, T, W, X, N. */
export function isStopReply(text: string): boolean {
  return /^[STWX][0-9a-fA-F]{2}|^N$/.test(text);
}

/** Throws a protocol error for another packet. */
export function parseStopReply(text: string): StopReply {
  if (text === 'N') return { kind: 'no-resumed' };
  if (!isStopReply(text)) throw protocolError(text, 'a stop reply is Sxx, Txx…, Wxx, Xxx or N');
  const number = parseInt(text.slice(1, 3), 16);
  const rest = text.slice(3);
  switch (text[0]) {
    case 'S':
      return { kind: 'stopped', signal: number, registers: new Map(), other: new Map() };
    case 'T':
      return parsePairs(number, rest);
    default: {
      const process = /^;process:([0-9a-fA-F]+)$/.exec(rest);
      const of = process === null ? {} : { process: parseSmallNumber(process[1]) };
      return text.startsWith('W') ? { kind: 'exited', status: number, ...of } : { kind: 'killed', signal: number, ...of };
    }
  }
}

function parsePairs(signal: number, text: string): StopReply {
  const registers = new Map<number, Uint8Array>();
  const other = new Map<string, string>();
  const found: { reason?: StopReason; thread?: ThreadId; core?: number } = {};
  for (const pair of text.split(';')) {
    if (pair === '') continue;
    const [key, value] = splitOnce(pair, ':');
    if (value === undefined) throw protocolError(pair, 'a stop reply consists of KEY:VALUE pairs');
    if (key === 'thread') found.thread = parseThreadId(value);
    else if (key === 'core') found.core = parseSmallNumber(value);
    else if (key === 'watch' || key === 'rwatch' || key === 'awatch') found.reason = { kind: key, address: parseNumber(value) };
    else if (key === 'swbreak' || key === 'hwbreak') found.reason = { kind: key };
    else if (key === 'replaylog' && (value === 'begin' || value === 'end')) found.reason = { kind: key, end: value };
    else if (/^[0-9a-fA-F]+$/.test(key)) registers.set(parseSmallNumber(key), decodeHex(value));
    else other.set(key, value);
  }
  return { kind: 'stopped', signal, ...found, registers, other };
}

/** A stop reply as a packet; `T` unless it carries nothing but the signal. */
export function encodeStopReply(stop: StopReply): string {
  const byte = (n: number): string => n.toString(16).padStart(2, '0');
  switch (stop.kind) {
    case 'no-resumed':
      return 'N';
    case 'exited':
    case 'killed': {
      const head = stop.kind === 'exited' ? `W${byte(stop.status)}` : `X${byte(stop.signal)}`;
      return stop.process === undefined ? head : `${head};process:${stop.process.toString(16)}`;
    }
    case 'stopped': {
      const pairs = [...stop.registers].map(([number, value]) => `${byte(number)}:${encodeHex(value)};`);
      if (stop.thread !== undefined) pairs.push(`thread:${encodeThreadId(stop.thread)};`);
      if (stop.core !== undefined) pairs.push(`core:${stop.core.toString(16)};`);
      if (stop.reason !== undefined) pairs.push(encodeReason(stop.reason));
      for (const [key, value] of stop.other) pairs.push(`${key}:${value};`);
      return pairs.length === 0 ? `S${byte(stop.signal)}` : `T${byte(stop.signal)}${pairs.join('')}`;
    }
  }
}

function encodeReason(reason: StopReason): string {
  switch (reason.kind) {
    case 'swbreak':
    case 'hwbreak':
      return `${reason.kind}:;`;
    case 'replaylog':
      return `replaylog:${reason.end};`;
    default:
      return `${reason.kind}:${reason.address.toString(16)};`;
  }
}
