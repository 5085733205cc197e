/** Operations, "Semihosting for AArch32 and AArch64" chapter 7. */
export const SYS = {
  OPEN: 0x01, CLOSE: 0x02, WRITEC: 0x03, WRITE0: 0x04, WRITE: 0x05, READ: 0x06, READC: 0x07, ISERROR: 0x08, ISTTY: 0x09, SEEK: 0x0a, FLEN: 0x0c,
  TMPNAM: 0x0d, REMOVE: 0x0e, RENAME: 0x0f, CLOCK: 0x10, TIME: 0x11, SYSTEM: 0x12, ERRNO: 0x13, GET_CMDLINE: 0x15, HEAPINFO: 0x16, EXIT: 0x18,
  EXIT_EXTENDED: 0x20, ELAPSED: 0x30, TICKFREQ: 0x31,
} as const;

/** What semihosting needs of its host. Addresses are virtual in the caller's present translation regime. */
export interface SemihostingPort {
  /** Undefined when some byte cannot be read. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** False, with nothing written, when some byte cannot be written. */
  write(address: bigint, bytes: Uint8Array): boolean;
  readonly console: {
    write(bytes: Uint8Array, stream: 'stdout' | 'stderr'): void;
    /** At most `length` bytes that have been typed; empty when there are none, which a guest sees as the end of the file. */
    read(length: number): Uint8Array;
  };
  /** Virtual time since reset, in nanoseconds. */
  nanoseconds(): bigint;
  /** Seconds since 1970, virtual. */
  seconds(): bigint;
  readonly commandLine: string;
  /** Heap base, heap limit, stack base, stack limit: what HEAPINFO reports. */
  readonly heap: readonly [bigint, bigint, bigint, bigint];
}

/** What a handle stands for. `features` is the file `:semihosting-features`, at a position. */
type Handle = { readonly kind: 'stdin' | 'stdout' | 'stderr' } | { readonly kind: 'closed' } | { readonly kind: 'features'; readonly position: number };

/** State between calls, as plain data: handle n is entry n - 1. */
export interface SemihostingState {
  readonly handles: readonly Handle[];
  readonly errno: number;
}

/** No open handles. */
export function newSemihostingState(): SemihostingState {
  return { handles: [], errno: 0 };
}

/** `value` goes to X0. Undefined: X0 keeps its value (WRITEC and WRITE0 corrupt nothing here). `exit` ends the run with a status. */
export type SemihostingOutcome =
  | { readonly kind: 'return'; readonly value: bigint | undefined; readonly state: SemihostingState }
  | { readonly kind: 'exit'; readonly code: number };

const EBADF = 9, EINVAL = 22, EFAULT = 14, ENOENT = 2, ENOSYS = 38;
const FAILED = (1n << 64n) - 1n;
/** ADP_Stopped_ApplicationExit: the one reason that is not an error. */
const APPLICATION_EXIT = 0x20026n;
/** "SHFB", then: bit 0 EXIT_EXTENDED is there, bit 1 stdout and stderr are apart. */
const FEATURE_BYTES = Uint8Array.of(0x53, 0x48, 0x46, 0x42, 0x03);
/** Bytes moved at a time, and the longest string: a guest's length is not a reason to allocate it. */
const PIECE = 4096, LONGEST_STRING = 1 << 20, LONGEST_NAME = 4096;
const NANOSECONDS_PER_SECOND = 1_000_000_000n;

/**
 * One A64 semihosting call: `operation` is W0, `parameter` X1. Files other than the console and the feature list do not exist:
 * opening one fails with ENOENT, so a guest sees an empty disk and never the host's.
 */
