/** VMs without a board: memory and a vCPU on our hypervisor, on a `virt` machine with either interrupt controller. Many of them on one host. */
import { A64, LAB, createHostBoard } from '@worldswitch/arm64';
import type { Arm64Cpu, Arm64Model, Virt } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HOST_MEMORY, arm64Vcpu, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import type { Arm64DebugExit, Arm64HypervisorOptions, Arm64Vcpu } from '@worldswitch/arm64-hypervisor';
import * as devices from '@worldswitch/devices';
import { Kvm } from '@worldswitch/hypervisor';
import type { Vcpu, Vm } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import type { EngineMemory } from '@worldswitch/machine';

export const RAM = 0x4000_0000n;
const MIB = 1 << 20;

export interface BareHost {
  readonly hypervisor: Arm64Hypervisor;
  readonly host: Virt<EngineMemory>;
  readonly hostCpu: Arm64Cpu;
  /** A VM with `size` bytes at `RAM`, which are the host's from `HOST_MEMORY` + `at` up. */
  vm(options?: { readonly size?: number; readonly at?: number }): BareVm;
}

export interface BareVm {
  readonly vm: Vm<Arm64DebugExit>;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  readonly backend: Arm64Vcpu;
  /** Assembles to an address of the guest's. */
  load(address: bigint, source: string): void;
}

export function bareHost({ gic = 2, ram = 16 * MIB, sync, model = LAB, ...options }: Pick<Arm64HypervisorOptions, 'mode'> & Partial<Omit<Arm64HypervisorOptions, 'layout' | 'interrupts'>> & {
  readonly gic?: 2 | 3; readonly ram?: number; readonly model?: Arm64Model;
  /** Writes to system registers act as late as the architecture allows. */
  readonly sync?: 'late';
}): BareHost {
  const board = createHostBoard({ devices, images, model, kind: 'interpreter', ram: HOST_MEMORY + ram, hosted: HOSTED_SIZE, gic, ...(sync && { sync }) });
  const hypervisor = new Arm64Hypervisor(processorOf({ ...board, pace: 'skip' }), { ...options, ...hostOn(board.places) });
  const kvm = new Kvm(hypervisor);
  return {
    hypervisor, host: board.virt, hostCpu: board.cpu,
    vm: ({ size = MIB, at = 0 } = {}) => {
      const vm = kvm.createVm();
      const hostAddress = RAM + BigInt(HOST_MEMORY + at);
      vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size: BigInt(size), hostAddress });
      const vcpu = vm.createVcpu(0);
      vcpu.initialise(['psci-0.2']);
      vcpu.setRegister('pc', RAM);
      return {
        vm, vcpu, backend: arm64Vcpu(vcpu),
        load: (address, source) => {
          board.machine.memory.loadBytes(hostAddress + (address - RAM), assemble(source, { instructionSet: A64, origin: address }).bytes);
        },
      };
    },
  };
}
