/** KVM_IRQ_LINE: which interrupt a number means. */
import { KvmError } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';

const {
  KVM_ARM_IRQ_TYPE_SHIFT, KVM_ARM_IRQ_TYPE_MASK, KVM_ARM_IRQ_VCPU_SHIFT, KVM_ARM_IRQ_VCPU_MASK, KVM_ARM_IRQ_VCPU2_SHIFT, KVM_ARM_IRQ_VCPU2_MASK,
  KVM_ARM_IRQ_NUM_MASK, KVM_ARM_IRQ_TYPE_CPU, KVM_ARM_IRQ_TYPE_SPI, KVM_ARM_IRQ_TYPE_PPI, KVM_ARM_IRQ_CPU_IRQ, KVM_ARM_IRQ_CPU_FIQ,
} = CONSTANTS.KVM_ARM_IRQ;

/** Interrupts of each processor end at 32, the first 16 of which are software's (IHI 0048B 2.2.1). */
const FIRST_PPI = 16;
const FIRST_SPI = 32;

/** An input: of a vCPU without an interrupt controller, or of the controller. */
export type IrqLine =
  | { readonly kind: 'cpu'; readonly vcpu: number; readonly line: 'irq' | 'fiq' }
  | { readonly kind: 'ppi'; readonly vcpu: number; readonly intid: number }
  | { readonly kind: 'spi'; readonly intid: number };

/** Throws `KvmError` ENXIO for a type that does not go with the VM's `controller`, EINVAL for a type or number there is not. */
export function irqLineOf(irq: number, controller: boolean): IrqLine {
  const type = (irq >>> KVM_ARM_IRQ_TYPE_SHIFT) & KVM_ARM_IRQ_TYPE_MASK;
  const vcpu = ((irq >>> KVM_ARM_IRQ_VCPU_SHIFT) & KVM_ARM_IRQ_VCPU_MASK) + ((irq >>> KVM_ARM_IRQ_VCPU2_SHIFT) & KVM_ARM_IRQ_VCPU2_MASK) * (KVM_ARM_IRQ_VCPU_MASK + 1);
  const number = irq & KVM_ARM_IRQ_NUM_MASK;
  const refuse = (errno: 'ENXIO' | 'EINVAL', rule: string, remedy: string): never => { throw new KvmError(errno, { value: `irq 0x${(irq >>> 0).toString(16)}`, rule, remedy }); };
  switch (type) {
    case KVM_ARM_IRQ_TYPE_CPU:
      if (controller) refuse('ENXIO', 'the interrupt controller in the hypervisor has the vCPUs\' lines', 'name one of its inputs (type 1 or 2)');
      if (number !== KVM_ARM_IRQ_CPU_IRQ && number !== KVM_ARM_IRQ_CPU_FIQ) refuse('EINVAL', 'a vCPU has line 0 (IRQ) and line 1 (FIQ)', 'choose one of them');
      return { kind: 'cpu', vcpu, line: number === KVM_ARM_IRQ_CPU_IRQ ? 'irq' : 'fiq' };
    case KVM_ARM_IRQ_TYPE_PPI:
    case KVM_ARM_IRQ_TYPE_SPI: {
      if (!controller) refuse('ENXIO', 'there is no interrupt controller in the hypervisor', 'make one with createDevice, or use type 0');
      const ppi = type === KVM_ARM_IRQ_TYPE_PPI;
      if (ppi ? number < FIRST_PPI || number >= FIRST_SPI : number < FIRST_SPI) refuse('EINVAL', ppi ? 'those of each vCPU are 16 to 31' : 'shared ones are 32 and up', 'choose one of them');
      return ppi ? { kind: 'ppi', vcpu, intid: number } : { kind: 'spi', intid: number };
    }
    default: return refuse('EINVAL', 'types are 0 (a vCPU\'s line), 1 (shared) and 2 (of each vCPU)', 'choose one of them');
  }
}
