/** What an architecture brings to a session: an object with data and one factory. Nothing in this package knows which architectures there are. */
import type { DebugQuestion, DecodedInstruction, Explanation, StopHit, StopTarget, SymbolLike } from '@worldswitch/debugger';
import type { Plain } from '@worldswitch/machine';
import type { OptionSpec, ParsedOptions } from './options.ts';

/** The version of this contract; registration refuses others. */
export const PLUGIN_API_VERSION = 1;

/** How a machine executes. `check` runs two machines side by side and compares them. */
export const ENGINE_CHOICES = ['evaluator', 'interpreter', 'translator', 'check'] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

/** Why a machine came back. */
export type HandleStop =
  | { readonly kind: 'budget' }
  /** Nothing to do until tick `until`; without it, until an input comes. */
  | { readonly kind: 'idle'; readonly until?: bigint }
  /** A stop of the user's, or one that the guest's hypervisor reports. `report` has what a VMM would see, by the architecture's names (`hsr`, `far`). */
  | { readonly kind: 'debug'; readonly hit?: StopHit; readonly pc: bigint; readonly why: string; readonly report?: Readonly<Record<string, bigint | string>> }
  /** The guest asked for the end. `ok` is false where it reports a failure; `reset` where it asked to be started again. */
  | { readonly kind: 'halted'; readonly why: string; readonly ok: boolean; readonly code?: number; readonly reset?: boolean }
  /** The guest cannot go on: the machine or the hypervisor gave up. */
  | { readonly kind: 'failed'; readonly why: string; readonly detail?: Readonly<Record<string, string>> };

export type AddressSpace = 'virtual' | 'physical';

/** Something that can be traced, while it is: rows are plain data, `text` is each row for people. */
export interface RunningTrace extends Disposable {
  drain(): readonly TraceRow[];
}
export interface TraceRow {
  readonly text: string;
  readonly data: { readonly [field: string]: Plain };
}

/** A machine with an image in it, as a session drives it. */
export interface MachineHandle {
  /** One line: board, processor, world. */
  readonly title: string;
  readonly cpus: number;
  readonly ticksPerSecond: number;
  /** Of the machine's clock. */
  readonly ticks: bigint;
  /** Instructions retired since the image was loaded; of the machine, whoever executed them. */
  readonly retired: number;
  /** Where the world that is debugged stands. */
  readonly pc: bigint;
  readonly symbols: readonly SymbolLike[];
  readonly entry: bigint;
  /** Executes at most `budget` instructions; idle time is not skipped. */
  run(budget: number): HandleStop;
  /** One instruction of the debugged world, where that is not `run(1)`. */
  stepOne?(): HandleStop;
  /** Moves idle time forward; at most to the `until` of the last stop. */
  skipTo(tick: bigint): void;
  readonly stops: StopTarget;
  /** Bytes typed at the console. */
  type(bytes: Uint8Array): void;
  /** Typed bytes that the guest has not taken yet. */
  readonly untaken: number;
  readonly registerNames: readonly string[];
  /** Undefined for a name that the processor does not have. */
  readRegister(name: string): bigint | undefined;
  writeRegister(name: string, value: bigint): boolean;
  readMemory(address: bigint, length: number, space: AddressSpace): Uint8Array | undefined;
  readonly instructionLength: number;
  decode(bytes: Uint8Array, address: bigint, symbol: (address: bigint) => string | undefined): DecodedInstruction;
  /** Present where the processor has debug hardware that can be asked. */
  explain?(question: DebugQuestion): readonly Explanation[];
  /** By name; what each shows is in the plugin's `traces`. */
  readonly traces: Readonly<Record<string, () => RunningTrace>>;
  /** Present where the whole machine can be saved. */
  readonly snapshots?: { save(): Plain; restore(state: Plain): void };
  /** Cold start, the image loaded again. */
  reset(): void;
}

export interface ImageFile {
  /** For messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a plugin is given to make a machine from. */
export interface MachineRequest {
  readonly engine: EngineChoice;
  readonly image?: ImageFile;
  /** Read by the plugin's own schema. */
  readonly options: ParsedOptions;
  /** Bytes the guest sends on its console, in order. */
  readonly console: (bytes: Uint8Array) => void;
  /** Unpacks gzip. Absent: packed images are refused. */
  readonly gunzip?: (bytes: Uint8Array, limit: number) => Uint8Array;
}

/** An architecture with its boards. */
export interface ArchitecturePlugin {
  readonly name: string;
  readonly apiVersion: typeof PLUGIN_API_VERSION;
  readonly about: string;
  readonly boards: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Names of traces and what they show. */
  readonly traces: Readonly<Record<string, string>>;
  /** True if an image is this architecture's by its header; a session without a named architecture asks each. */
  recognises(image: ImageFile): boolean;
  /** Throws the errors of the parts, or `SessionError`; nothing is left behind then. */
  createMachine(request: MachineRequest): Promise<MachineHandle>;
}
