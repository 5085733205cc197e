/** Faults of the VMM code that this half follows (QEMU's arm64 file for KVM, 2016) that have to do with arm64. Corrected unless asked for by name. */
export interface Arm64VmmFault {
  /** In the numbering of the notes on the original code. */
  readonly note: number;
  /** What it does, as somebody who is hit by it sees it. */
  readonly effect: string;
  readonly fate: string;
}

export const ARM64_VMM_FAULTS = {
  'breakpoint-spelling': {
    note: 18,
    effect: 'a breakpoint whose address was given without the copies of its sign bit is never recognised: the stop goes to the guest as an exception of its own',
    fate: 'later versions extend the sign on insertion, but still delete by the address as given; here the spelling does not matter anywhere',
  },
  'host-order-brk': {
    note: 33,
    effect: 'on a big-endian host the bytes of BRK are stored in the wrong order: the guest takes an undefined instruction at every software breakpoint',
    fate: 'instructions are little-endian whatever the order of data (DDI 0487 B2)',
  },
} as const satisfies Readonly<Record<string, Arm64VmmFault>>;

export type Arm64VmmFaultName = keyof typeof ARM64_VMM_FAULTS;
