/** The one front-end API: commands, replies and events as plain data, architectures by registration. */
export { refuse, SessionError, unknownValue, userError } from './error.ts';
export type { SessionErrorSource, SessionFault } from './error.ts';
export type { SessionHost } from './host.ts';
export { parseOptions, parseSize } from './options.ts';
export type { OptionSpec, OptionValue, OptionValues, ParsedOptions } from './options.ts';
export { ENGINE_CHOICES, PLUGIN_API_VERSION } from './plugin.ts';
export type {
  AddressSpace, ArchitecturePlugin, EngineChoice, HandleStop, ImageFile, MachineHandle, MachineRequest, RunningTrace, TraceRow,
} from './plugin.ts';
export type {
  AddressLike, ArchitectureSummary, Command, CommandKind, CommandOf, CommandTable, EventKind, EventOf, LoadedMachine, Pace, Position, ReplyOf, RunEnd, Session,
  SessionEvent,
} from './protocol.ts';
export { LocalSession } from './session.ts';
