/**
 * KVM_CHECK_EXTENSION: what this KVM has, by the kernel's names. What is not here is 0; a system and a VM differ only where a value is said to be the
 * VM's. What the layer of file descriptors adds (ioeventfd, irqfd, coalesced MMIO) is that layer's.
 */
import type { Capabilities } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import type { Revision, SwitchFeatures } from '../switch/step.ts';
import { VCPU_FEATURES } from '../features.ts';
import type { VcpuFeature } from '../features.ts';
import type { Host } from '../host/host.ts';
import { PAGE } from '../host/pages.ts';
import { BLOCK_SIZE } from '../stage2/tables.ts';
import { DEFAULT_PROFILE } from './profile.ts';
import type { Profile } from './profile.ts';

type CapabilityName = keyof typeof CONSTANTS.KVM_CAP;

/** What a capability's value depends on. */
export interface ExtensionSource {
  readonly capabilities: Capabilities;
  readonly features: SwitchFeatures;
  /** Whether the host's interrupt controller has virtualisation extensions, so that guests can have one in the hypervisor. */
  readonly interruptController: boolean;
  /** Whether the world switch has something for a debugger in the VMM. */
  readonly guestDebug: boolean;
  readonly profile?: Profile;
  /** Of a VM: KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE as it was enabled. */
  readonly splitChunk?: number;
}

type Value = (source: ExtensionSource) => number;

/** Host processors: the hypervisor has one, and runs all vCPUs on it. */
const HOST_PROCESSORS = 1;
/** KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE and KVM_DIRTY_LOG_INITIALLY_SET. */
const MANUAL_CAPABILITIES = 3;

const one: Value = () => 1;
const feature = (name: VcpuFeature): Value => ({ features }) => Number(VCPU_FEATURES[name].has(features));
const debug = (value: Value): Value => (source) => (source.guestDebug ? value(source) : 0);
/** Since Linux 6.4 or later. */
const late = (value: Value): Value => (source) => ((source.profile ?? DEFAULT_PROFILE) === '6.1' ? 0 : value(source));
const controller: Value = ({ interruptController }) => Number(interruptController);

const VALUES: Partial<Record<CapabilityName, Value>> = {
  // Everywhere.
  KVM_CAP_USER_MEMORY: one, KVM_CAP_USER_MEMORY2: late(one), KVM_CAP_DESTROY_MEMORY_REGION_WORKS: one, KVM_CAP_JOIN_MEMORY_REGIONS_WORKS: one,
  KVM_CAP_SYNC_MMU: one, KVM_CAP_READONLY_MEM: one, KVM_CAP_NR_MEMSLOTS: ({ capabilities }) => capabilities.memorySlots,
  KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: () => MANUAL_CAPABILITIES, KVM_CAP_MEMORY_FAULT_INFO: late(one),
  KVM_CAP_CHECK_EXTENSION_VM: one, KVM_CAP_ENABLE_CAP_VM: one, KVM_CAP_DEVICE_CTRL: one, KVM_CAP_VM_ATTRIBUTES: late(one), KVM_CAP_VCPU_ATTRIBUTES: one,
  KVM_CAP_ONE_REG: one, KVM_CAP_MP_STATE: one, KVM_CAP_IMMEDIATE_EXIT: one, KVM_CAP_INTERNAL_ERROR_DATA: one, KVM_CAP_SYSTEM_EVENT_DATA: one, KVM_CAP_HALT_POLL: one,
  KVM_CAP_NR_VCPUS: ({ capabilities }) => Math.min(HOST_PROCESSORS, capabilities.maxVcpus), KVM_CAP_MAX_VCPUS: ({ capabilities }) => capabilities.maxVcpus,
  KVM_CAP_MAX_VCPU_ID: ({ capabilities }) => capabilities.maxVcpus,
  // Of the architecture.
  KVM_CAP_IRQCHIP: controller, KVM_CAP_ARM_SET_DEVICE_ADDR: one, KVM_CAP_ARM_IRQ_LINE_LAYOUT_2: one,
  // Its lines: both timers and the PMU, counted as one since Linux 4.15.
  KVM_CAP_ARM_USER_IRQ: one,
  KVM_CAP_ARM_PSCI: one, KVM_CAP_ARM_PSCI_0_2: one, KVM_CAP_ARM_SYSTEM_SUSPEND: one, KVM_CAP_ARM_NISV_TO_USER: one, KVM_CAP_ARM_INJECT_EXT_DABT: one,
  KVM_CAP_VCPU_EVENTS: one, KVM_CAP_ARM_INJECT_SERROR_ESR: ({ features }) => Number(features.ras),
  KVM_CAP_ARM_VM_IPA_SIZE: ({ capabilities }) => capabilities.addressBits, KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES: late(() => Number(BLOCK_SIZE | PAGE)),
  KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE: late(({ splitChunk }) => splitChunk ?? 0), KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES: late(one),
  KVM_CAP_COUNTER_OFFSET: late(one), KVM_CAP_STEAL_TIME: one,
  KVM_CAP_ARM_EL1_32BIT: feature('el1-32bit'), KVM_CAP_ARM_PMU_V3: feature('pmu-v3'), KVM_CAP_ARM_SVE: feature('sve'),
  KVM_CAP_ARM_PTRAUTH_ADDRESS: feature('ptrauth-address'), KVM_CAP_ARM_PTRAUTH_GENERIC: feature('ptrauth-generic'),
  KVM_CAP_SET_GUEST_DEBUG: debug(one), KVM_CAP_SET_GUEST_DEBUG2: debug(() => CONSTANTS.KVM_GUESTDBG_arm64.valid_mask),
  KVM_CAP_GUEST_DEBUG_HW_BPS: debug(({ capabilities }) => capabilities.breakpoints), KVM_CAP_GUEST_DEBUG_HW_WPS: debug(({ capabilities }) => capabilities.watchpoints),
};

const EXTENSIONS: ReadonlyMap<number, Value> = new Map((Object.entries(VALUES) as [CapabilityName, Value][]).map(([name, value]) => [CONSTANTS.KVM_CAP[name], value]));

/** 0 for what is not there. */
export function extensionOf(capability: number, source: ExtensionSource): number {
  return EXTENSIONS.get(capability)?.(source) ?? 0;
}

/** Slots of a VM: all that 15 bits number. */
const MEMORY_SLOTS = 32_767;
/** vCPUs that a GICv2 can serve, and those that a GICv3 or a controller of the VMM's can (Linux: VGIC_V2_MAX_CPUS, KVM_MAX_VCPUS). */
const MOST_VCPUS = { gicv2: 8, other: 512 } as const;

/** Of a host with a revision of the world switch. */
export function extensionSource(host: Pick<Host, 'features' | 'virtualInterface' | 'addressBits'>, { guestDebug }: Pick<Revision, 'guestDebug'>, profile?: Profile): ExtensionSource {
  const { features, addressBits, virtualInterface } = host;
  return {
    capabilities: {
      maxVcpus: virtualInterface?.version === 2 ? MOST_VCPUS.gicv2 : MOST_VCPUS.other, memorySlots: MEMORY_SLOTS, addressBits, breakpoints: features.breakpoints, watchpoints: features.watchpoints,
    },
    features, interruptController: virtualInterface !== undefined, guestDebug: guestDebug !== 'none', ...(profile && { profile }),
  };
}
