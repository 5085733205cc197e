/** The breakpoint types, DBGBCR<n>_EL1.BT, as data. */
import { MANUAL } from './manual.ts';
import type { DebugImplementation } from './state.ts';

/** What a breakpoint type compares. `contextid` is the register of the present regime, the numbered ones are fixed. */
export type Comparison = 'address' | 'contextid' | 'contextidrEL1' | 'contextidrEL2' | 'vmid';

/**
 * How a type takes part. `alone`: fires by itself. `linked`: fires together with the context breakpoint named by LBN. `target`: fires
 * never by itself, only qualifies what links to it. `reserved`: means nothing to AArch64; acts as disabled.
 */
export type BreakpointRole = 'alone' | 'linked' | 'target' | 'reserved';

/** One row per value of BT. */
export interface BreakpointType {
  readonly BT: number;
  readonly name: string;
  readonly compares: readonly Comparison[];
  readonly role: BreakpointRole;
  /** What must be implemented: EL2, FEAT_VHE, or CONTEXTIDR_EL2 for debug (FEAT_VHE or FEAT_Debugv8p2, and EL2). */
  readonly needs?: 'EL2' | 'VHE' | 'CONTEXTIDR_EL2';
  readonly source: string;
}

const source = MANUAL.bcr;

/** Index = BT. Types 4 and 5 (address mismatch) belong to AArch32 or to the later FEAT_BWE. */
export const BREAKPOINT_TYPES: readonly BreakpointType[] = [
  { BT: 0, name: 'unlinked address match', compares: ['address'], role: 'alone', source },
  { BT: 1, name: 'linked address match', compares: ['address'], role: 'linked', source },
  { BT: 2, name: 'unlinked context ID match', compares: ['contextid'], role: 'alone', source },
  { BT: 3, name: 'linked context ID match', compares: ['contextid'], role: 'target', source },
  { BT: 4, name: 'unlinked address mismatch', compares: [], role: 'reserved', source },
  { BT: 5, name: 'linked address mismatch', compares: [], role: 'reserved', source },
  { BT: 6, name: 'unlinked CONTEXTIDR_EL1 match', compares: ['contextidrEL1'], role: 'alone', needs: 'VHE', source },
  { BT: 7, name: 'linked CONTEXTIDR_EL1 match', compares: ['contextidrEL1'], role: 'target', needs: 'VHE', source },
  { BT: 8, name: 'unlinked VMID match', compares: ['vmid'], role: 'alone', needs: 'EL2', source },
  { BT: 9, name: 'linked VMID match', compares: ['vmid'], role: 'target', needs: 'EL2', source },
  { BT: 10, name: 'unlinked VMID and CONTEXTIDR_EL1 match', compares: ['vmid', 'contextidrEL1'], role: 'alone', needs: 'EL2', source },
  { BT: 11, name: 'linked VMID and CONTEXTIDR_EL1 match', compares: ['vmid', 'contextidrEL1'], role: 'target', needs: 'EL2', source },
  { BT: 12, name: 'unlinked CONTEXTIDR_EL2 match', compares: ['contextidrEL2'], role: 'alone', needs: 'CONTEXTIDR_EL2', source },
  { BT: 13, name: 'linked CONTEXTIDR_EL2 match', compares: ['contextidrEL2'], role: 'target', needs: 'CONTEXTIDR_EL2', source },
  { BT: 14, name: 'unlinked CONTEXTIDR_EL1 and CONTEXTIDR_EL2 match', compares: ['contextidrEL1', 'contextidrEL2'],
    role: 'alone', needs: 'CONTEXTIDR_EL2', source },
  { BT: 15, name: 'linked CONTEXTIDR_EL1 and CONTEXTIDR_EL2 match', compares: ['contextidrEL1', 'contextidrEL2'],
    role: 'target', needs: 'CONTEXTIDR_EL2', source },
];

/** The row of a 4-bit BT value. */
export function breakpointType(BT: number): BreakpointType {
  const row = BREAKPOINT_TYPES[BT];
  if (row === undefined) throw new RangeError(`BT ${BT}: the field has four bits; pass DBGBCR.decode(value).BT`);
  return row;
}

/** Whether a type compares context, and so needs a context-aware unit. */
export function comparesContext(type: BreakpointType): boolean {
  return type.compares.some((comparison) => comparison !== 'address');
}

/** Whether the core implements what a type needs (unit capabilities aside). Reserved types: never. */
export function typeImplemented(type: BreakpointType, implementation: DebugImplementation): boolean {
  if (type.role === 'reserved') return false;
  switch (type.needs) {
    case 'EL2': return implementation.EL2;
    case 'VHE': return implementation.VHE;
    case 'CONTEXTIDR_EL2': return implementation.EL2 && (implementation.VHE || implementation.debugv8p2);
    default: return true;
  }
}
