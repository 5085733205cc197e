/** A VM that lives for one question: what a host can do is asked of a vCPU, and there is none yet when a VMM chooses its CPU model. */
import { whileDoing } from '@worldswitch/hypervisor';
import type { Kvm, Vcpu } from '@worldswitch/hypervisor';

/**
 * Creates a VM and a vCPU that is not initialised, asks, and gives both back, also where anything fails. Throws `KvmError` as the calls do, saying
 * which; and whatever `ask` throws.
 */
export function withScratchVcpu<A, T>(kvm: Kvm<A>, ask: (vcpu: Vcpu<A>) => T): T {
  const vm = whileDoing('creating a scratch VM', () => kvm.createVm());
  try {
    return ask(whileDoing('creating a scratch vCPU', () => vm.createVcpu(0)));
  } finally {
    vm.dispose();
  }
}
