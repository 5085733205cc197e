/** Everything a front end says and hears: discriminated unions of structured-cloneable data. */
import type { DebugQuestion, Explanation, ListingLine, Stop } from '@worldswitch/debugger';
import type { Plain } from '@worldswitch/machine';
import type { OptionSpec, OptionValues } from './options.ts';
import type { AddressSpace, EngineChoice, HandleStop, TraceRow } from './plugin.ts';

/** `skip`: idle time passes at once. `real`: guest time is held to the wall clock. */
export type Pace = 'skip' | 'real';

/** An address: a number, or a text as `SymbolTable.resolve` reads it. */
export type AddressLike = bigint | string;

/** Why a run ended: the machine's reason, or the session's own. */
export type RunEnd =
  | Exclude<HandleStop, { kind: 'debug' }>
  | (Extract<HandleStop, { kind: 'debug' }> & { readonly stop?: Stop })
  /** A `pause` command. */
  | { readonly kind: 'paused' };

/** Where a machine stands. */
export interface Position {
  readonly pc: bigint;
  /** `main+0x10`. */
  readonly where: string;
  /** The instruction about to be executed. */
  readonly instruction: string;
  readonly retired: number;
  readonly ticks: bigint;
}

export interface LoadedMachine {
  readonly architecture: string;
  readonly title: string;
  readonly cpus: number;
  readonly entry: bigint;
  readonly symbols: number;
  readonly ticksPerSecond: number;
}

export interface ArchitectureSummary {
  readonly name: string;
  readonly about: string;
  readonly boards: readonly string[];
  readonly options: readonly OptionSpec[];
  readonly traces: Readonly<Record<string, string>>;
}

/** Commands by kind, each with its reply. Requests that have no answer reply with an empty object. */
export interface CommandTable {
  architectures: { request: object; reply: { readonly architectures: readonly ArchitectureSummary[] } };
  /** Replaces the machine. Without `architecture` the image decides, or the only one registered. */
  load: {
    request: { readonly architecture?: string; readonly engine?: EngineChoice; readonly image?: { readonly name: string; readonly bytes: Uint8Array }; readonly options?: OptionValues };
    reply: LoadedMachine;
  };
  /** Runs until a stop, or for `budget` instructions. While it runs, only `pause` and `input` are accepted. */
  run: { request: { readonly budget?: number; readonly pace?: Pace }; reply: { readonly end: RunEnd; readonly position: Position } };
  pause: { request: object; reply: object };
  step: { request: { readonly count?: number; readonly over?: boolean }; reply: { readonly steps: number; readonly end?: RunEnd; readonly position: Position } };
  break: { request: { readonly address: AddressLike }; reply: { readonly stop: Stop } };
  watch: { request: { readonly address: AddressLike; readonly length?: number; readonly access?: 'read' | 'write' | 'both' }; reply: { readonly stop: Stop } };
  remove: { request: { readonly id: number }; reply: object };
  enable: { request: { readonly id: number; readonly enabled: boolean }; reply: object };
  stops: { request: object; reply: { readonly regime: 'machine' | 'virtual'; readonly stops: readonly Stop[] } };
  position: { request: object; reply: { readonly position: Position } };
  /** Without names: all. */
  registers: { request: { readonly names?: readonly string[] }; reply: { readonly values: Readonly<Record<string, bigint>> } };
  'write-register': { request: { readonly name: string; readonly value: bigint }; reply: object };
  memory: { request: { readonly address: AddressLike; readonly length: number; readonly space?: AddressSpace }; reply: { readonly address: bigint; readonly bytes: Uint8Array } };
  disassemble: { request: { readonly address?: AddressLike; readonly count?: number }; reply: { readonly lines: readonly ListingLine[] } };
  explain: { request: Omit<DebugQuestion, 'address'> & { readonly address: AddressLike }; reply: { readonly explanations: readonly Explanation[] } };
  /** Types at the guest's console. `untaken` bytes wait for it: a front end that reads a file holds back while they are many. */
  input: { request: { readonly bytes: Uint8Array }; reply: { readonly untaken: number } };
  trace: { request: { readonly name: string; readonly on: boolean }; reply: object };
  save: { request: object; reply: { readonly snapshot: Plain } };
  restore: { request: { readonly snapshot: Plain }; reply: { readonly position: Position } };
  reset: { request: object; reply: { readonly position: Position } };
}

export type CommandKind = keyof CommandTable;
export type CommandOf<K extends CommandKind> = { readonly kind: K } & CommandTable[K]['request'];
export type Command = { [K in CommandKind]: CommandOf<K> }[CommandKind];
export type ReplyOf<K extends CommandKind> = CommandTable[K]['reply'];

export type SessionEvent =
  | ({ readonly kind: 'loaded' } & LoadedMachine)
  /** What the guest sent since the last such event. */
  | { readonly kind: 'console'; readonly bytes: Uint8Array }
  | { readonly kind: 'running' }
  /** From time to time while it runs. */
  | { readonly kind: 'progress'; readonly retired: number; readonly ticks: bigint; readonly untaken: number }
  | { readonly kind: 'stopped'; readonly end: RunEnd; readonly position: Position }
  | { readonly kind: 'trace'; readonly name: string; readonly rows: readonly TraceRow[] };

export type EventKind = SessionEvent['kind'];
export type EventOf<K extends EventKind> = Extract<SessionEvent, { kind: K }>;

/** The only thing a front end talks to. */
export interface Session {
  /** Rejects with `SessionError` where the command is refused; nothing has changed then. */
  send<K extends CommandKind>(command: CommandOf<K>): Promise<ReplyOf<K>>;
  on<K extends EventKind>(kind: K, listener: (event: EventOf<K>) => void): Disposable;
  /** Ends a run and forgets the machine. */
  close(): void;
}

