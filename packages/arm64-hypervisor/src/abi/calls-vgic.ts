/** The ioctl of before there were devices: where a guest's GICv2 is (Documentation/virt/kvm/api.rst 4.85). */
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { ArchitectureCall } from '@worldswitch/hypervisor';
import { CONSTANTS, structCodec } from '@worldswitch/hypervisor/abi';
import { arm64Vm } from '../backends.ts';
import type { Arm64DebugExit } from '../exits/context.ts';

const { KVM_ARM_DEVICE_ID_SHIFT, KVM_ARM_DEVICE_VGIC_V2, KVM_VGIC_V2_ADDR_TYPE_CPU, KVM_VGIC_V2_ADDR_TYPE_DIST } = CONSTANTS.KVM_DEV_ARM;
const ID = 0xffffn;

function refuse(errno: 'ENODEV' | 'ENXIO', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** Throws `KvmError` ENODEV (device or part that there is not), ENXIO (no controller), EEXIST, EINVAL, E2BIG. */
function setDeviceAddress(order: ByteOrder): ArchitectureCall<Arm64DebugExit> {
  const codec = structCodec('arm64', 'kvm_arm_device_addr', order);
  return {
    name: 'KVM_ARM_SET_DEVICE_ADDR',
    run({ vm }, argument) {
      const { id, addr } = codec.decode(argument);
      const device = id >> BigInt(KVM_ARM_DEVICE_ID_SHIFT);
      const part = id & ID;
      if (device !== BigInt(KVM_ARM_DEVICE_VGIC_V2)) return refuse('ENODEV', `device ${device}`, `the one device is ${KVM_ARM_DEVICE_VGIC_V2}, a GICv2`, 'use the device\'s own attributes');
      const vgic = arm64Vm(vm).vgic.device;
      if (vgic === undefined) return refuse('ENXIO', `device ${device}`, 'the VM has no interrupt controller', 'make one first');
      if (vgic.version !== 2) return refuse('ENODEV', `device ${device}`, 'the VM\'s interrupt controller is a GICv3', 'use the device\'s own attributes');
      if (part === BigInt(KVM_VGIC_V2_ADDR_TYPE_DIST)) vgic.places.set('gicv2Distributor', addr);
      else if (part === BigInt(KVM_VGIC_V2_ADDR_TYPE_CPU)) vgic.places.set('gicv2CpuInterface', addr);
      else return refuse('ENODEV', `part ${part} of device ${device}`, `there are ${KVM_VGIC_V2_ADDR_TYPE_DIST}, the distributor, and ${KVM_VGIC_V2_ADDR_TYPE_CPU}, the CPU interface`, 'name one of them');
      return 0;
    },
  };
}

export function vgicCalls(order: ByteOrder): readonly ArchitectureCall<Arm64DebugExit>[] {
  return [setDeviceAddress(order)];
}
