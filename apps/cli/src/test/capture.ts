/** Runs the command in this process and catches what it prints. */
import { vi } from 'vitest';
import { main } from '../main.ts';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export const HELLO = new URL('../../../../guests/arm64/hello/hello.elf', import.meta.url).pathname;

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
