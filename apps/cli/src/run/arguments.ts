import { parseInteger } from '@worldswitch/bits';
import { UsageError } from '../exit.ts';

export interface WatchArgument {
  readonly address: string;
  readonly length: number;
  readonly access: 'read' | 'write' | 'both';
}

const ACCESS: Readonly<Record<string, WatchArgument['access']>> = { r: 'read', w: 'write', rw: 'both' };

/** `ADDR[:LEN][:r|w|rw]`: 8 bytes and both unless it says otherwise. */
export function parseWatch(text: string): WatchArgument {
  const [address, ...rest] = text.split(':');
  let [length, access]: [number | undefined, WatchArgument['access'] | undefined] = [undefined, undefined];
  for (const part of rest) {
    const number = parseInteger(part);
    if (number !== undefined && length === undefined && number > 0n && number <= 2n ** 31n) length = Number(number);
    else if (Object.hasOwn(ACCESS, part) && access === undefined) access = ACCESS[part];
    else throw new UsageError(`--watch ${text}: '${part}' is no length and none of r, w, rw; write ADDR[:LEN][:r|w|rw], for example buffer:4:w`);
  }
  if (address === '') throw new UsageError(`--watch ${text}: no address; write ADDR[:LEN][:r|w|rw], for example buffer:4:w`);
  return { address, length: length ?? 8, access: access ?? 'both' };
}

/** A count of an option. @throws UsageError */
export function parseCount(option: string, text: string, least = 1): number {
  const number = parseInteger(text);
  if (number === undefined || number < BigInt(least) || number > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new UsageError(`--${option} ${text}: it must be a whole number from ${least} up`);
  }
  return Number(number);
}
