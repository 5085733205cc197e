/** How a VMM initialises a vCPU: the features it asks for follow from its CPU model, the VM and what the kernel can do. */
import { hex } from '@worldswitch/bits';
import { KvmError, whileDoing } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { initialiseAs } from './calls.ts';
import type { VcpuFeature } from './calls.ts';
import type { CpuFeature } from './host-features.ts';
import { MPIDR } from './identifiers.ts';

const { KVM_CAP: CAPABILITY } = CONSTANTS;

/** Aff3 and Aff2 to Aff0 of MPIDR_EL1 (DDI 0487): what tells processors apart. */
export const AFFINITY_MASK = 0xff_00ff_ffffn;

/** A processor as the VMM wants it. */
export interface CpuModel {
  /** As `HostFeatures.target`; undefined for a model that KVM cannot run. */
  readonly target: number | undefined;
  /** A 64-bit processor. It may still be asked to start in AArch32: then without the feature `aarch64`. */
  readonly architecture: 'aarch64' | 'arm';
  readonly features: ReadonlySet<CpuFeature>;
  /** A secondary processor, which PSCI brings up. */
  readonly startPoweredOff?: boolean;
}

/** What came of it. */
export interface InitialisedVcpu {
  /** What the vCPU was initialised with, by name. */
  readonly vcpuFeatures: readonly VcpuFeature[];
  /** The model's features without what this VM cannot have. */
  readonly features: ReadonlySet<CpuFeature>;
  /** For the guest's device tree: the firmware interface that KVM has. */
  readonly psci: '0.2' | '0.1';
  /** The affinity bits of MPIDR_EL1 as KVM numbers its vCPUs: `reg` of the processor in the device tree, and PSCI's name for it. */
  readonly affinity: bigint;
}

/**
 * Initialises a vCPU and asks who it is. Throws `KvmError` EINVAL for a model that KVM cannot run, and for one that starts in AArch32 where KVM
 * cannot; and as the calls do, saying which.
 */
export function initialiseVcpu(vcpu: Vcpu<unknown>, model: CpuModel, { irqchipInKernel }: { readonly irqchipInKernel: boolean }): InitialisedVcpu {
  const { target, architecture, startPoweredOff = false } = model;
  if (target === undefined || architecture !== 'aarch64') {
    throw new KvmError('EINVAL', {
      value: `an ${architecture} processor ${target === undefined ? 'without a target' : `of target ${target}`}`, rule: 'KVM runs 64-bit processors with a target',
      remedy: 'take target and features from hostFeatures(), or run this model without KVM',
    });
  }
  const has = (capability: number): boolean => vcpu.vm.checkExtension(capability) > 0;
  const psci = has(CAPABILITY.KVM_CAP_ARM_PSCI_0_2);
  const narrow = !model.features.has('aarch64');
  if (narrow && !has(CAPABILITY.KVM_CAP_ARM_EL1_32BIT)) {
    throw new KvmError('EINVAL', { value: 'a processor without AArch64', rule: 'this host cannot run AArch32 at EL1 (KVM_CAP_ARM_EL1_32BIT)', remedy: 'keep the feature aarch64, or use a host whose cores have AArch32' });
  }
  const features = new Set(model.features);
  if (!irqchipInKernel || !has(CAPABILITY.KVM_CAP_ARM_PMU_V3)) features.delete('pmu');
  const asked: readonly (readonly [VcpuFeature, boolean])[] = [['power-off', startPoweredOff], ['psci-0.2', psci], ['el1-32bit', narrow], ['pmu-v3', features.has('pmu')]];
  const vcpuFeatures = asked.filter(([, wanted]) => wanted).map(([name]) => name);
  whileDoing(`initialising vCPU ${vcpu.id} as target ${target} with ${vcpuFeatures.join(', ') || 'no feature'}`, () => { initialiseAs(vcpu, target, vcpuFeatures); });
  const mpidr = whileDoing(`getting MPIDR_EL1 (${hex(MPIDR)}) of vCPU ${vcpu.id}`, () => vcpu.oneRegisters.get(MPIDR));
  return { vcpuFeatures, features, psci: psci ? '0.2' : '0.1', affinity: mpidr & AFFINITY_MASK };
}
