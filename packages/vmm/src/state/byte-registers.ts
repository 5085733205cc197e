/** Registers over calls that move bytes, as `ioctl` does: values lie in the host's order. */
import { hex, readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder, IntegerSize } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { OneRegisters } from '@worldswitch/hypervisor';
import { registerSize } from './register-list.ts';

/** KVM_GET_REG_LIST, KVM_GET_ONE_REG and KVM_SET_ONE_REG, with the buffer that `addr` points to. They throw `KvmError`. */
export interface ByteRegisters {
  list(): readonly bigint[];
  /** Fills all of `value`. */
  get(id: bigint, value: Uint8Array): void;
  set(id: bigint, value: Uint8Array): void;
}

/** Bytes of the widest value that is one number; SVE's are wider. */
const WIDEST = 16;

/**
 * The same registers as numbers. A value of 16 bytes (a vector) is one number too: on a little-endian host its low half comes first, on a
 * big-endian one its high half, each in the host's order. Throws `KvmError` EINVAL for a wider register.
 */
export function registersOfBytes(port: ByteRegisters, byteOrder: ByteOrder): OneRegisters {
  const sizeOf = (id: bigint): IntegerSize => {
    const size = registerSize(id);
    if (size <= WIDEST) return size as IntegerSize;
    throw new KvmError('EINVAL', { value: `register ${hex(id)}, ${size} bytes`, rule: `a number has at most ${WIDEST} bytes here`, remedy: 'move wider registers as bytes' });
  };
  return {
    list: () => port.list(),
    get(id) {
      const bytes = new Uint8Array(sizeOf(id));
      port.get(id, bytes);
      return readUnsigned(bytes, 0, sizeOf(id), byteOrder);
    },
    set(id, value) {
      if (BigInt.asUintN(8 * sizeOf(id), value) !== value) {
        throw new KvmError('EINVAL', { value: `${hex(value)} for register ${hex(id)}`, rule: `its values are unsigned, of ${sizeOf(id)} bytes`, remedy: 'use BigInt.asUintN' });
      }
      const bytes = new Uint8Array(sizeOf(id));
      writeUnsigned(bytes, 0, sizeOf(id), value, byteOrder);
      port.set(id, bytes);
    },
  };
}
