/** Which bits of the identification registers a VMM can change (KVM_ARM_GET_REG_WRITABLE_MASKS). */
import { CLIDR_EL1, REGISTERS, packEncoding } from '@worldswitch/arm64-sysreg';
import { atLeast } from '../abi/profile.ts';
import type { VmRegisters } from './vm-registers.ts';

/** op1 of the registers of the range: op0 = 3, CRn = 0, all of CRm and op2. */
const OP1 = [0, 1, 3] as const;

/** A mask for each, by op1 (0, 1, 3), CRm and op2. */
export function writableMasks(vm: VmRegisters): readonly bigint[] {
  return OP1.flatMap((op1) => Array.from({ length: 64 }, (_, n) => {
    const packed = packEncoding(3, op1, 0, n >> 3, n & 7);
    return packed === REGISTERS.CLIDR_EL1.packed && atLeast(vm.profile, '6.12') ? CLIDR : vm.identification.writable(packed);
  }));
}

/** All that is not reserved. */
const CLIDR = CLIDR_EL1.names.reduce((all, name) => all | CLIDR_EL1.mask(name), 0n);
