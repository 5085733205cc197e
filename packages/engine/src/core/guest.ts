import type { AccessShape } from '../ir/types.ts';

/** What an address is translated for. */
export type TranslationKind = 'read' | 'write' | 'fetch';

export type Translation<F> =
  | {
      readonly ok: true;
      /** Physical address of the byte asked for. */
      readonly physical: number;
      /** Unaligned data accesses fault here (device memory, or alignment checking). */
      readonly strict?: boolean;
      /** The engine must ask again for each access: something watches this page. */
      readonly volatile?: boolean;
    }
  | { readonly ok: false; readonly fault: F };

/** Faults that the engine finds by itself. */
export type EngineFault = { readonly kind: 'alignment' } | { readonly kind: 'external'; readonly physical: number };

/** A data access as the architecture's hooks see it. */
export interface DataAccess {
  readonly address: bigint;
  readonly shape: AccessShape;
  /** The first byte that faults. */
  readonly faultAddress: bigint;
}

/** Computes with 64-bit values; may end the instruction through `Core.redirect`. */
export type Helper = (...args: readonly bigint[]) => bigint | undefined;

/**
 * What the engine asks of an architecture while a processor runs. Every hook runs between or within instructions on the
 * engine's thread; none may throw for what a guest did. `core.pc` is the address of the instruction at hand.
 */
export interface Guest<F = unknown> {
  /**
   * Translates for the present context; `unprivileged` for accesses made with a lower level's rights. It must not look at registers
   * that instructions write through slots: generated code may hold their values elsewhere when it asks.
   */
  translate(address: bigint, kind: TranslationKind, unprivileged: boolean): Translation<F>;
  /** Takes the exception of a data access; sets the program counter by `core.redirect`. The instruction does not retire. */
  dataFault(access: DataAccess, fault: F | EngineFault): void;
  /** Takes the exception of a fetch. Nothing retires. */
  fetchFault(address: bigint, fault: F | EngineFault): void;
  /** A word without an instruction. Counts as retired, as every completed exception-raising instruction does. */
  undefined(word: number): undefined;
  /** An instruction of the gated unit while it is off; counts as retired. */
  gate?(word: number): undefined;
  /** An exception that the instruction asks for (`SemanticsBuilder.raise`). */
  raise(name: string, args: readonly bigint[]): void;
  /** A requirement of an instruction does not hold: true where it may go on all the same; false where an exception was taken. */
  require?(name: string): boolean;
  readonly helpers: Readonly<Record<string, Helper>>;
  /** Called before an instruction wherever an interrupt may be taken; true where one was (the pc has changed). */
  interrupt(): boolean;
  /** A check of the architecture's own after translation and before the access (watchpoints); a fault stops it. */
  checkData?(access: DataAccess): F | undefined;
  /**
   * While true the engine executes one instruction at a time and calls `before` and `after` (software step, breakpoints
   * that depend on context).
   */
  readonly stepping?: boolean;
  /** Before the fetch; true where it took an exception instead. */
  before?(): boolean;
  /** Between the fetch and the execution; true where it took an exception instead. */
  fetched?(): boolean;
  /** After an instruction that completed. */
  after?(): void;
}

/** Why a run ended. */
export type CoreStop =
  | { readonly kind: 'budget' }
  /** Asked for by `Core.yield`: something changed that the caller must look at. Budget may be left. */
  | { readonly kind: 'yield' }
  /** The processor waits for an event. */
  | { readonly kind: 'idle' }
  /** A fetch from a hosted entry. */
  | { readonly kind: 'hosted'; readonly at: bigint }
  /** A breakpoint or watchpoint of the engine's own; the instruction has not been executed. */
  | { readonly kind: 'breakpoint'; readonly pc: bigint }
  | { readonly kind: 'watchpoint'; readonly pc: bigint; readonly address: bigint; readonly size: number; readonly access: 'read' | 'write' | 'update' }
  /** The guest cannot go on (exceptions without end, a halting call). */
  | { readonly kind: 'halted'; readonly why: string; readonly code?: number };
