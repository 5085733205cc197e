/** KVM_SET_ONE_REG of a debug register, by the caller's buffer as the call has it. */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { FaultName } from '../switch/faults.ts';
import type { DebugBank, VcpuMemory } from './vcpu-memory.ts';

const SIZE = 8;

export interface OneRegTarget {
  readonly memory: VcpuMemory;
  readonly faithful: ReadonlySet<FaultName>;
}

/**
 * The register gets what the caller's 8 bytes say, in `order`. Throws `KvmError` EFAULT on a host that is faithful to `one-reg-copy`: it has
 * the two ends of the copy in each other's place, and a copy that finds a kernel's address where a user's should be gives up, but not
 * before it has cleared where it was to go: the caller's buffer.
 */
export function setDebugFromBuffer({ memory, faithful }: OneRegTarget, bank: DebugBank, n: number, buffer: Uint8Array, order: ByteOrder): void {
  if (faithful.has('one-reg-copy')) {
    buffer.fill(0, 0, SIZE);
    throw new KvmError('EFAULT', {
      value: `DBG${bank.toUpperCase()}${n}_EL1`, rule: 'this host copies from the register to the caller\'s buffer when it is to set one, and refuses', remedy: 'be faithful to less than one-reg-copy',
    });
  }
  memory.setDebugRegister(bank, n, readUnsigned(buffer, 0, SIZE, order));
}

/** The same for a value. */
export function setDebugRegister(target: OneRegTarget, bank: DebugBank, n: number, value: bigint): void {
  const buffer = new Uint8Array(SIZE);
  writeUnsigned(buffer, 0, SIZE, BigInt.asUintN(64, value), 'little');
  setDebugFromBuffer(target, bank, n, buffer, 'little');
}
