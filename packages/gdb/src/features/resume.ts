import { parseNumber, parseSmallNumber, splitOnce } from '../codec/text.ts';
import { encodeThreadId, parseThreadId } from '../codec/thread-id.ts';
import type { ThreadId } from '../codec/thread-id.ts';
import { protocolError } from '../error.ts';

/** What a thread shall do. */
export type ResumeKind =
  | { readonly kind: 'continue'; readonly signal?: number }
  | { readonly kind: 'step'; readonly signal?: number }
  /** Stop (non-stop mode). */
  | { readonly kind: 'stop' }
  /** Step as long as the program counter is in [start, end). */
  | { readonly kind: 'range-step'; readonly start: bigint; readonly end: bigint };

/** An action and the thread it is for; without a thread, for all that no other action names. */
export type ResumeAction = ResumeKind & { readonly thread?: ThreadId };

/** `vCont;s:p1.1;c`. */
export function encodeVCont(actions: readonly ResumeAction[]): string {
  return `vCont${actions.map((a) => `;${encodeAction(a)}${a.thread === undefined ? '' : `:${encodeThreadId(a.thread)}`}`).join('')}`;
}

/** Undefined for another packet (`vCont?` included); throws a protocol error for a malformed one. */
export function parseVCont(text: string): ResumeAction[] | undefined {
  if (!text.startsWith('vCont;')) return undefined;
  return text.slice(6).split(';').map((item) => {
    const [action, thread] = splitOnce(item, ':');
    return { ...parseAction(action), ...(thread === undefined ? {} : { thread: parseThreadId(thread) }) };
  });
}

/** The reply to `vCont?`: `vCont;c;C;s;S`. */
export function encodeVContSupport(letters: readonly string[]): string {
  return `vCont${letters.map((letter) => `;${letter}`).join('')}`;
}

/** The actions a server knows, out of its reply; empty when it knows none. */
export function parseVContSupport(text: string): Set<string> {
  return new Set(text.startsWith('vCont') ? text.split(';').slice(1) : []);
}

/** `c`, `s`, `C05`, `S05`: the forms before vCont. Undefined where they have no way to say it. */
export function encodePlainResume(action: ResumeKind): string | undefined {
  return action.kind === 'continue' || action.kind === 'step' ? encodeAction(action) : undefined;
}

/** A plain resume packet; `from` is where to resume if the packet says so. Undefined for another packet. */
export function parsePlainResume(text: string): { readonly action: ResumeKind; readonly from?: bigint } | undefined {
  if (!/^[csCS]/.test(text)) return undefined;
  const withSignal = text.startsWith('C') || text.startsWith('S');
  const [signal, address] = withSignal ? splitOnce(text.slice(1), ';') : ['', text.length > 1 ? text.slice(1) : undefined];
  return {
    action: parseAction(text.slice(0, 1) + signal),
    ...(address === undefined ? {} : { from: parseNumber(address) }),
  };
}

function encodeAction(action: ResumeKind): string {
  switch (action.kind) {
    case 'continue':
    case 'step': {
      const letter = action.kind === 'continue' ? 'c' : 's';
      return action.signal === undefined ? letter : letter.toUpperCase() + action.signal.toString(16).padStart(2, '0');
    }
    case 'stop':
      return 't';
    case 'range-step':
      return `r${action.start.toString(16)},${action.end.toString(16)}`;
  }
}

function parseAction(text: string): ResumeKind {
  const rest = text.slice(1);
  switch (text.slice(0, 1)) {
    case 'c':
    case 's':
      if (rest !== '') break;
      return { kind: text === 'c' ? 'continue' : 'step' };
    case 'C':
      return { kind: 'continue', signal: parseSmallNumber(rest) };
    case 'S':
      return { kind: 'step', signal: parseSmallNumber(rest) };
    case 't':
      return { kind: 'stop' };
    case 'r': {
      const [start, end] = splitOnce(rest, ',');
      if (end !== undefined) return { kind: 'range-step', start: parseNumber(start), end: parseNumber(end) };
    }
  }
  throw protocolError(text, 'resume actions are c, s, Cxx, Sxx, t and rSTART,END');
}
