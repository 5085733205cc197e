/** Attributes of vCPUs by group (KVM_HAS_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR on a vCPU); also of one that is not initialised. */
import type { Attribute, Attributes } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import type { PmuControl } from '../pmu/control.ts';

const { KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_TIMER_CTRL, KVM_ARM_VCPU_PVTIME_CTRL, KVM_ARM_VCPU_PVTIME_IPA } = CONSTANTS.KVM_ARM_VCPU_attrs;

export interface VcpuAttributes {
  readonly pmu: Pick<PmuControl, 'find'>;
  readonly timers: ReadonlyMap<bigint, Attribute>;
  readonly stolenTime: Attribute;
}

export function vcpuAttributes({ pmu, timers, stolenTime }: VcpuAttributes): Attributes {
  return {
    find(group, attribute) {
      switch (group) {
        case KVM_ARM_VCPU_PMU_V3_CTRL: return pmu.find(attribute);
        case KVM_ARM_VCPU_TIMER_CTRL: return timers.get(attribute);
        case KVM_ARM_VCPU_PVTIME_CTRL: return attribute === BigInt(KVM_ARM_VCPU_PVTIME_IPA) ? stolenTime : undefined;
        default: return undefined;
      }
    },
  };
}
