/** What must be the same under every state of the world switch: what a guest says, how long it takes, and what it leaves behind. */
import { createHash } from 'node:crypto';
import { DEFAULT_REVISION, PAIRS, type RevisionPair } from '@worldswitch/arm64-hypervisor';
import type { GuestMachine } from '../../src/test/guest-machine.ts';

/** The pair that others are compared with. */
export const REFERENCE: RevisionPair = { revision: DEFAULT_REVISION.name, mode: 'nvhe' };

/** The others. */
export const OTHERS: readonly RevisionPair[] = PAIRS.filter(({ revision, mode }) => revision !== REFERENCE.revision || mode !== REFERENCE.mode);

const RAM = 0x4000_0000n;
const MIB = 1 << 20;

/** Everything a guest can be told by. */
export interface Ending {
  readonly console: string;
  readonly ticks: bigint;
  readonly registers: Readonly<Record<string, bigint>>;
  /** SHA-256 of the guest's RAM. */
  readonly ram: string;
}

export function endingOf({ console, guest, vcpu }: GuestMachine, ramMib = 64): Ending {
  // Reading what is in memory alone takes the guest off the processor first.
  vcpu.getRegister('CNTVOFF_EL2');
  const registers = Object.fromEntries(vcpu.registers.names.map((name): [string, bigint] => [name, vcpu.getRegister(name)]));
  const hash = createHash('sha256');
  for (let mib = 0; mib < ramMib; mib++) hash.update(guest.machine.memory.readBytes(RAM + BigInt(mib * MIB), MIB) ?? '');
  return { console, ticks: guest.machine.clock.now(), registers, ram: hash.digest('hex') };
}
