/** ioctls that only arm64 has, or has in its own way; those on a vCPU are in calls-vcpu.ts. */
import type { ByteOrder } from '@worldswitch/bits';
import { CONSTANTS, structCodec } from '@worldswitch/hypervisor/abi';
import { KvmError } from '@worldswitch/hypervisor';
import type { ArchitectureCall } from '@worldswitch/hypervisor';
import { arm64Vm } from '../backends.ts';
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

/** Both counters of a VM's guests (api.rst 4.139): from here on TIMER_CNT and PTIMER_CNT do not change them. Throws `KvmError` EINVAL, EBUSY. */
function setCounterOffset(order: ByteOrder): Call {
  const struct = structCodec('arm64', 'kvm_arm_counter_offset', order);
  return {
    name: 'KVM_ARM_SET_COUNTER_OFFSET',
    run({ vm }, argument) {
      const { counter_offset: offset, reserved } = struct.decode(argument);
      if (reserved !== 0n) throw new KvmError('EINVAL', { value: `reserved ${reserved}`, rule: 'it is zero', remedy: 'clear it' });
      arm64Vm(vm).setCounterOffset(offset);
      return 0;
    },
  };
}

export function vmCalls(order: ByteOrder): readonly Call[] {
  return [createIrqchip, copyTags, setCounterOffset(order)];
}
