/** Which calls a VM answers itself, refuses, or leaves to the VMM: KVM_ARM_VM_SMCCC_FILTER, an attribute of VMs since Linux 6.4. */
import { hex, readUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Attribute } from '@worldswitch/hypervisor';

/** KVM_ARM_VM_SMCCC_CTRL, and its one attribute. */
export const SMCCC_CONTROL = { group: 0, filter: 0n } as const;

/** In the numbers of `kvm_smccc_filter.action`. */
export const FILTER_ACTIONS = ['handle', 'deny', 'forward'] as const;
export type FilterAction = (typeof FILTER_ACTIONS)[number];

interface Range {
  readonly first: bigint;
  readonly last: bigint;
  readonly action: FilterAction;
}

/** `struct kvm_smccc_filter`: base, number of functions, action, zeroes. */
const SIZE = 24;
const OFFSET = { base: 0, functions: 4, action: 8, padding: 9 } as const;

/** The architecture's own calls of either width are never the VMM's: a guest finds out by them what is mitigated. */
const ARCHITECTURE: readonly Range[] = [0x8000_0000n, 0xc000_0000n].map((first): Range => ({ first, last: first + 0xffffn, action: 'handle' }));

const refuse = (errno: 'EINVAL' | 'EEXIST' | 'EBUSY', value: string, rule: string, remedy: string): never => { throw new KvmError(errno, { value, rule, remedy }); };

export class SmcccFilter {
  readonly #ranges: Range[] = [];

  /** What becomes of a call, `handle` where nothing is said. */
  action(id: bigint): FilterAction {
    return this.#ranges.find(({ first, last }) => id >= first && id <= last)?.action ?? 'handle';
  }

  /** From `base`, `functions` of them. Throws `KvmError` EINVAL for none or more than there are, EEXIST for any that something is said of already. */
  add(base: bigint, functions: bigint, action: FilterAction): void {
    const last = base + functions - 1n;
    const name = `calls ${hex(base)} to ${hex(last)}`;
    if (functions < 1n || last > 0xffff_ffffn) refuse('EINVAL', `${functions} calls from ${hex(base)}`, 'a range is one call or more, of 32-bit numbers', 'choose another number of functions');
    if ([...ARCHITECTURE, ...this.#ranges].some((other) => base <= other.last && other.first <= last)) {
      refuse('EEXIST', name, 'something is said of one of them already; of the architecture\'s own calls, always', 'choose a range that is free');
    }
    this.#ranges.push({ first: base, last, action });
  }
}

/** The filter as an attribute. `ran`: whether a vCPU of the VM has run, after which it is fixed. */
export function filterAttribute(filter: SmcccFilter, { ran, byteOrder }: { readonly ran: () => boolean; readonly byteOrder: ByteOrder }): Attribute {
  return {
    size: SIZE,
    set(value) {
      const base = readUnsigned(value, OFFSET.base, 4, byteOrder);
      const functions = readUnsigned(value, OFFSET.functions, 4, byteOrder);
      const action = FILTER_ACTIONS[value[OFFSET.action]];
      if (value.subarray(OFFSET.padding).some((byte) => byte !== 0)) refuse('EINVAL', 'padding', 'it is zero', 'clear it');
      if (action === undefined) return refuse('EINVAL', `action ${value[OFFSET.action]}`, 'actions are 0 (handle), 1 (deny) and 2 (forward to user)', 'choose one of them');
      if (ran()) refuse('EBUSY', 'the filter', 'it is fixed once a vCPU has run', 'set it before');
      filter.add(base, functions, action);
    },
  };
}
