/** Attributes of the VM and of its vCPUs. */
import type { Attributes } from '@worldswitch/hypervisor';

export const NO_ATTRIBUTES: Attributes = { find: () => undefined };
