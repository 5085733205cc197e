/** Registers by the kernel's identifiers (KVM_GET_ONE_REG, SET_ONE_REG, GET_REG_LIST), with its refusals in its order. */
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { OneRegisters } from '@worldswitch/hypervisor';
import type { FaultName } from '../switch/faults.ts';
import { COPROCESSOR, beyondCore, coprocessorOf, describeId, isArm64, sveKind } from './encoding.ts';
import { listRegisters } from './list.ts';
import type { ListedRegister } from './list.ts';
import type { RegisterVcpu } from './rows.ts';

function refuse(errno: 'ENOENT' | 'EINVAL', id: bigint, rule: string, remedy = 'choose from the list'): never {
  throw new KvmError(errno, { value: describeId(id), rule, remedy });
}

/** Why there is no register of that identifier. */
function absent(id: bigint): never {
  if (BigInt.asUintN(64, id) !== id || !isArm64(id)) refuse('EINVAL', id, 'the upper half, but for the size, is that of arm64: 0x60?00000');
  switch (coprocessorOf(id)) {
    case COPROCESSOR.core:
      return beyondCore(id) ? refuse('ENOENT', id, 'struct kvm_regs ends before it') : refuse('EINVAL', id, 'no core register of that size begins there');
    case COPROCESSOR.sve:
      return sveKind(id) === undefined ? refuse('EINVAL', id, 'no SVE register of that size is there') : refuse('ENOENT', id, 'the vCPU has no SVE');
    default: return refuse('ENOENT', id, 'the vCPU does not have it');
  }
}

/** Of a vCPU whose VM's features are chosen; before that the list has those of a VM without any. */
export function oneRegisters(vcpu: RegisterVcpu, faithful: ReadonlySet<FaultName> = new Set()): OneRegisters {
  let made: { readonly features: readonly string[]; readonly all: ReadonlyMap<bigint, ListedRegister> } | undefined;
  const all = (): ReadonlyMap<bigint, ListedRegister> => {
    const { chosen } = vcpu.vm.features;
    if (made?.features !== chosen) made = { features: chosen, all: listRegisters(vcpu.vm, faithful.has('bcr0-unlisted') ? { unlisted: 'DBGBCR0_EL1' } : {}) };
    return made.all;
  };
  const find = (id: bigint): ListedRegister => all().get(id) ?? absent(id);
  return {
    list: () => [...all().keys()],
    get: (id) => find(id).get(vcpu),
    set(id, value) {
      const { size, name, set } = find(id);
      if (value < 0n || value >= 1n << BigInt(8 * size)) {
        throw new KvmError('EINVAL', { value: `${name} = ${value < 0n ? value : hex(value)}`, rule: `it has ${8 * size} bits, unsigned`, remedy: 'use BigInt.asUintN' });
      }
      set(vcpu, value);
    },
  };
}
