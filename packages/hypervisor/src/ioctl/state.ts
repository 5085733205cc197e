/** What a program's calls have made of the hypervisor, as plain data: to compare, and to hash. */
import type { Plain } from '@worldswitch/machine';
import { KvmError } from '../error.ts';
import type { Vcpu } from '../vcpu.ts';
import type { OpenFile, VcpuObject, VmObject } from './files.ts';

/** Registers by identifier; none before `initialise`, or while a feature is not finalised. */
function registersOf<A>(vcpu: Vcpu<A>): Plain {
  if (!vcpu.initialised) return null;
  try {
    const { oneRegisters } = vcpu;
    return oneRegisters.list().map((id): Plain => [id, oneRegisters.get(id)]);
  } catch (error) {
    if (error instanceof KvmError) return error.errno;
    throw error;
  }
}

function vcpuState<A>(vcpu: Vcpu<A>, objects: readonly VcpuObject<A>[]): Plain {
  const { id, initialised, mpState, guestDebug } = vcpu;
  const object = objects.find((one) => one.vcpu === vcpu);
  const { enable, singleStep = false, softwareBreakpoints = false, hardware } = guestDebug;
  return {
    id, initialised, mpState, lines: { ...vcpu.deviceLines }, registers: registersOf(vcpu),
    guestDebug: { enable, singleStep, softwareBreakpoints, hardware: hardware ? [hardware.bcr, hardware.bvr, hardware.wcr, hardware.wvr] : null },
    run: object ? object.pages.slice() : null, signalMask: object?.signalMask?.slice() ?? null, answers: object?.pending !== undefined,
  };
}

/** `objects`: the vCPUs that have descriptors. */
export function vmState<A>({ vm, events }: VmObject<A>, objects: readonly VcpuObject<A>[]): Plain {
  return {
    slots: vm.slots.map((slot): Plain => ({ ...slot })), interruptController: vm.backend.interruptController ?? 'absent', events: events.state(),
    vcpus: vm.vcpus.map((vcpu) => vcpuState(vcpu, objects)),
  };
}

/** A descriptor: what it is, and of which of the VMs. */
export function fileState<A>(fd: number, file: OpenFile<A>, vms: readonly VmObject<A>[]): Plain {
  switch (file.kind) {
    case 'system': return [fd, file.kind];
    case 'eventfd': return [fd, file.kind, file.event.count];
    case 'vcpu': return [fd, file.kind, vms.indexOf(file.vcpu.vm), file.vcpu.vcpu.id];
    case 'vm': return [fd, file.kind, vms.indexOf(file.vm)];
    case 'device': return [fd, file.kind, vms.indexOf(file.vm), file.device.type];
  }
}
