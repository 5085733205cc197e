/** What a VMM and KVM said to each other, as plain data: to keep, to compare, to print. */
import type { ByteOrder } from '@worldswitch/bits';
import type { Plain } from '@worldswitch/machine';
import type { IoctlName, RequestEncoding, StructAbi } from '../abi/index.ts';

/** Bytes at an address of the program's memory. */
export interface MemoryBytes {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}
/** Bytes of a mapped `kvm_run`. */
export interface RunBytes {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The third argument of an ioctl: a number or address, or a structure's bytes before and after the call. */
export type RecordedArgument = { readonly value: bigint } | { readonly before: Uint8Array; readonly after: Uint8Array };

export interface RecordedIoctl {
  readonly call: 'ioctl';
  readonly fd: number;
  readonly request: number;
  /** Undefined for a request that the descriptor does not have. */
  readonly name: IoctlName | undefined;
  readonly argument: RecordedArgument;
  /** What pointers led to, in the order KVM looked, and what it wrote. */
  readonly reads: readonly MemoryBytes[];
  readonly writes: readonly MemoryBytes[];
  /** Of KVM_RUN on a mapped vCPU: what the program had changed since the last, and all of `kvm_run` after. */
  readonly run?: { readonly changed: readonly RunBytes[]; readonly after: Uint8Array };
  readonly result: number;
}

/** Calls of the byte layer. Results are as the calls return them. */
export type ByteCall =
  | RecordedIoctl
  | { readonly call: 'open'; readonly path: string; readonly result: number }
  | { readonly call: 'eventfd'; readonly initial: number; readonly result: number }
  | { readonly call: 'close'; readonly fd: number; readonly result: number }
  | { readonly call: 'read' | 'write'; readonly fd: number; readonly bytes: Uint8Array; readonly result: number }
  /** `mapping` counts those there were; -1 for one that was refused. */
  | { readonly call: 'mmap'; readonly fd: number; readonly length: number; readonly offset: number; readonly mapping: number; readonly result: number }
  | { readonly call: 'munmap'; readonly mapping: number; readonly result: number }
  /** The program writes its own memory: what guests find there. */
  | { readonly call: 'store'; readonly address: bigint; readonly bytes: Uint8Array };

/** Calls of the typed layer: objects have names in the order they were made (`vm0`, `vm0.vcpu1`, `vm0.device0`). */
export interface TypedCall {
  readonly call: 'typed';
  readonly target: string;
  readonly method: string;
  readonly arguments: readonly Plain[];
  /** What the VMM put into the last exit of the vCPU before it ran again: bytes of a read, results of a call. */
  readonly answer?: Plain;
  /** The value, or the errno of a refusal. */
  readonly result: { readonly value: Plain } | { readonly errno: string };
}

export type ConversationCall = ByteCall | TypedCall;

export interface Conversation {
  readonly version: 1;
  readonly encoding: RequestEncoding;
  readonly structs: StructAbi;
  readonly byteOrder: ByteOrder;
  readonly calls: readonly ConversationCall[];
}

/** A call in one line: `3 ioctl(5, KVM_RUN) = 0`. */
export function describeCall(call: ConversationCall, n: number): string {
  switch (call.call) {
    case 'ioctl': return `${n} ioctl(${call.fd}, ${call.name ?? `0x${call.request.toString(16)}`}) = ${call.result}`;
    case 'open': return `${n} open(${call.path}) = ${call.result}`;
    case 'eventfd': return `${n} eventfd(${call.initial}) = ${call.result}`;
    case 'close': return `${n} close(${call.fd}) = ${call.result}`;
    case 'read':
    case 'write': return `${n} ${call.call}(${call.fd}) = ${call.result}`;
    case 'mmap': return `${n} mmap(${call.fd}, ${call.length}, ${call.offset}) = ${call.result}`;
    case 'munmap': return `${n} munmap(${call.mapping}) = ${call.result}`;
    case 'store': return `${n} ${call.bytes.length} bytes to 0x${call.address.toString(16)}`;
    case 'typed': return `${n} ${call.target}.${call.method} = ${'errno' in call.result ? call.result.errno : 'done'}`;
  }
}
