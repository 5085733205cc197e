/** Access permissions of both stages (DDI 0487 D8.4). */
import type { TranslationKind } from './types.ts';

/** What a page allows, as a set of bits; privileged and EL0 apart. */
export const ALLOW = {
  privilegedRead: 1, privilegedWrite: 2, privilegedFetch: 4,
  userRead: 8, userWrite: 16, userFetch: 32,
  /** PAN takes privileged data accesses away. */
  panApplies: 64,
} as const;

const NEEDED: Readonly<Record<TranslationKind, number>> = { read: 1, write: 2, fetch: 4 };

/** Whether `allowed` lets an access of this kind through. `pan` is true where PSTATE.PAN counts for it. */
export function permits(allowed: number, kind: TranslationKind, user: boolean, pan: boolean): boolean {
  if ((allowed & (user ? NEEDED[kind] << 3 : NEEDED[kind])) === 0) return false;
  return !(pan && !user && kind !== 'fetch' && (allowed & ALLOW.panApplies) !== 0);
}

/** The permission bits of a stage 1 leaf, its tables' already merged in. */
export interface Stage1Bits {
  /** AP[2], with a writable-clean page counting as 0. */
  readonly readOnly: boolean;
  /** AP[1]. */
  readonly user: boolean;
  /** Bit 54: UXN, or XN in the EL2 regime. */
  readonly uxn: boolean;
  /** Bit 53. */
  readonly pxn: boolean;
}

/** Controls of the regime that bear on permissions. */
export interface Stage1Controls {
  readonly twoRanges: boolean;
  readonly wxn: boolean;
  readonly epan: boolean;
}

/**
 * Pages that EL0 can write are never executable by the privileged level, whatever PXN says. WXN counts the write permission before PAN.
 * The EL2 regime has one level of privilege: AP[1] counts as 1 and PXN as 0.
 */
export function stage1Permissions(bits: Stage1Bits, { twoRanges, wxn, epan }: Stage1Controls): number {
  const write = !bits.readOnly;
  let allowed = ALLOW.privilegedRead | (write ? ALLOW.privilegedWrite : 0);
  if (!twoRanges) return allowed | (bits.uxn || (write && wxn) ? 0 : ALLOW.privilegedFetch);
  const userWrite = bits.user && write;
  const userFetch = !(bits.uxn || (userWrite && wxn));
  if (bits.user) allowed |= ALLOW.userRead;
  if (userWrite) allowed |= ALLOW.userWrite;
  if (userFetch) allowed |= ALLOW.userFetch;
  if (!(bits.pxn || (write && wxn) || userWrite)) allowed |= ALLOW.privilegedFetch;
  if (bits.user || (epan && !bits.uxn)) allowed |= ALLOW.panApplies;
  return allowed;
}

/** Everything: stage 1 off. */
export const ALL_ALLOWED = 63;

/** Fetch bits by XN[1:0] with FEAT_XNX: both, EL0 only, none, EL1 only. */
const XN_ALLOWS = [
  ALLOW.privilegedFetch | ALLOW.userFetch, ALLOW.userFetch, 0, ALLOW.privilegedFetch,
] as const;

/** S2AP and XN of a stage 2 leaf. Execution needs no read permission. Without FEAT_XNX bit 53 is ignored. */
export function stage2Permissions(read: boolean, write: boolean, xn: number, xnx: boolean): number {
  const fetch = XN_ALLOWS[xnx ? xn : xn & 2];
  return fetch | (read ? ALLOW.privilegedRead | ALLOW.userRead : 0) | (write ? ALLOW.privilegedWrite | ALLOW.userWrite : 0);
}
