/** Exceptions pending for a vCPU, for VMMs that do not speak the ABI's bytes. */
import { KvmError } from '@worldswitch/hypervisor';
import type { Vcpu, VcpuBackend } from '@worldswitch/hypervisor';
import { arm64Vcpu } from '../backends.ts';
import type { Arm64DebugExit } from '../exits/context.ts';
import type { NewVcpuEvents, VcpuEvents } from '../guest/events.ts';
import type { Arm64Vcpu } from '../vcpu.ts';

/** Throws `KvmError` EINVAL for a vCPU of another architecture, ENOEXEC for one that is not `initialised`. */
export function initialisedVcpu(backend: VcpuBackend<Arm64DebugExit> | undefined, initialised = false): Arm64Vcpu {
  const vcpu = arm64Vcpu(backend);
  if (!initialised) throw new KvmError('ENOEXEC', { value: `vCPU ${vcpu.guest.memory.id}`, rule: 'a vCPU is initialised before it is used', remedy: 'call initialise() first' });
  return vcpu;
}

/** KVM_GET_VCPU_EVENTS. Throws `KvmError` ENOEXEC. */
export function getVcpuEvents({ backend, initialised }: Vcpu<Arm64DebugExit>): VcpuEvents {
  return initialisedVcpu(backend, initialised).events;
}
/** KVM_SET_VCPU_EVENTS. Throws `KvmError` ENOEXEC, EINVAL; then nothing has changed. */
export function setVcpuEvents({ backend, initialised }: Vcpu<Arm64DebugExit>, events: NewVcpuEvents): void {
  initialisedVcpu(backend, initialised).events = events;
}
