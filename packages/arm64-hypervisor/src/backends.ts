/** From the neutral objects to what stands behind them here. */
import { KvmError } from '@worldswitch/hypervisor';
import type { VcpuBackend, VmBackend } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from './exits/context.ts';
import { Arm64Vcpu } from './vcpu.ts';
import { Arm64Vm } from './vm.ts';

function refuse(what: string): never {
  throw new KvmError('EINVAL', { value: 'the target', rule: `the call is one on a ${what} of this hypervisor`, remedy: 'make it there' });
}

/** Takes a `Vm` or its backend. Throws `KvmError` EINVAL for one of another hypervisor. */
export function arm64Vm(vm: VmBackend<Arm64DebugExit> | { readonly backend: VmBackend<Arm64DebugExit> }): Arm64Vm {
  const backend = 'backend' in vm ? vm.backend : vm;
  return backend instanceof Arm64Vm ? backend : refuse('VM');
}

/** Takes a `Vcpu` or its backend. Throws `KvmError` EINVAL for one of another hypervisor, or none. */
export function arm64Vcpu(vcpu: VcpuBackend<Arm64DebugExit> | { readonly backend: VcpuBackend<Arm64DebugExit> } | undefined): Arm64Vcpu {
  const backend = vcpu !== undefined && 'backend' in vcpu ? vcpu.backend : vcpu;
  return backend instanceof Arm64Vcpu ? backend : refuse('vCPU');
}
