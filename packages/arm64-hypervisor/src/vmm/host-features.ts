/** What CPU a host's KVM gives its guests: asked of a vCPU in a VM made for that alone (`withScratchVcpu` of the `vmm` package). */
import { KvmError, whileDoing } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { initialiseAs, preferredTarget } from './calls.ts';

const { KVM_ARM_TARGET: TARGET } = CONSTANTS;

/** Targets of kernels without KVM_ARM_PREFERRED_TARGET. Each has one and refuses the others, so the order is not a choice. */
const FALL_BACK: readonly (readonly [string, number])[] = [
  ['AEM_V8', TARGET.KVM_ARM_TARGET_AEM_V8], ['FOUNDATION_V8', TARGET.KVM_ARM_TARGET_FOUNDATION_V8], ['CORTEX_A57', TARGET.KVM_ARM_TARGET_CORTEX_A57],
];

/** What a VMM's CPU model has, in words. */
export type CpuFeature = 'v8' | 'vfp4' | 'neon' | 'aarch64' | 'pmu';

export interface HostFeatures {
  /** For KVM_ARM_VCPU_INIT. */
  readonly target: number;
  /** `compatible` of the guest's processors in its device tree. */
  readonly compatible: 'arm,arm-v8';
  readonly features: ReadonlySet<CpuFeature>;
}

/** Undefined: the kernel has no such call, or nothing to prefer. */
function preferred(vcpu: Vcpu<unknown>): number | undefined {
  try {
    return preferredTarget(vcpu);
  } catch (error) {
    if (error instanceof KvmError) return undefined;
    throw error;
  }
}

/**
 * The target that a vCPU can be initialised with, and now is: what the kernel prefers, or the first of the fall-back list that it takes. Throws
 * `KvmError` as KVM_ARM_VCPU_INIT does for the preferred one; EINVAL, naming all that were tried, where none of the list is taken.
 */
export function hostTarget(vcpu: Vcpu<unknown>): number {
  const target = preferred(vcpu);
  if (target !== undefined) {
    whileDoing(`initialising vCPU ${vcpu.id} with the preferred target ${target}`, () => { initialiseAs(vcpu, target, []); });
    return target;
  }
  const tried: string[] = [];
  for (const [name, candidate] of FALL_BACK) {
    try {
      initialiseAs(vcpu, candidate, []);
      return candidate;
    } catch (error) {
      if (!(error instanceof KvmError)) throw error;
      tried.push(`${name} (${error.errno})`);
    }
  }
  throw new KvmError('EINVAL', {
    value: `targets ${tried.join(', ')}`, rule: 'a KVM without KVM_ARM_PREFERRED_TARGET takes one of them', remedy: 'name the target of this host\'s core, or update its kernel',
  });
}

/**
 * Target and features of a host by a vCPU of its own that is not initialised yet. That KVM runs at all says that the core has Armv8 with its
 * floating point and vectors; a PMU is taken for given here, and taken away again at `initialiseVcpu` where KVM has none for guests. Throws as
 * `hostTarget`.
 */
export function hostFeatures(vcpu: Vcpu<unknown>): HostFeatures {
  return { target: hostTarget(vcpu), compatible: 'arm,arm-v8', features: new Set<CpuFeature>(['v8', 'vfp4', 'neon', 'aarch64', 'pmu']) };
}
