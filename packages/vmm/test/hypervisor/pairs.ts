/** What must be the same under every state of the world switch: what a guest says, how long it takes, and what it leaves behind. */
import { createHash } from 'node:crypto';
import { DEFAULT_REVISION, PAIRS, type RevisionPair } from '@worldswitch/arm64-hypervisor';
import { formatHash } from '@worldswitch/machine';
import type { GuestMachine } from '../../src/test/guest-machine.ts';

/** The pair that others are compared with. */
export const REFERENCE: RevisionPair = { revision: DEFAULT_REVISION.name, mode: 'nvhe' };

/** The others. */
export const OTHERS: readonly RevisionPair[] = PAIRS.filter(({ revision, mode }) => revision !== REFERENCE.revision || mode !== REFERENCE.mode);

const PIECE = 1 << 20;

/** Everything a guest can be told by. */
export interface Ending {
  readonly console: string;
  /** Executed by the processor, all of them the guest's: hosted code, and what takes a host at EL1 to EL2 and back, retires nothing. */
  readonly instructions: number;
  /** The guest's time: instructions, and what it waited. */
  readonly ticks: bigint;
  readonly registers: Readonly<Record<string, bigint>>;
  /** SHA-256 of what the guest has in its RAM, and in flash if that was asked for. */
  readonly memory: string;
  /** Hash of the guest's board: processor, devices, clock. */
  readonly board: string;
}

/** `flash`: with its two banks, which only firmware has something in. */
export function endingOf({ console, guest: { machine }, hostCpu, vcpu }: GuestMachine, { flash = false }: { readonly flash?: boolean } = {}): Ending {
  // Reading what is in memory alone takes the guest off the processor first.
  vcpu.getRegister('CNTVOFF_EL2');
  const registers = Object.fromEntries(vcpu.registers.names.map((name): [string, bigint] => [name, vcpu.getRegister(name)]));
  const hash = createHash('sha256');
  for (const { kind, base, size } of machine.memory.regions) {
    if (kind !== 'ram' && !(flash && kind === 'rom-device')) continue;
    for (let at = 0; at < size; at += PIECE) hash.update(machine.memory.readBytes(base + BigInt(at), Math.min(PIECE, size - at)) ?? '');
  }
  return { console, instructions: hostCpu.processor.core.retired, ticks: machine.clock.now(), registers, memory: hash.digest('hex'), board: formatHash(machine.hash()) };
}

/** An ending in a line, its registers and memory as one number. */
export function summary({ console, instructions, ticks, registers, memory, board }: Ending): string {
  const state = createHash('sha256').update(Object.entries(registers).map(([name, value]) => `${name} ${value}\n`).join('')).update(memory).digest('hex');
  return `console ${console.length} bytes, ${instructions} instructions, ${ticks} ticks, registers and memory ${state.slice(0, 16)}, board ${board}`;
}
