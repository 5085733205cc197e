/** A hypervisor on a model of a processor, with one VM whose guest is a list of things that happen. */
import { Kvm } from '@worldswitch/hypervisor';
import type { Vcpu, Vm } from '@worldswitch/hypervisor';
import { arm64Vm } from '../backends.ts';
import { Arm64Hypervisor } from '../architecture.ts';
import type { Arm64HypervisorOptions } from '../architecture.ts';
import type { Arm64DebugExit, Arm64Exit } from '../exits/context.ts';
import type { ProcessorStop } from '../processor.ts';
import type { Arm64Vm } from '../vm.ts';
import { MODEL_LAYOUT, MODEL_RAM, ModelProcessor, NO_INTERRUPTS } from './model-processor.ts';

export const GUEST_RAM = 0x4000_0000n;
/** Where the host has the guest's memory. */
export const HOST_MEMORY = MODEL_RAM + 0x40_0000n;
export const READ_ONLY = { address: 0x1000n, size: 0x2000n } as const;

/** One thing that happens in the guest: at its end the processor has taken an exception, or it stops. */
export type Happening = (processor: ModelProcessor) => ProcessorStop | undefined;

export interface Lab {
  readonly processor: ModelProcessor;
  readonly hypervisor: Arm64Hypervisor;
  readonly vm: Vm<Arm64DebugExit>;
  readonly backend: Arm64Vm;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  /** What the hypervisor had to say to people. */
  readonly reports: readonly string[];
  /** Runs the vCPU while this happens in its guest, and then a call of SYSTEM_OFF. */
  run(...script: readonly Happening[]): Arm64Exit;
}

export const SYSTEM_OFF: Happening = (p) => p.call(0x8400_0008n);

/** `features`: of the vCPU, and so of its VM. */
export function lab(mode: 'nvhe' | 'vhe' = 'nvhe', options: Partial<Arm64HypervisorOptions> = {}, features: readonly string[] = ['psci-0.2']): Lab {
  const processor = new ModelProcessor();
  processor.dataOrder = options.byteOrder ?? 'little';
  const reports: string[] = [];
  const hypervisor = new Arm64Hypervisor(processor, { mode, layout: MODEL_LAYOUT, interrupts: NO_INTERRUPTS, report: (text) => reports.push(text), ...options });
  const vm = new Kvm(hypervisor).createVm();
  // One block of 2 MiB, and three pages.
  vm.setMemoryRegion({ slot: 0, guestAddress: GUEST_RAM, size: 0x20_3000n, hostAddress: HOST_MEMORY });
  vm.setMemoryRegion({ slot: 1, guestAddress: READ_ONLY.address, size: READ_ONLY.size, hostAddress: HOST_MEMORY + 0x20_3000n, readOnly: true });
  const vcpu = vm.createVcpu(0);
  vcpu.initialise(features);
  vcpu.setRegister('pc', GUEST_RAM);
  return {
    processor, hypervisor, vm, backend: arm64Vm(vm), vcpu, reports,
    run: (...script) => {
      const left = [...script, SYSTEM_OFF];
      processor.guest = (p) => (left.shift() ?? SYSTEM_OFF)(p);
      return vcpu.run({ budget: 1000 });
    },
  };
}
