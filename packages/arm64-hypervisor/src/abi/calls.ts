/** ioctls that only arm64 has, or has in its own way; those on a vCPU are in calls-vcpu.ts. */
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { KvmError } from '@worldswitch/hypervisor';
import type { ArchitectureCall } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '../exits/context.ts';

type Call = ArchitectureCall<Arm64DebugExit>;

/** A GICv2 the old way (Documentation/virt/kvm/api.rst 4.24). Throws `KvmError` ENODEV, EEXIST, EBUSY. */
const createIrqchip: Call = {
  name: 'KVM_CREATE_IRQCHIP',
  run({ vm }) {
    vm.createDevice(CONSTANTS.KVM_DEV_TYPE.KVM_DEV_TYPE_ARM_VGIC_V2);
    return 0;
  },
};

/** Memory tags (api.rst 4.130). No processor here has them. */
const copyTags: Call = {
  name: 'KVM_ARM_MTE_COPY_TAGS',
  run() {
    throw new KvmError('EINVAL', { value: 'KVM_ARM_MTE_COPY_TAGS', rule: 'the VM has no memory tags', remedy: 'ask for KVM_CAP_ARM_MTE first' });
  },
};

export const ARM64_CALLS: readonly Call[] = [createIrqchip, copyTags];
