/** VMs without a board: memory and a vCPU on our hypervisor, on a `virt` machine with either interrupt controller. Many of them on one host. */
import { A64, LAB, STATE, createInstructionTable, createVirt, hostPort, virtProcessors, withGicV3 } from '@worldswitch/arm64';
import type { Arm64Cpu, Virt } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HostGicV2, HostGicV3, processorOf } from '@worldswitch/arm64-hypervisor';
import type { Arm64DebugExit, Arm64HypervisorOptions, Arm64Vcpu } from '@worldswitch/arm64-hypervisor';
import * as devices from '@worldswitch/devices';
import { Engine } from '@worldswitch/engine';
import { Kvm } from '@worldswitch/hypervisor';
import type { Vcpu, Vm } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import { EngineMemory } from '@worldswitch/machine';

export const RAM = 0x4000_0000n;
const HOSTED = 0x0b00_0000n;
const MIB = 1 << 20;
const OWN = 8 * MIB;

export interface BareHost {
  readonly hypervisor: Arm64Hypervisor;
  readonly host: Virt<EngineMemory>;
  readonly hostCpu: Arm64Cpu;
  /** A VM with `size` bytes at `RAM`, which are the host's from `OWN` + `at` up. */
  vm(options?: { readonly size?: number; readonly at?: number }): BareVm;
}

export interface BareVm {
  readonly vm: Vm<Arm64DebugExit>;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  readonly backend: Arm64Vcpu;
  /** Assembles to an address of the guest's. */
  load(address: bigint, source: string): void;
}

export function bareHost({ gic = 2, ram = 16 * MIB, sync, ...options }: Pick<Arm64HypervisorOptions, 'mode'> & Partial<Omit<Arm64HypervisorOptions, 'layout' | 'interrupts'>> & {
  readonly gic?: 2 | 3; readonly ram?: number;
  /** Writes to system registers act as late as the architecture allows. */
  readonly sync?: 'late';
}): BareHost {
  const model = gic === 3 ? withGicV3(LAB) : LAB;
  const engine = new Engine({ table: createInstructionTable({ has: (feature) => model.features.has(feature) }), layout: STATE, order: 'little', kind: 'interpreter' });
  const cpus: Arm64Cpu[] = [];
  const host = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), model: LAB.name, ram: OWN + ram, gic,
    makeCpu: (port, setup) => {
      const cpu = virtProcessors(engine, LAB, sync && { sync })(port, setup);
      cpus.push(cpu);
      return cpu;
    },
  });
  engine.memory.addHosted(Number(HOSTED), HOSTED_SIZE);
  const [hostCpu] = cpus;
  const interrupts = gic === 3 ? new HostGicV3({ distributor: 0x0800_0000n, redistributor: 0x080a_0000n })
    : new HostGicV2({ distributor: 0x0800_0000n, cpuInterface: 0x0801_0000n, virtualControl: 0x0803_0000n, virtualCpuInterface: 0x0804_0000n });
  const hypervisor = new Arm64Hypervisor(processorOf({ machine: host.machine, cpu: hostCpu, port: hostPort(hostCpu.processor), pace: 'skip' }), {
    ...options, layout: { hosted: HOSTED, pages: { base: RAM, size: BigInt(OWN) } }, interrupts,
  });
  const kvm = new Kvm(hypervisor);
  return {
    hypervisor, host, hostCpu,
    vm: ({ size = MIB, at = 0 } = {}) => {
      const vm = kvm.createVm();
      const hostAddress = RAM + BigInt(OWN + at);
      vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size: BigInt(size), hostAddress });
      const vcpu = vm.createVcpu(0);
      vcpu.initialise(['psci-0.2']);
      vcpu.setRegister('pc', RAM);
      return {
        vm, vcpu, backend: vcpu.backend as Arm64Vcpu,
        load: (address, source) => {
          host.machine.memory.loadBytes(hostAddress + (address - RAM), assemble(source, { instructionSet: A64, origin: address }).bytes);
        },
      };
    },
  };
}