export function semihosting(operation: number, parameter: bigint, port: SemihostingPort, state: SemihostingState): SemihostingOutcome {
  const done = (value: bigint | undefined): SemihostingOutcome => ({ kind: 'return', value, state });
  const failed = (errno: number, value = FAILED): SemihostingOutcome => ({ kind: 'return', value, state: { ...state, errno } });
  const block = (count: number): bigint[] | undefined => words(port, parameter, count);
  switch (operation) {
    case SYS.OPEN: return open(block(3), port, state, failed);
    case SYS.CLOSE: {
      const handle = handleOf(block(1)?.[0], state);
      if (!handle) return failed(EBADF);
      const handles = state.handles.map((old, i): Handle => (i === handle.index ? { kind: 'closed' } : old));
      return { kind: 'return', value: 0n, state: { ...state, handles } };
    }
    case SYS.WRITEC: {
      const byte = port.read(parameter, 1);
      if (!byte) return failed(EFAULT);
      port.console.write(byte, 'stdout');
      return done(undefined);
    }
    case SYS.WRITE0: return writeString(parameter, port) ? done(undefined) : failed(EFAULT);
    case SYS.WRITE: return write(block(3), port, state, done, failed);
    case SYS.READ: return read(block(3), port, state, done, failed);
    case SYS.READC: return done(BigInt(port.console.read(1)[0] ?? 0));
    case SYS.ISERROR: {
      const value = block(1)?.[0];
      return value === undefined ? failed(EFAULT) : done(BigInt.asIntN(64, value) < 0n ? 1n : 0n);
    }
    case SYS.ISTTY: {
      const handle = handleOf(block(1)?.[0], state);
      return handle ? done(handle.what.kind === 'features' ? 0n : 1n) : failed(EBADF);
    }
    case SYS.SEEK: return seek(block(2), state, failed);
    case SYS.FLEN: {
      const handle = handleOf(block(1)?.[0], state);
      if (!handle) return failed(EBADF);
      return done(handle.what.kind === 'features' ? BigInt(FEATURE_BYTES.length) : 0n);
    }
    case SYS.TMPNAM:
    case SYS.SYSTEM: return failed(ENOSYS);
    case SYS.REMOVE:
    case SYS.RENAME: return failed(ENOENT);
    case SYS.CLOCK: return done(port.nanoseconds() / (NANOSECONDS_PER_SECOND / 100n));
    case SYS.TIME: return done(port.seconds());
    case SYS.ERRNO: return done(BigInt(state.errno));
    case SYS.GET_CMDLINE: return commandLine(block(2), parameter, port, done, failed);
    case SYS.HEAPINFO: {
      const at = block(1)?.[0];
      return at !== undefined && port.write(at, encode(port.heap)) ? done(0n) : failed(EFAULT);
    }
    case SYS.EXIT:
    case SYS.EXIT_EXTENDED: {
      // In A64 both take a block {reason, code} (chapter 7, SYS_EXIT); an unreadable one is an error exit all the same.
      const [reason, code] = block(2) ?? [];
      return { kind: 'exit', code: reason === APPLICATION_EXIT ? Number(BigInt.asIntN(32, code)) : 1 };
    }
    case SYS.ELAPSED: return port.write(parameter, encode([port.nanoseconds()])) ? done(0n) : failed(EFAULT);
    case SYS.TICKFREQ: return done(NANOSECONDS_PER_SECOND);
    default: return failed(ENOSYS);
  }
}

type Done = (value: bigint | undefined) => SemihostingOutcome;
type Failed = (errno: number, value?: bigint) => SemihostingOutcome;

/** `{name, mode, length}`. The console is `:tt`: modes 0 to 3 (r…) stdin, 4 to 7 (w…) stdout, 8 to 11 (a…) stderr. */
function open(block: bigint[] | undefined, port: SemihostingPort, state: SemihostingState, failed: Failed): SemihostingOutcome {
  if (!block) return failed(EFAULT);
  const [at, mode, length] = block;
  if (mode > 11n || length > BigInt(LONGEST_NAME)) return failed(EINVAL);
  const bytes = port.read(at, Number(length));
  if (!bytes) return failed(EFAULT);
  const name = String.fromCharCode(...bytes);
  let handle: Handle;
  if (name === ':tt') handle = { kind: mode < 4n ? 'stdin' : mode < 8n ? 'stdout' : 'stderr' };
  else if (name === ':semihosting-features' && mode < 2n) handle = { kind: 'features', position: 0 };
  else return failed(ENOENT);
  const free = state.handles.findIndex((old) => old.kind === 'closed');
  const index = free < 0 ? state.handles.length : free;
  const handles = [...state.handles];
  handles[index] = handle;
  return { kind: 'return', value: BigInt(index + 1), state: { ...state, handles } };
}

