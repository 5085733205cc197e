/** Records what a program says to /dev/kvm. */
import { requestTable } from '../abi/index.ts';
import type { IoctlName } from '../abi/index.ts';
import type { UserMemory } from '../architecture.ts';
import { KvmDevice } from '../ioctl/index.ts';
import type { IoctlArgument, KvmDeviceOptions } from '../ioctl/index.ts';
import type { Kvm } from '../kvm.ts';
import type { ByteCall, Conversation, MemoryBytes, RunBytes } from './conversation.ts';

/** `struct kvm_run`; what lies behind it in the page is nobody's. */
const RUN_SIZE = 2352;

/** Whatever the descriptor is: numbers that two levels share are told apart by what is there. */
type Kind = 'system' | 'vm' | 'vcpu' | 'device' | 'eventfd';

/** Notes what KVM reads and writes through pointers. */
export class WatchedMemory implements UserMemory {
  readonly #memory: UserMemory;
  reads: MemoryBytes[] = [];
  writes: MemoryBytes[] = [];

  constructor(memory: UserMemory) {
    this.#memory = memory;
  }
  read(address: bigint, length: number): Uint8Array | undefined {
    const bytes = this.#memory.read(address, length);
    if (bytes) this.reads.push({ address, bytes: bytes.slice() });
    return bytes;
  }
  write(address: bigint, bytes: Uint8Array): boolean {
    const done = this.#memory.write(address, bytes);
    if (done) this.writes.push({ address, bytes: bytes.slice() });
    return done;
  }
  forget(): void {
    this.reads = [];
    this.writes = [];
  }
}

/** Where two arrays of the same length differ, in runs of bytes of the second. */
export function changes(before: Uint8Array, after: Uint8Array): RunBytes[] {
  const found: RunBytes[] = [];
  for (let n = 0; n < after.length; n++) {
    if (before[n] === after[n]) continue;
    let end = n;
    while (end < after.length && before[end] !== after[end]) end++;
    found.push({ offset: n, bytes: after.slice(n, end) });
    n = end;
  }
  return found;
}

/**
 * `KvmDevice` with a memory: the same calls, kept in `conversation`. What the program puts into its memory for guests is kept if it uses `memory.write`;
 * what pointers of structures lead to is kept in any case.
 */
export class RecordedKvmDevice<A> {
  readonly #device: KvmDevice<A>;
  readonly #memory: UserMemory;
  readonly #watched: WatchedMemory;
  readonly #calls: ByteCall[] = [];
  readonly #mappings: { readonly bytes: Uint8Array; readonly fd: number; readonly run: boolean; known: Uint8Array }[] = [];
  readonly #kinds = new Map<number, Kind>();
  readonly #requests: ReturnType<typeof requestTable>;

  constructor(kvm: Kvm<A>, options: KvmDeviceOptions) {
    this.#memory = options.memory;
    this.#watched = new WatchedMemory(options.memory);
    this.#device = new KvmDevice(kvm, { ...options, memory: this.#watched });
    this.#requests = requestTable(kvm.architecture.abi);
  }

  get conversation(): Conversation {
    const { encoding, structs, byteOrder } = this.#device.architecture.abi;
    return { version: 1, encoding, structs, byteOrder, calls: [...this.#calls] };
  }
  /** As `KvmDevice.lastRefusal`. */
  get lastRefusal(): KvmDevice<A>['lastRefusal'] {
    return this.#device.lastRefusal;
  }
  /** The program's memory; writes are kept. */
  readonly memory: UserMemory = {
    read: (address, length) => this.#memory.read(address, length),
    write: (address, bytes) => {
      const done = this.#memory.write(address, bytes);
      if (done) this.#calls.push({ call: 'store', address, bytes: bytes.slice() });
      return done;
    },
  };

  open(path: string): number {
    return this.#opened('system', this.#device.open(path), (result) => ({ call: 'open', path, result }));
  }
  eventfd(initial = 0): number {
    return this.#opened('eventfd', this.#device.eventfd(initial), (result) => ({ call: 'eventfd', initial, result }));
  }
  #opened(kind: Kind, result: number, call: (result: number) => ByteCall): number {
    if (result >= 0) this.#kinds.set(result, kind);
    this.#calls.push(call(result));
    return result;
  }
  close(fd: number): number {
    const result = this.#device.close(fd);
    if (result === 0) this.#kinds.delete(fd);
    this.#calls.push({ call: 'close', fd, result });
    return result;
  }
  read(fd: number, bytes: Uint8Array): number {
    const result = this.#device.read(fd, bytes);
    this.#calls.push({ call: 'read', fd, bytes: bytes.slice(), result });
    return result;
  }
  write(fd: number, bytes: Uint8Array): number {
    const result = this.#device.write(fd, bytes);
    this.#calls.push({ call: 'write', fd, bytes: bytes.slice(), result });
    return result;
  }

  mmap(fd: number, length: number, offset = 0): Uint8Array | number {
    const bytes = this.#device.mmap(fd, length, offset);
    const refused = typeof bytes === 'number';
    this.#calls.push({ call: 'mmap', fd, length, offset, mapping: refused ? -1 : this.#mappings.length, result: refused ? bytes : 0 });
    if (!refused) this.#mappings.push({ bytes, fd, run: offset === 0, known: bytes.slice(0, RUN_SIZE) });
    return bytes;
  }
  munmap(mapping: Uint8Array): number {
    const result = this.#device.munmap(mapping);
    this.#calls.push({ call: 'munmap', mapping: this.#mappings.findIndex(({ bytes }) => bytes === mapping), result });
    return result;
  }

  ioctl(fd: number, request: number, argument: IoctlArgument = 0): number {
    const kind = this.#kinds.get(fd);
    const name = kind === undefined || kind === 'eventfd' ? undefined : this.#requests[kind].get(request >>> 0);
    const before = argument instanceof Uint8Array ? argument.slice() : undefined;
    const mapping = name === 'KVM_RUN' ? this.#mappings.find((one) => one.fd === fd && one.run && one.bytes.length >= RUN_SIZE) : undefined;
    const changed = mapping && changes(mapping.known, mapping.bytes.slice(0, RUN_SIZE));
    this.#watched.forget();
    const result = this.#device.ioctl(fd, request, argument);
    this.#noteKind(name, result, argument);
    const run = mapping && changed && { changed, after: (mapping.known = mapping.bytes.slice(0, RUN_SIZE)).slice() };
    this.#calls.push({
      call: 'ioctl', fd, request: request >>> 0, name, reads: this.#watched.reads, writes: this.#watched.writes, result, ...(run && { run }),
      argument: argument instanceof Uint8Array ? { before: before ?? argument, after: argument.slice() } : { value: BigInt.asUintN(64, BigInt(Number.isSafeInteger(argument) || typeof argument === 'bigint' ? argument : -1)) },
    });
    return result;
  }

  #noteKind(name: IoctlName | undefined, result: number, argument: IoctlArgument): void {
    if (result < 0) return;
    if (name === 'KVM_CREATE_VM') this.#kinds.set(result, 'vm');
    if (name === 'KVM_CREATE_VCPU') this.#kinds.set(result, 'vcpu');
    if (name !== 'KVM_CREATE_DEVICE') return;
    // The descriptor is in the structure, behind the type.
    const bytes = argument instanceof Uint8Array ? argument : this.#watched.writes.at(-1)?.bytes;
    if (bytes) this.#kinds.set(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, this.#device.architecture.abi.byteOrder === 'little'), 'device');
  }
}
