/** The two calls of arm64 that choose a vCPU's target, in the ABI's bytes: the typed `Vcpu.initialise` leaves the target to the kernel. */
import { KvmError } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import { CONSTANTS, structCodec } from '@worldswitch/hypervisor/abi';

const { KVM_ARM_VCPU_features: FEATURES } = CONSTANTS;

/** Features as `Vcpu.initialise` names them, and their bits. */
const FEATURE_BITS = {
  'power-off': FEATURES.KVM_ARM_VCPU_POWER_OFF, 'psci-0.2': FEATURES.KVM_ARM_VCPU_PSCI_0_2, 'el1-32bit': FEATURES.KVM_ARM_VCPU_EL1_32BIT, 'pmu-v3': FEATURES.KVM_ARM_VCPU_PMU_V3,
} as const;

export type VcpuFeature = keyof typeof FEATURE_BITS;

function call<A>({ vm }: Vcpu<A>, name: string): Vcpu<A>['vm']['architecture']['abi']['calls'][number] {
  const found = vm.architecture.abi.calls.find((one) => one.name === name);
  if (found) return found;
  throw new KvmError('EINVAL', { value: name, rule: 'this KVM does not have the call', remedy: 'use a KVM for arm64' });
}

/** KVM_ARM_PREFERRED_TARGET. Throws `KvmError`; EINVAL where the kernel does not have it. */
export function preferredTarget<A>(vcpu: Vcpu<A>): number {
  const init = structCodec('arm64', 'kvm_vcpu_init', vcpu.vm.architecture.abi.byteOrder);
  const argument = init.encode({});
  call(vcpu, 'KVM_ARM_PREFERRED_TARGET').run({ vm: vcpu.vm.backend }, argument);
  return init.decode(argument).target;
}

/** KVM_ARM_VCPU_INIT. Throws `KvmError` EINVAL for a target that is not the host's, or a feature that it lacks. */
export function initialiseAs<A>(vcpu: Vcpu<A>, target: number, features: readonly VcpuFeature[]): void {
  const init = structCodec('arm64', 'kvm_vcpu_init', vcpu.vm.architecture.abi.byteOrder);
  const first = features.reduce((word, name) => word | (1 << FEATURE_BITS[name]), 0);
  call(vcpu, 'KVM_ARM_VCPU_INIT').run({
    vm: vcpu.vm.backend, vcpu: vcpu.backend, initialised: vcpu.initialised, initialise: (names) => { vcpu.initialise(names); },
  }, init.encode({ target, features: [first, 0, 0, 0, 0, 0, 0] }));
}
