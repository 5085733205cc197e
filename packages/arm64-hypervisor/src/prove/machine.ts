/** What a proof needs of whoever has a processor: a real machine from outside, for nothing here knows how one is made. */
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { HostInterrupts } from '../host/interrupts.ts';
import type { HostLayout } from '../host/layout.ts';
import type { HostProcessor } from '../processor.ts';

/** An interrupt of the host's own: no timer, and not the one that makes guests leave. */
export const HOST_INTERRUPT = 2;

/** When writes to system registers act; see the processor's option of that name. */
export type Sync = 'early' | 'late';

/**
 * `plain`: the host has a GICv2 without virtualisation extensions, and no profiling. `gicv2`: with them. `gicv3`: a GICv3, and FEAT_SPE.
 */
export type Equipment = 'plain' | 'gicv2' | 'gicv3';

/** Memory for a host that profiles itself, aligned to pages, used by nobody else. */
export interface ProfilingPlaces {
  /** Where instructions of the host's own can lie. */
  readonly code: bigint;
  /** For a table of translation, one page. */
  readonly tables: bigint;
  readonly buffer: bigint;
  readonly bytes: bigint;
}

export interface ProofMachine {
  /** At its reset whenever `reset` has returned. */
  readonly processor: HostProcessor;
  readonly interrupts: HostInterrupts;
  readonly layout: HostLayout;
  /** Memory of the host that the guest gets: 2 MiB from here, aligned to as much. */
  readonly guestMemory: bigint;
  /** Cold reset of processor and devices, the clock always at the same tick, some hundreds at least. Memory keeps what it holds. */
  reset(): void;
  /** Lets idle time pass up to a tick at which something is due. */
  skipTo(tick: bigint): void;
  /** A physical interrupt, number `HOST_INTERRUPT`, once. */
  interrupt(): void;
  /** Drops every cached translation, as when another processor invalidates them. */
  forgetTranslations(): void;
  /** The physical SError input. */
  serror(level: boolean): void;
  /**
   * Takes the exception that is due before the next instruction, if any, as a processor does between two of them: asynchronous ones, a
   * software step, a breakpoint at the present program counter. True where one was taken; the program counter is at its vector.
   */
  takeDue(): boolean;
  /** Changes the stored bits of a register, as no instruction does. */
  poke(register: RegisterName, value: bigint): void;
  /** A64 source at an address. Throws for a source that is wrong. */
  assemble(source: string, origin: bigint): Uint8Array;
  /** GICH by its physical address: with `gicv2`. */
  readonly virtualControl?: bigint;
  /** With `gicv3`. */
  readonly profiling?: ProfilingPlaces;
}

/** The machines of a proof: one for each way in which writes act, and for what the host has. Made once, then reset for every run. */
export type ProofMachines = (sync: Sync, equipment: Equipment) => ProofMachine;
