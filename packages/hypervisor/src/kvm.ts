/** `Kvm`: what can be asked before there is a VM. */
import { HYPERVISOR_API_VERSION } from './architecture.ts';
import type { HypervisorArchitecture } from './architecture.ts';
import { KvmError } from './error.ts';
import { Vm } from './vm.ts';

/** KVM_GET_API_VERSION: 12 for ever. */
export const KVM_API_VERSION = 12;

/** A hypervisor on one architecture. */
export class Kvm<A> {
  readonly architecture: HypervisorArchitecture<A>;

  /** Throws `KvmError` EINVAL for an architecture made for another version of the contract. */
  constructor(architecture: HypervisorArchitecture<A>) {
    const version: number = architecture.apiVersion;
    if (version !== HYPERVISOR_API_VERSION) {
      throw new KvmError('EINVAL', {
        value: `architecture ${architecture.name}, API version ${version}`, rule: `this hypervisor speaks version ${HYPERVISOR_API_VERSION}`,
        remedy: 'install matching releases',
      });
    }
    this.architecture = architecture;
  }

  /** KVM_CHECK_EXTENSION, by the kernel's number: 0 for what is not there, else 1 or a count. */
  checkExtension(capability: number): number {
    return this.architecture.extension(capability);
  }

  /** `type` as KVM_CREATE_VM has it; on arm64 the guest's address bits, 0 for 40. Throws `KvmError` EINVAL. */
  createVm(type = 0n): Vm<A> {
    return new Vm(this.architecture, type);
  }
}
