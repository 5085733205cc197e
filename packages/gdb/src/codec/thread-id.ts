import { parseSmallNumber } from './text.ts';

/**
 * A thread as the protocol names it. `all` is -1, `any` is 0; `process` is present with the multiprocess extension only.
 */
export interface ThreadId {
  readonly process?: number | 'all';
  readonly thread: number | 'all' | 'any';
}

/** `1f`, `-1`, `0`, and `p1.1f`, `p1.-1` with a process. */
export function encodeThreadId(id: ThreadId): string {
  const thread = encodePart(id.thread);
  return id.process === undefined ? thread : `p${encodePart(id.process)}.${thread}`;
}

/** The inverse of {@link encodeThreadId}; `p1` alone means all threads of the process. */
export function parseThreadId(text: string): ThreadId {
  if (!text.startsWith('p')) return { thread: parsePart(text) };
  const [process = '', thread] = text.slice(1).split('.');
  const parsed = parsePart(process);
  return { process: parsed === 'any' ? 0 : parsed, thread: thread === undefined ? 'all' : parsePart(thread) };
}

function encodePart(part: number | 'all' | 'any'): string {
  return part === 'all' ? '-1' : part === 'any' ? '0' : part.toString(16);
}

function parsePart(text: string): number | 'all' | 'any' {
  if (text === '-1') return 'all';
  const number = parseSmallNumber(text);
  return number === 0 ? 'any' : number;
}
