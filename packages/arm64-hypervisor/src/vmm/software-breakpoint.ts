/** Breakpoints in the guest's memory: a BRK in place of an instruction. */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import { hex } from '@worldswitch/bits';
import type { Arm64VmmFaultName } from './faults.ts';

/** BRK #0 (DDI 0487 C6.2). */
export const BRK = 0xd420_0000n;

/** The guest's memory by virtual addresses, through its own translation, past its permissions. */
export interface CodeMemory {
  /** Undefined where nothing is mapped. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** False where nothing is mapped. */
  write(address: bigint, bytes: Uint8Array): boolean;
}

export interface SoftwareBreakpoint {
  readonly address: bigint;
  /** The instruction in whose place BRK is, as it lay in memory. */
  readonly saved: Uint8Array;
}

export interface SoftwareBreakpointOptions {
  /** KVM_CAP_SET_GUEST_DEBUG: without it a BRK would be the guest's own exception. */
  readonly guestDebug: boolean;
  /** Of the host the VMM runs on; looked at by the fault alone. */
  readonly hostByteOrder?: ByteOrder;
  /** Faults of the original code to have as well. None by default. */
  readonly faithful?: readonly Arm64VmmFaultName[];
}

function checkSupport({ guestDebug }: SoftwareBreakpointOptions): void {
  if (guestDebug) return;
  throw new KvmError('EINVAL', { value: 'a software breakpoint', rule: 'guest debug is not supported on this kernel (KVM_CAP_SET_GUEST_DEBUG)', remedy: 'debug without KVM, or update the kernel' });
}

function unmapped(address: bigint): never {
  throw new KvmError('EINVAL', { value: `address ${hex(address)}`, rule: 'no memory is mapped there in the guest\'s present translation', remedy: 'stop where it is mapped, or use a hardware breakpoint, which needs no memory' });
}

/** The bytes that are written, in memory order. */
export function brkBytes({ hostByteOrder = 'little', faithful = [] }: Pick<SoftwareBreakpointOptions, 'hostByteOrder' | 'faithful'>): Uint8Array {
  const bytes = new Uint8Array(4);
  writeUnsigned(bytes, 0, 4, BRK, faithful.includes('host-order-brk') ? hostByteOrder : 'little');
  return bytes;
}

/** Throws `KvmError` EINVAL without guest debug, for an address that is no instruction's, and where nothing is mapped. */
export function insertSoftwareBreakpoint(memory: CodeMemory, address: bigint, options: SoftwareBreakpointOptions): SoftwareBreakpoint {
  checkSupport(options);
  if ((address & 3n) !== 0n) throw new KvmError('EINVAL', { value: `address ${hex(address)}`, rule: 'instructions are aligned to 4 bytes', remedy: `use ${hex(address & ~3n)}` });
  const saved = memory.read(address, 4) ?? unmapped(address);
  if (!memory.write(address, brkBytes(options))) unmapped(address);
  return { address, saved };
}

/** Throws `KvmError` EINVAL without guest debug, where nothing is mapped, and where BRK is gone: then what is there is the guest's, and stays. */
export function removeSoftwareBreakpoint(memory: CodeMemory, { address, saved }: SoftwareBreakpoint, options: SoftwareBreakpointOptions): void {
  checkSupport(options);
  const there = memory.read(address, 4) ?? unmapped(address);
  if (brkBytes(options).some((byte, n) => byte !== there[n])) {
    throw new KvmError('EINVAL', {
      value: `instruction ${hex(readUnsigned(there, 0, 4, 'little'))} at ${hex(address)}`, rule: 'the breakpoint was overwritten: by the guest, or its page now is another',
      remedy: 'forget the breakpoint; there is nothing to put back',
    });
  }
  if (!memory.write(address, saved)) unmapped(address);
}
