/**
 * Faults of the VMM code that this half follows (QEMU's arm64 file for KVM, 2016), by name. All are corrected unless a VMM is made `faithful` to
 * them. Those that have to do with arm64 are in the `vmm` entry of the arm64 hypervisor.
 */
export interface VmmFault {
  /** In the numbering of the notes on the original code. */
  readonly note: number;
  /** What it does, as somebody who is hit by it sees it. */
  readonly effect: string;
  readonly fate: string;
}

export const VMM_FAULTS = {
  'lost-refusals': {
    note: 32,
    effect: 'a register that the kernel does not take makes a put or get return a positive EINVAL, which callers that look for a negative number take for success; a refused mp_state is not reported at all',
    fate: 'a put or get that was refused anything says so',
  },
} as const satisfies Readonly<Record<string, VmmFault>>;

export type VmmFaultName = keyof typeof VMM_FAULTS;
