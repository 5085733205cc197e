/** Makes a recorded conversation again, and says where it goes otherwise. */
import { plainEqual } from '@worldswitch/machine';
import type { UserMemory } from '../architecture.ts';
import { KvmDevice } from '../ioctl/index.ts';
import type { KvmDeviceOptions } from '../ioctl/index.ts';
import type { Kvm } from '../kvm.ts';
import { describeCall } from './conversation.ts';
import type { ByteCall, Conversation, MemoryBytes, RecordedIoctl } from './conversation.ts';
import { changes } from './record.ts';
import { TypedReplay } from './typed.ts';

/** The first call that goes otherwise. */
export interface ConversationDifference {
  /** Its number in the conversation, from 0. */
  readonly index: number;
  /** The call in one line. */
  readonly call: string;
  /** What differs: `result`, `argument`, `writes`, `kvm_run`, `bytes`. */
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/** The program's memory as it was when a call was recorded, over memory of today for what guests share. */
class ReplayedMemory implements UserMemory {
  readonly #memory: UserMemory;
  #reads: readonly MemoryBytes[] = [];
  writes: MemoryBytes[] = [];

  constructor(memory: UserMemory) {
    this.#memory = memory;
  }
  prepare(reads: readonly MemoryBytes[]): void {
    this.#reads = reads;
    this.writes = [];
  }
  read(address: bigint, length: number): Uint8Array | undefined {
    const recorded = this.#reads.find((one) => one.address === address && one.bytes.length === length);
    return recorded ? recorded.bytes.slice() : this.#memory.read(address, length);
  }
  write(address: bigint, bytes: Uint8Array): boolean {
    this.writes.push({ address, bytes: bytes.slice() });
    // Areas of the program that recorded it do not exist here, and need not.
    return this.#memory.write(address, bytes) || this.#recorded.some((one) => one.address === address && one.bytes.length === bytes.length);
  }
  #recorded: readonly MemoryBytes[] = [];
  expect(writes: readonly MemoryBytes[]): void {
    this.#recorded = writes;
  }
  store(address: bigint, bytes: Uint8Array): void {
    this.#memory.write(address, bytes);
  }
}

type Mismatch = Omit<ConversationDifference, 'index' | 'call'>;
const compare = (what: string, expected: unknown, found: unknown): Mismatch | undefined =>
  (plainEqual(expected as never, found as never) ? undefined : { what, expected, found });

class Replay<A> {
  readonly #device: KvmDevice<A>;
  readonly #memory: ReplayedMemory;
  readonly #mappings: { readonly fd: number; readonly offset: number; readonly bytes: Uint8Array }[] = [];

  constructor(kvm: Kvm<A>, options: KvmDeviceOptions) {
    this.#memory = new ReplayedMemory(options.memory);
    this.#device = new KvmDevice(kvm, { ...options, memory: this.#memory });
  }
  exit(): void {
    this.#device.exit();
  }

  make(call: ByteCall): Mismatch | undefined {
    const device = this.#device;
    switch (call.call) {
      case 'ioctl': return this.#ioctl(call);
      case 'open': return compare('result', call.result, device.open(call.path));
      case 'eventfd': return compare('result', call.result, device.eventfd(call.initial));
      case 'close': return compare('result', call.result, device.close(call.fd));
      case 'write': return compare('result', call.result, device.write(call.fd, call.bytes.slice()));
      case 'read': {
        const bytes = new Uint8Array(call.bytes.length);
        const result = device.read(call.fd, bytes);
        return compare('result', call.result, result) ?? (result > 0 ? compare('bytes', call.bytes, bytes) : undefined);
      }
      case 'mmap': {
        const mapped = device.mmap(call.fd, call.length, call.offset);
        if (typeof mapped !== 'number') this.#mappings.push({ fd: call.fd, offset: call.offset, bytes: mapped });
        return compare('result', call.result, typeof mapped === 'number' ? mapped : 0);
      }
      case 'munmap': return compare('result', call.result, device.munmap(this.#mappings[call.mapping]?.bytes ?? new Uint8Array(0)));
      case 'store':
        this.#memory.store(call.address, call.bytes);
        return undefined;
    }
  }

  #ioctl({ fd, request, argument, reads, writes, run, result }: RecordedIoctl): Mismatch | undefined {
    const mapping = run && this.#mappings.find((one) => one.fd === fd && one.offset === 0);
    for (const { offset, bytes } of run?.changed ?? []) mapping?.bytes.set(bytes, offset);
    this.#memory.prepare(reads);
    this.#memory.expect(writes);
    const passed = 'value' in argument ? argument.value : argument.before.slice();
    const found = this.#device.ioctl(fd, request, passed);
    const memory = (all: readonly MemoryBytes[]): unknown => all.map(({ address, bytes }) => ({ address, bytes }));
    return compare('result', result, found)
      ?? ('after' in argument ? compare('argument', argument.after, passed) : undefined)
      ?? compare('writes', memory(writes), memory(this.#memory.writes))
      ?? (mapping && run && changes(mapping.bytes.slice(0, run.after.length), run.after).length > 0
        ? { what: 'kvm_run', expected: changes(mapping.bytes.slice(0, run.after.length), run.after), found: changes(run.after, mapping.bytes.slice(0, run.after.length)) } : undefined);
  }
}

/**
 * Makes a conversation again on a KVM that nothing was done to, and gives the first call that goes otherwise; undefined where all is the same.
 * `options.memory` has the memory of guests at the addresses it had; the rest of the program's memory is in the conversation.
 */
export function replayConversation<A>(conversation: Conversation, kvm: Kvm<A>, options: KvmDeviceOptions): ConversationDifference | undefined {
  const bytes = new Replay(kvm, options);
  const typed = new TypedReplay(kvm);
  try {
    for (const [index, call] of conversation.calls.entries()) {
      const mismatch = call.call === 'typed' ? compare('result', call.result, typed.make(call)) : bytes.make(call);
      if (mismatch) return { index, call: describeCall(call, index), ...mismatch };
    }
    return undefined;
  } finally {
    bytes.exit();
  }
}
