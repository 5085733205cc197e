/**
 * Features of vCPUs (KVM_ARM_VCPU_INIT): names, bits, and the rules about them. They are the VM's: the first vCPU that is initialised
 * chooses for all, except for `power-off`, which is of one call.
 */
import { KvmError } from '@worldswitch/hypervisor';
import type { SwitchFeatures } from './switch/step.ts';

/** What a feature depends on: the host's processor. */
type HostFeatures = Pick<SwitchFeatures, 'pmu'>;

interface FeatureRow {
  /** Number of its bit in `kvm_vcpu_init.features`. */
  readonly bit: number;
  /** Whether a vCPU on this host can have it. */
  readonly has: (host: HostFeatures) => boolean;
  /** Why a host that lacks it does. */
  readonly because: string;
}

const yes = (): boolean => true;
const no = (): boolean => false;

/** In the order of the bits (enum of KVM_ARM_VCPU_* in the kernel's asm/kvm.h). */
export const VCPU_FEATURES = {
  'power-off': { bit: 0, has: yes, because: '' },
  'el1-32bit': { bit: 1, has: no, because: 'its processors have no AArch32 state' },
  'psci-0.2': { bit: 2, has: yes, because: '' },
  'pmu-v3': { bit: 3, has: ({ pmu }) => pmu, because: 'its processor has no performance monitors' },
  'sve': { bit: 4, has: no, because: 'the world switch moves no SVE state' },
  'ptrauth-address': { bit: 5, has: no, because: 'the world switch moves no pointer authentication keys' },
  'ptrauth-generic': { bit: 6, has: no, because: 'the world switch moves no pointer authentication keys' },
  'has-el2': { bit: 7, has: no, because: 'it has no nested virtualization' },
} as const satisfies Readonly<Record<string, FeatureRow>>;

export type VcpuFeature = keyof typeof VCPU_FEATURES;

const NONE: readonly VcpuFeature[] = [];
const NAMES = Object.keys(VCPU_FEATURES) as readonly VcpuFeature[];
const known = (name: string): name is VcpuFeature => name in VCPU_FEATURES;

/** Words of `kvm_vcpu_init.features`; bits are counted through all of them. */
const WORD = 32;

/** Names of a bit set. Throws `KvmError` ENOENT for a bit that has none. */
export function featuresOf(words: readonly number[]): readonly VcpuFeature[] {
  const bits = words.flatMap((word, n) => Array.from({ length: WORD }, (_, bit) => ((word >>> bit) & 1) === 1 ? [n * WORD + bit] : []).flat());
  return bits.map((bit) => NAMES.find((name) => VCPU_FEATURES[name].bit === bit) ?? unknown(`feature bit ${bit}`));
}

function unknown(value: string): never {
  throw new KvmError('ENOENT', { value, rule: 'there is no such feature', remedy: `choose from ${NAMES.join(', ')}` });
}

/** The features of one VM. */
export class VmFeatures {
  readonly #host: HostFeatures;
  #chosen: readonly VcpuFeature[] | undefined;

  constructor(host: HostFeatures) {
    this.#host = host;
  }

  /** Whether the VM's vCPUs have it; none before the first is initialised. */
  has(feature: VcpuFeature): boolean {
    return this.chosen.includes(feature);
  }

  /** In the order of the bits. The same array until it changes. */
  get chosen(): readonly VcpuFeature[] {
    return this.#chosen ?? NONE;
  }

  /** What a vCPU could be given here. */
  get offered(): readonly VcpuFeature[] {
    return NAMES.filter((name) => VCPU_FEATURES[name].has(this.#host));
  }

  /**
   * A vCPU is initialised with these. In the order of the kernel: throws `KvmError` ENOENT for one that does not exist, EINVAL for one that the
   * host lacks, for half of pointer authentication, for a set that is not the VM's.
   */
  choose(features: readonly string[]): void {
    const names = features.map((name) => (known(name) ? name : unknown(`feature '${name}'`)));
    const lasting = NAMES.filter((name) => name !== 'power-off' && names.includes(name));
    for (const name of lasting) this.#check(name);
    if (lasting.includes('ptrauth-address') !== lasting.includes('ptrauth-generic')) {
      refuse('one of ptrauth-address and ptrauth-generic', 'pointer authentication is given whole', 'ask for both or neither');
    }
    if (this.#chosen !== undefined && list(this.#chosen) !== list(lasting)) {
      refuse(`features ${list(lasting)}`, `all vCPUs of a VM have the same, and it has ${list(this.#chosen)}`, 'ask for these; power-off alone may differ');
    }
    this.#chosen ??= lasting;
  }

  #check(name: VcpuFeature): void {
    const { has, because } = VCPU_FEATURES[name];
    if (!has(this.#host)) refuse(`feature '${name}'`, `the host lacks it: ${because}`, `choose from ${this.offered.join(', ')}`);
  }
}

const list = (features: readonly string[]): string => features.join(', ') || 'none';

function refuse(value: string, rule: string, remedy: string): never {
  throw new KvmError('EINVAL', { value, rule, remedy });
}
