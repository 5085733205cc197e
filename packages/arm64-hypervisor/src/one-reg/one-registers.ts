/** Registers by the kernel's identifiers. */
import { KvmError } from '@worldswitch/hypervisor';
import type { OneRegisters } from '@worldswitch/hypervisor';

function unknown(id: bigint): never {
  throw new KvmError('ENOENT', { value: `register 0x${id.toString(16)}`, rule: 'the vCPU does not have it', remedy: 'choose from the list' });
}

export function oneRegisters(): OneRegisters {
  return { list: () => [], get: unknown, set: unknown };
}
