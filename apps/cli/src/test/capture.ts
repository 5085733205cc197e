/** Runs the command in this process and catches what it prints. */
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { main } from '../main.ts';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The committed ELF file of a guest. */
export function guestElf(name: string): string {
  return fileURLToPath(new URL(`../../../../guests/arm64/${name}/${name}.elf`, import.meta.url));
}

export const HELLO = guestElf('hello');

/** Standard input of a test is whatever vitest has: nothing. */
export async function worldswitch(...args: readonly string[]): Promise<Ran> {
  const texts = { out: '', err: '' };
  const into = (key: 'out' | 'err') => (chunk: string | Uint8Array): boolean => {
    texts[key] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
    return true;
  };
  const spies = [vi.spyOn(process.stdout, 'write').mockImplementation(into('out')), vi.spyOn(process.stderr, 'write').mockImplementation(into('err'))];
  try {
    const status = await main(args);
    return { status, ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** As `worldswitch` with `--json`, its lines read. */
export async function jsonEvents<Event>(...args: readonly string[]): Promise<{ readonly status: number; readonly events: readonly Event[] }> {
  const { status, out } = await worldswitch(...args, '--json');
  return { status, events: out.trimEnd().split('\n').map((line) => JSON.parse(line) as Event) };
}