function write(block: bigint[] | undefined, port: SemihostingPort, state: SemihostingState, done: Done, failed: Failed): SemihostingOutcome {
  if (!block) return failed(EFAULT);
  const [number, buffer, length] = block;
  const handle = handleOf(number, state);
  if (!handle || handle.what.kind === 'stdin' || handle.what.kind === 'features') return failed(EBADF, length);
  const stream = handle.what.kind === 'stderr' ? 'stderr' : 'stdout';
  for (let left = length; left > 0n;) {
    const size = left < BigInt(PIECE) ? Number(left) : PIECE;
    const bytes = port.read(BigInt.asUintN(64, buffer + length - left), size);
    if (!bytes) return failed(EFAULT, left);
    port.console.write(bytes, stream);
    left -= BigInt(size);
  }
  return done(0n);
}

function read(block: bigint[] | undefined, port: SemihostingPort, state: SemihostingState, done: Done, failed: Failed): SemihostingOutcome {
  if (!block) return failed(EFAULT);
  const [number, buffer, length] = block;
  const handle = handleOf(number, state);
  if (!handle || handle.what.kind === 'stdout' || handle.what.kind === 'stderr') return failed(EBADF, length);
  const wanted = length < BigInt(PIECE) ? Number(length) : PIECE;
  const { what, index } = handle;
  const bytes = what.kind === 'features' ? FEATURE_BYTES.subarray(what.position, what.position + wanted) : port.console.read(wanted);
  if (!port.write(buffer, bytes)) return failed(EFAULT, length);
  const rest = length - BigInt(bytes.length);
  return what.kind === 'features' ? { kind: 'return', value: rest, state: move(state, index, what.position + bytes.length) } : done(rest);
}

function seek(block: bigint[] | undefined, state: SemihostingState, failed: Failed): SemihostingOutcome {
  const handle = handleOf(block?.[0], state);
  if (!block || !handle) return failed(EBADF);
  if (handle.what.kind !== 'features' || block[1] > BigInt(FEATURE_BYTES.length)) return failed(EINVAL);
  return { kind: 'return', value: 0n, state: move(state, handle.index, Number(block[1])) };
}

/** `{buffer, length}`: the text with its terminator goes to the buffer, its length without into the block. */
function commandLine(block: bigint[] | undefined, at: bigint, port: SemihostingPort, done: Done, failed: Failed): SemihostingOutcome {
  if (!block) return failed(EFAULT);
  const text = new TextEncoder().encode(port.commandLine);
  if (block[1] < BigInt(text.length + 1)) return failed(EINVAL);
  const stored = port.write(block[0], Uint8Array.of(...text, 0)) && port.write(BigInt.asUintN(64, at + 8n), encode([BigInt(text.length)]));
  return stored ? done(0n) : failed(EFAULT);
}

/** Byte by byte, since the bytes after the terminator may not be readable. Ends at a megabyte. */
function writeString(at: bigint, port: SemihostingPort): boolean {
  let piece: number[] = [];
  const flush = (): void => { port.console.write(Uint8Array.from(piece), 'stdout'); piece = []; };
  for (let i = 0; i < LONGEST_STRING; i++) {
    const byte = port.read(BigInt.asUintN(64, at + BigInt(i)), 1);
    if (!byte || byte[0] === 0) {
      if (piece.length > 0) flush();
      return byte !== undefined;
    }
    piece.push(byte[0]);
    if (piece.length === PIECE) flush();
  }
  return true;
}

function move(state: SemihostingState, index: number, position: number): SemihostingState {
  return { ...state, handles: state.handles.map((old, i) => (i === index ? { kind: 'features', position } : old)) };
}

function handleOf(number: bigint | undefined, state: SemihostingState): { readonly index: number; readonly what: Exclude<Handle, { kind: 'closed' }> } | undefined {
  if (number === undefined || number < 1n || number > BigInt(state.handles.length)) return undefined;
  const index = Number(number) - 1;
  const what = state.handles[index];
  return what.kind === 'closed' ? undefined : { index, what: what };
}

/** `count` 64-bit little-endian words. */
function words(port: SemihostingPort, at: bigint, count: number): bigint[] | undefined {
  const bytes = port.read(at, 8 * count);
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) => view.getBigUint64(8 * i, true));
}

function encode(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => { view.setBigUint64(8 * i, value, true); });
  return bytes;
}
