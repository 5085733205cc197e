import type { Clock } from './clock.ts';
import type { InterruptLine } from './device.ts';
import type { InputLog } from './inputs.ts';
import type { PhysicalMemory } from './memory.ts';
import type { ExclusiveMonitor } from './monitor.ts';
import type { Plain } from './plain.ts';

/** The version of the contracts in this package. A plugin states the one it was written for; a machine refuses others. */
export const API_VERSION = 1;

/** What the engine's own stops saw. `id` is the one the stop was set with. */
export type DebugHit =
  | { readonly kind: 'breakpoint'; readonly id: number; readonly address: bigint }
  | { readonly kind: 'watchpoint'; readonly id: number; readonly address: bigint; readonly width: number; readonly access: 'read' | 'write' };

/** Why a processor came back from `run`. */
export type Stop =
  /** The budget is used up, or the limit set during the run is reached. */
  | { readonly kind: 'budget' }
  /** Waits for an interrupt or event, or is powered off. Run it again to poll: it retires nothing until something wakes it. */
  | { readonly kind: 'idle' }
  /** Fetched from a hosted entry at this address; the instruction there is not executed. */
  | { readonly kind: 'hosted'; readonly at: bigint }
  /** An out-of-band stop, before the instruction that would hit it has any effect. */
  | { readonly kind: 'debug'; readonly hit: DebugHit }
  /** The guest asked for the end of the run (firmware call, semihosting), or nothing sensible can follow. `code` is an exit status. */
  | { readonly kind: 'halted'; readonly why: string; readonly code?: number };

/** How an access through the guest's door ended. */
export type AccessVerdict =
  | { readonly kind: 'ok'; readonly value: bigint }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'trap'; readonly to: number; readonly syndrome: bigint };

/** As an instruction of the guest at its present level: checks, traps, redirection and side effects. */
export interface GuestDoor {
  read(name: string): AccessVerdict;
  write(name: string, value: bigint): AccessVerdict;
}

/** Undefined, or false, for a name the processor does not have. Values are unsigned, as wide as the register. */
export interface PlainDoor {
  read(name: string): bigint | undefined;
  write(name: string, value: bigint): boolean;
}

/** The three ways to a register. */
export interface RegisterDoors {
  readonly names: readonly string[];
  readonly guest: GuestDoor;
  /** The stored bits, for snapshots and migration. */
  readonly raw: PlainDoor;
  /** What the register would read, without side effects; a write legalises like the architecture does. */
  readonly debugger: PlainDoor;
}

/** A stop that was set. Disposing removes it. */
export interface SetStop extends Disposable {
  readonly id: number;
}

/**
 * The engine's own stops: neutral, unlimited, invisible to the guest, free when unused. They belong to the debugger and are not
 * part of `save()`. Addresses are virtual, in the regime named, or in whichever is current. A single step is `run(1)`.
 */
export interface OutOfBandStops {
  breakpoint(address: bigint, regime?: string): SetStop;
  watchpoint(address: bigint, length: number, access: 'read' | 'write' | 'both', regime?: string): SetStop;
  /** Lets the next instruction pass the stop it stands on. */
  resume(): void;
}

/** The architecture's own debug hardware, for those who want to see it; what it does is in its registers. */
export interface DebugFacility {
  readonly breakpoints: number;
  readonly watchpoints: number;
  /** Why the hardware would or would not stop an access now: a tree of reasons, as data. */
  explain(address: bigint, access: Access): Plain;
}

export type Access = 'read' | 'write' | 'execute';

export type Translation =
  | { readonly kind: 'ok'; readonly physical: bigint; readonly attributes: Plain }
  | { readonly kind: 'fault'; readonly why: string; readonly syndrome: bigint };

/** A kind of row the observation ring can hold. `hosted`: what hosted code moves by itself, to and from memory and vector registers. */
export type ObservationKind = 'system-register' | 'exception' | 'barrier' | 'branch' | 'memory' | 'hosted';

/** Whose doing is observed: everybody's, or all but what a guest of a hypervisor on this processor does (its exceptions to the hypervisor are in). */
export type ObservationScope = 'all' | 'host';

/** One observed event: plain data, fields by architecture. */
export type Observation = { readonly kind: ObservationKind; readonly retired: bigint; readonly pc: bigint; readonly [field: string]: Plain };

/** A running observation. Disposing ends it. */
export interface ObservationRing extends Disposable {
  /** Takes everything recorded since the last call. */
  drain(): readonly Observation[];
  /** Rows overwritten before they were drained. */
  readonly lost: number;
}

/** An emulated processing element. */
export interface Cpu {
  /**
   * Executes at most `budget` ticks' worth of instructions (a positive whole number), exactly, and never throws for what a guest does.
   * Each retired instruction is one tick; an architecture may say that one that aborts is none, and then returns `budget` early rather
   * than abort without end.
   */
  run(budget: number): Stop;
  /** Ticks of the present run, or of the last one when none is in progress. Exact whenever the processor calls out: it excludes the instruction in execution. */
  readonly retired: number;
  /** Called from inside `run`: lowers its budget to `total` ticks since its beginning. Already past it: stop after the instruction in execution. */
  limit(total: number): void;
  /** Interrupt inputs by name. Setting one acts before the next instruction, also when it happens inside `run`. */
  readonly inputs: { readonly [name: string]: InterruptLine };
  readonly registers: RegisterDoors;
  readonly stops: OutOfBandStops;
  /** Present when the architecture has debug hardware. */
  readonly facility?: DebugFacility;
  translate(address: bigint, access: Access, regime?: string): Translation;
  /** Present when the processor can be observed. `capacity` in rows; `scope` is `all` when left out. */
  observe?(kinds: readonly ObservationKind[], capacity: number, scope?: ObservationScope): ObservationRing;
  reset(): void;
  save(): Plain;
  restore(state: Plain): void;
}

/**
 * What a processor gets from its machine. `M` is the memory it needs: an architecture on the engine asks for the engine's class,
 * since its code runs in the same WebAssembly memory.
 */
export interface MachinePort<M extends PhysicalMemory = PhysicalMemory> {
  readonly index: number;
  readonly memory: M;
  readonly clock: Clock;
  readonly inputs: InputLog;
  readonly monitor: ExclusiveMonitor;
  /** An output of this processor (timer, PMU, maintenance), which the board connects by the same name. */
  output(name: string): InterruptLine;
}

/** A processor model of an architecture. Everything beyond the name is the architecture's. */
export interface CpuModel {
  readonly name: string;
}

/** An architecture as a plugin: data and one factory. */
export interface Architecture<M extends PhysicalMemory = PhysicalMemory, C extends CpuModel = CpuModel> {
  readonly name: string;
  readonly apiVersion: typeof API_VERSION;
  readonly byteOrder: 'little' | 'big';
  readonly models: readonly C[];
  createCpu(port: MachinePort<M>, model: C): Cpu;
}
