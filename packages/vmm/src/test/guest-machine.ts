/** A guest `virt` board on our hypervisor on a `virt` machine: everything real, composed in one call. */
import { A64, LAB, createHostBoard, createVirt } from '@worldswitch/arm64';
import type { Arm64Cpu, Arm64Model, BootImage, Virt, VirtCpu } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HOST_MEMORY, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import type { Arm64DebugExit, Arm64HypervisorOptions } from '@worldswitch/arm64-hypervisor';
import { DEVICE_OUTPUTS, INTERRUPT_LINES, debugKnowledge, startVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import * as devices from '@worldswitch/devices';
import type { EngineKind } from '@worldswitch/engine';
import { Kvm } from '@worldswitch/hypervisor';
import type { Exit, Vcpu, Vm } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import type { EngineMemory, MachineStop } from '@worldswitch/machine';
import { Breakpoints, GuestMemory, VcpuCpu } from '../index.ts';

export interface GuestMachineOptions extends Partial<Pick<Arm64HypervisorOptions, 'revision' | 'faithful' | 'byteOrder' | 'report' | 'forward'>> {
  readonly mode: 'vhe' | 'nvhe';
  readonly image: BootImage;
  readonly model?: Arm64Model;
  readonly kind?: EngineKind;
  readonly ram?: number;
  /** The host's interrupt controller; the guest's is a GICv2 of the VMM's in either case. */
  readonly gic?: 2 | 3;
  readonly onExit?: (exit: Exit<Arm64DebugExit>) => void;
  readonly onConsole?: (text: string) => void;
}

export interface GuestMachine {
  readonly hypervisor: Arm64Hypervisor;
  readonly host: Virt<EngineMemory>;
  readonly hostCpu: Arm64Cpu;
  readonly guest: Virt<GuestMemory>;
  readonly vm: Vm<Arm64DebugExit>;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  readonly cpu: VcpuCpu<Arm64DebugExit>;
  readonly breakpoints: Breakpoints<Arm64DebugExit>;
  readonly console: string;
  type(text: string): void;
  run(budget: number): MachineStop;
}

const MIB = 1 << 20;
const RAM = 0x4000_0000n;
/** A guest's memory beside its RAM: two flash banks and their alignment. */
const FLASH_MEMORY = 130 * MIB;

export function guestMachine(options: GuestMachineOptions): GuestMachine {
  const { mode, image, model = LAB, kind = 'interpreter', ram = 64 * MIB, gic = 2, onExit, onConsole } = options;
  const guestMemory = ram + FLASH_MEMORY;
  const board = createHostBoard({ devices, images, model, kind, ram: HOST_MEMORY + guestMemory, hosted: HOSTED_SIZE, gic });
  const { cpu: hostCpu, virt: host } = board;
  const hypervisor = new Arm64Hypervisor(processorOf(board), { ...options, mode, ...hostOn(board.places, { virtualInterface: false }) });
  const vm = new Kvm(hypervisor).createVm();
  const vcpu = vm.createVcpu(0);
  const breakpoints = new Breakpoints([vcpu], debugKnowledge(hypervisor.capabilities));
  let console = '';
  const cpus: VcpuCpu<Arm64DebugExit>[] = [];
  const guest = createVirt({
    devices, images, image, el2: false, model: model.name, ram,
    memory: new GuestMemory(vm, { base: RAM + BigInt(HOST_MEMORY), size: BigInt(guestMemory), memory: host.machine.memory }),
    console: (byte) => { console += String.fromCharCode(byte); onConsole?.(console); },
    makeCpu: (port): VirtCpu => {
      startVcpu(vcpu, { pc: 0n });
      const cpu = new VcpuCpu({
        vcpu, port, lines: INTERRUPT_LINES, outputs: DEVICE_OUTPUTS, breakpoints, stops: hostCpu.stops, ...(onExit ? { onExit } : {}),
        host: { now: () => host.machine.clock.now(), skipTo: (tick) => { host.machine.skipTo(tick); } },
        reset: (one) => { startVcpu(one, { pc: 0n }); },
      });
      cpus.push(cpu);
      // The contract's part of a processor beside `Cpu`, which boards use to start it.
      return Object.assign(cpu, {
        powered: true, start: ({ pc, x0 }: { pc: bigint; x0: bigint }) => { startVcpu(vcpu, { pc, x0 }); }, powerOff: () => undefined, wait: () => undefined,
      });
    },
  });
  return {
    hypervisor, host, hostCpu, guest, vm, vcpu, cpu: cpus[0], breakpoints,
    get console() { return console; },
    type: (text) => { guest.machine.inputs.post('console', Uint8Array.from(text, (character) => character.charCodeAt(0))); },
    run: (budget) => guest.machine.run({ budget }),
  };
}

/** A program at the start of the guest's RAM; the device tree is above it or not there at all. */
export function program(source: string): BootImage {
  const { bytes } = assemble(source, { instructionSet: A64, origin: RAM });
  return { kind: 'flat', bytes, address: RAM };
}
