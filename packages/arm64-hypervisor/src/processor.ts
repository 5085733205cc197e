/**
 * What the hypervisor needs of a processor, and no more: hosted instructions, running until one is wanted, general registers, memory.
 * Whoever has a processor (the `arm64` package's, or a model in a test) offers these; nothing here knows which it is.
 */
import type { HostPort } from '@worldswitch/arm64-sysreg';
import type { DebugHit, PhysicalMemory, PlainDoor } from '@worldswitch/machine';

/** Why the processor came back. The same words as the machine's stops. */
export type ProcessorStop =
  | { readonly kind: 'budget' }
  /** It waits, and the machine has nothing to do before tick `until`. */
  | { readonly kind: 'idle'; readonly until?: bigint }
  /** It fetched from the hosted range, where hosted code is to go on. */
  | { readonly kind: 'hosted'; readonly at: bigint }
  | { readonly kind: 'debug'; readonly hit: DebugHit }
  | { readonly kind: 'halted'; readonly why: string };

/** The host's memory by physical address, as its kernel reaches it. */
export type HostMemory = Pick<PhysicalMemory, 'read' | 'write' | 'readBytes' | 'loadBytes'>;

export interface HostProcessor {
  /** Instructions at the present exception level; see `HostPort`. */
  readonly port: HostPort;
  readonly memory: HostMemory;
  /** Runs at most `budget` instructions (from 1 up), until hosted code is wanted or something else ends it. A hosted fetch retires nothing. */
  run(budget: number): ProcessorStop;
  /** Instructions retired by the machine so far. */
  readonly retired: bigint;
  /** x0 to x30, the present values. */
  general(n: number): bigint;
  setGeneral(n: number, value: bigint): void;
  /** The host's own interrupt request to this processor (an inter-processor interrupt): raised, it is pending like any other IRQ. */
  kick(raised: boolean): void;
  /** Any register by name (`pc`, `pstate`, `SCTLR_EL1`) without side effects: for the ledger, for looking at a guest that is stopped in the middle, for tests. */
  readonly debugger: PlainDoor;
}
