import type { Core, CoreState, CoreStop, Engine, EngineKind, EngineOptions, MemoryState, Slot } from '@worldswitch/engine';
import type { Plain } from '@worldswitch/machine';
import type { Random } from '../random.ts';

/** State as plain data; whatever an architecture has besides cores and memory stands beside them. */
export type SubjectState = { readonly cores: readonly CoreState[]; readonly memory: MemoryState; readonly [other: string]: Plain };

/** One machine of the architecture under test, on one engine. */
export interface Subject<S extends SubjectState = SubjectState> {
  readonly engine: Engine;
  readonly cores: readonly Core[];
  /** Runs one processor, through the architecture's own loop where it has one; exact, like `Core.run`. */
  run(processor: number, budget: number): CoreStop;
  /** After a stop that a guest does not leave by itself (halted, idle, hosted): makes it go on, the same way each time. */
  revive(processor: number, stop: CoreStop): void;
  save(): S;
  restore(state: S): void;
}

export interface MakeOptions {
  readonly kind: EngineKind;
  readonly processors?: number;
  readonly engine?: Partial<EngineOptions>;
}

/** Bytes of an integer access. */
export type Size = 1 | 2 | 4 | 8;

/**
 * The few instructions that directed programs are written in, as assembly text; registers are numbers 0..7 of
 * `registers`. Programs are assembled for virtual addresses that equal physical ones.
 */
export interface Dialect {
  /** Eight general registers. */
  readonly registers: readonly Slot[];
  assemble(text: string, origin: bigint): Uint8Array;
  /** Any 64-bit value. May take several instructions. */
  set(register: number, value: bigint): string;
  /** d += m. */
  add(d: number, m: number): string;
  /** One instruction whose encodings for 1..60 differ in one byte only. */
  addImmediate(register: number, value: number): string;
  /** Of the register's low bytes. */
  store(size: Size, value: number, address: number): string;
  /** Zero-extended. */
  load(size: Size, value: number, address: number): string;
  jump(label: string): string;
  jumpIfNotZero(register: number, label: string): string;
  readonly nop: string;
  /** Ends the run with `halted` or `idle`. */
  readonly halt: string;
}

/** A directed program with results known from the architecture's manual. */
export interface Scenario {
  readonly name: string;
  readonly text: string;
  readonly origin: bigint;
  readonly budget: number;
  /** Loads what the program needs besides its text. */
  prepare?(subject: Subject): void;
  readonly expect: readonly (readonly [Slot, bigint])[];
}

/** What the conformance suite wants to know of an architecture. */
export interface ArchitectureUnderTest<S extends SubjectState = SubjectState> {
  readonly name: string;
  make(options: MakeOptions): Subject<S>;
  /** A program with loops, faults, stores into code and devices, and registers that make it go somewhere. */
  loadRandomProgram(subject: Subject<S>, random: Random): void;
  /** Anything: random memory, random registers, random control registers. */
  loadGarbage(subject: Subject<S>, random: Random): void;
  /** Where random programs lie; equal in virtual and physical addresses. */
  readonly code: { readonly base: number; readonly words: number };
  /** RAM for directed programs, at least 32 pages, equal in virtual and physical addresses. */
  readonly ram: { readonly base: number; readonly size: number };
  /** A page where nothing answers until a test puts a device there; equal in virtual and physical addresses. */
  readonly vacant: number;
  readonly dialect: Dialect;
  readonly scenarios: readonly Scenario[];
  disassemble(word: number, address: bigint): string;
  /** The word that a processor executes next, where it can be fetched. */
  wordAt(subject: Subject<S>, processor: number): number | undefined;
}
