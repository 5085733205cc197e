import { decodeHexText, encodeHexText } from '../codec/text.ts';
import { encodeThreadId, parseThreadId } from '../codec/thread-id.ts';
import type { ThreadId } from '../codec/thread-id.ts';
import { protocolError } from '../error.ts';
import { parseXml } from '../xml/xml.ts';

/** What a selected thread is used for: `g` registers and memory, `c` plain resume packets. */
export type SelectFor = 'g' | 'c';

/** `Hgp1.1`. */
export function encodeSelectThread(use: SelectFor, thread: ThreadId): string {
  return `H${use}${encodeThreadId(thread)}`;
}

/** Undefined for another packet. */
export function parseSelectThread(text: string): { readonly use: SelectFor; readonly thread: ThreadId } | undefined {
  const match = /^H([gc])(.+)$/.exec(text);
  return match === null ? undefined : { use: match[1] as SelectFor, thread: parseThreadId(match[2]) };
}

/** One reply to qfThreadInfo or qsThreadInfo: `m1,2` or, at the end (`undefined`), `l`. */
export function encodeThreadList(threads: readonly ThreadId[] | undefined): string {
  return threads === undefined ? 'l' : `m${threads.map(encodeThreadId).join(',')}`;
}

/** The inverse of {@link encodeThreadList}. */
export function parseThreadList(text: string): ThreadId[] | undefined {
  if (text === 'l') return undefined;
  if (!text.startsWith('m')) throw protocolError(text, 'a list of threads starts with m, its end is l');
  return text.slice(1).split(',').map(parseThreadId);
}

/** The reply to qC: `QCp1.1`. */
export function parseCurrentThread(text: string): ThreadId {
  if (!text.startsWith('QC')) throw protocolError(text, 'the reply to qC starts with QC');
  return parseThreadId(text.slice(2));
}

/** A thread with what the target tells about it. */
export interface ThreadInfo {
  readonly id: ThreadId;
  readonly name?: string;
  readonly core?: number;
}

/** The `threads` object of qXfer. */
export function parseThreadsXml(xml: string): ThreadInfo[] {
  return parseXml(xml)
    .children.filter((e) => e.name === 'thread')
    .map((e) => ({
      id: parseThreadId(e.attributes.get('id') ?? ''),
      ...(e.attributes.has('name') ? { name: e.attributes.get('name') ?? '' } : {}),
      ...(e.attributes.has('core') ? { core: Number(e.attributes.get('core')) } : {}),
    }));
}

/** qThreadExtraInfo's text in its hexadecimal form, and back. */
export const encodeThreadExtraInfo = encodeHexText;
export const parseThreadExtraInfo = decodeHexText;
