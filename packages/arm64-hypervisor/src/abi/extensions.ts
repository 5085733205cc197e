/** KVM_CHECK_EXTENSION: what this KVM has, by the kernel's numbers. */
import type { Capabilities } from '@worldswitch/hypervisor';

/** What a capability's value depends on. */
export interface ExtensionSource {
  readonly capabilities: Capabilities;
}

const EXTENSIONS: ReadonlyMap<number, (source: ExtensionSource) => number> = new Map<number, (source: ExtensionSource) => number>([
  // KVM_CAP_USER_MEMORY, KVM_CAP_MP_STATE, KVM_CAP_DESTROY_MEMORY_REGION_WORKS, KVM_CAP_ONE_REG, KVM_CAP_READONLY_MEM.
  ...[3, 14, 21, 70, 81].map((number): [number, () => number] => [number, () => 1]),
  // KVM_CAP_SET_GUEST_DEBUG, KVM_CAP_GUEST_DEBUG_HW_BPS, KVM_CAP_GUEST_DEBUG_HW_WPS.
  [23, () => 1], [119, ({ capabilities }) => capabilities.breakpoints], [120, ({ capabilities }) => capabilities.watchpoints],
]);

/** 0 for what is not there. */
export function extensionOf(capability: number, source: ExtensionSource): number {
  return EXTENSIONS.get(capability)?.(source) ?? 0;
}
