/** The guest's performance monitors: a vCPU with the feature `pmu-v3` has them once the VMM has named their interrupt and said so. */
import { writeUnsigned } from '@worldswitch/bits';
import { KvmError, whileDoing } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';

const { KVM_ARM_VCPU_PMU_V3_CTRL: GROUP, KVM_ARM_VCPU_PMU_V3_IRQ, KVM_ARM_VCPU_PMU_V3_INIT } = CONSTANTS.KVM_ARM_VCPU_attrs;
const IRQ = BigInt(KVM_ARM_VCPU_PMU_V3_IRQ);
const INIT = BigInt(KVM_ARM_VCPU_PMU_V3_INIT);

/**
 * False where KVM says that it cannot: an older kernel or a vCPU without the feature, which is no error. Otherwise sets the interrupt (a PPI's
 * or SPI's number), then starts the PMU: KVM wants the interrupt first where it has the controller. Throws `KvmError` that says which of the
 * two was refused; the vCPU is then of no use, since its guest was promised a PMU.
 */
export function createPmu(vcpu: Vcpu<unknown>, irq: number): boolean {
  try {
    vcpu.hasAttribute(GROUP, IRQ);
  } catch (error) {
    if (error instanceof KvmError) return false;
    throw error;
  }
  const number = new Uint8Array(4);
  writeUnsigned(number, 0, 4, BigInt(irq), vcpu.vm.architecture.abi.byteOrder);
  whileDoing(`setting the PMU interrupt of vCPU ${vcpu.id} to ${irq}`, () => { vcpu.setAttribute(GROUP, IRQ, number); });
  whileDoing(`starting the PMU of vCPU ${vcpu.id}`, () => { vcpu.setAttribute(GROUP, INIT, new Uint8Array(0)); });
  return true;
}
