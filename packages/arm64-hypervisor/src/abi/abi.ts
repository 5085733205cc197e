/** How the ioctls of arm64 look in bytes. */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { GUEST_DEBUG_CONTROL, KvmError, NO_GUEST_DEBUG } from '@worldswitch/hypervisor';
import type { Abi } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '../exits/context.ts';
import { DEBUG_REGISTERS_MAX } from '../context/layout.ts';
import { vcpuCalls } from './calls-vcpu.ts';
import { vgicCalls } from './calls-vgic.ts';
import { vmCalls } from './calls.ts';

/** Offset of `arch` in `struct kvm_guest_debug`. */
const ARCH = 8;
const BANK = DEBUG_REGISTERS_MAX * 8;
const KNOWN = Object.values(GUEST_DEBUG_CONTROL).reduce((all, bit) => all | bit, 0);

/** The ABI of a host with this order of bytes. */
export function abiOf(byteOrder: 'little' | 'big'): Abi<Arm64DebugExit> {
  return {
    encoding: 'generic', structs: 'arm64', byteOrder, calls: [...vmCalls(byteOrder), ...vcpuCalls(byteOrder), ...vgicCalls(byteOrder)],
    debugExitFlags: CONSTANTS.misc.KVM_DEBUG_ARCH_HSR_HIGH_VALID,
    debugExit({ hsr, far }) {
      const bytes = new Uint8Array(16);
      writeUnsigned(bytes, 0, 4, BigInt(hsr), byteOrder);
      writeUnsigned(bytes, 8, 8, far, byteOrder);
      return bytes;
    },
    guestDebug(argument) {
      const control = Number(readUnsigned(argument, 0, 4, byteOrder));
      if ((control & ~KNOWN) !== 0) {
        throw new KvmError('EINVAL', { value: `control 0x${control.toString(16)}`, rule: `its bits are 0x${KNOWN.toString(16)}`, remedy: 'clear the others' });
      }
      if ((control & GUEST_DEBUG_CONTROL.enable) === 0) return NO_GUEST_DEBUG;
      const bank = (n: number): bigint[] => Array.from({ length: DEBUG_REGISTERS_MAX }, (_, index) => readUnsigned(argument, ARCH + n * BANK + 8 * index, 8, byteOrder));
      return {
        enable: true, singleStep: (control & GUEST_DEBUG_CONTROL.singleStep) !== 0, softwareBreakpoints: (control & GUEST_DEBUG_CONTROL.softwareBreakpoints) !== 0,
        ...((control & GUEST_DEBUG_CONTROL.hardware) === 0 ? {} : { hardware: { bcr: bank(0), bvr: bank(1), wcr: bank(2), wvr: bank(3) } }),
      };
    },
    syncRegisters({ deviceLines }) {
      const bytes = new Uint8Array(8);
      const lines = (deviceLines['vtimer'] ? 1n : 0n) | (deviceLines['ptimer'] ? 2n : 0n) | (deviceLines['pmu'] ? 4n : 0n);
      writeUnsigned(bytes, 0, 8, lines, byteOrder);
      return bytes;
    },
  };
}
