/** The committed guests, to their end under a state of the world switch. exits.test.ts has the one that leaves in every way it can. */
import { readFileSync } from 'node:fs';
import type { RevisionPair } from '@worldswitch/arm64-hypervisor';
import { guestMachine } from '../../src/test/guest-machine.ts';
import { endingOf, type Ending } from './pairs.ts';

const MIB = 1 << 20;
const LIMIT = 100_000_000;

/** What each says at last: checksums of the same C on another machine, or what the manual says comes of it (tooling/oracles/guests.oracle.test.ts). */
export const GUESTS = {
  'hello': /^hello\r\n$/,
  'own-breakpoint': /^0x1 0xc6000022\r\n$/,
  'steps': /steps done rounds=0x28 exceptions=0x50\r\n$/,
  'bench-kernels': /^list 0xa7bad5fd\r\n[^]*calls 0x6dbc7231\r\n$/,
  'debug-self': /debug-self done sum=0x54 breakpoints=0x2 watchpoints=0x2 steps=0x4 brks=0x1\r\n$/,
} as const;

export type GuestName = keyof typeof GUESTS;

/** Until it powers off. @throws Error if it ends otherwise */
export function runGuest(name: GuestName, pair: RevisionPair): Ending {
  const elf = new Uint8Array(readFileSync(new URL(`../../../../guests/arm64/${name}/${name}.elf`, import.meta.url)));
  const machine = guestMachine({ ...pair, ram: 16 * MIB, kind: 'translator', image: { kind: 'elf', elf } });
  const stop = machine.run(LIMIT);
  if (stop.kind !== 'halted' || stop.why !== 'system-off') throw new Error(`${name} under ${pair.revision}, ${pair.mode}: it ended by ${stop.kind}`);
  return endingOf(machine);
}
