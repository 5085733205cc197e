/** The four comparator registers: field codecs, and what a write leaves in them. */
import { fields, mask, signExtend } from '@worldswitch/bits';
import { isContextAware, type DebugImplementation } from './state.ts';

/** Breakpoint control, DBGBCR<n>_EL1 (DDI 0487 D24.3). Later extensions' fields (MASK, BT2, SSCE, LBNX) are RES0 here. */
export const DBGBCR = fields({ E: 0, PMC: [2, 1], BAS: [8, 5], HMC: 13, SSC: [15, 14], LBN: [19, 16], BT: [23, 20] });

/** Watchpoint control, DBGWCR<n>_EL1 (DDI 0487 D24.3). */
export const DBGWCR = fields({
  E: 0, PAC: [2, 1], LSC: [4, 3], BAS: [12, 5], HMC: 13, SSC: [15, 14], LBN: [19, 16], WT: 20, MASK: [28, 24],
});

/** Breakpoint value, DBGBVR<n>_EL1: overlapping readings, of which DBGBCR<n>_EL1.BT selects some. `address` is bits 63:2, unshifted. */
export const DBGBVR = fields({ address: [63, 2], contextId: [31, 0], vmid: [47, 32], contextId2: [63, 32] });

/** Watchpoint value, DBGWVR<n>_EL1. `address` is bits 63:2, unshifted; bit 2 set is the deprecated word-aligned form. */
export const DBGWVR = fields({ address: [63, 2], word: 2 });

/** Decoded DBGBCR. */
export type BreakpointControl = ReturnType<typeof DBGBCR.decode>;
/** Decoded DBGWCR. */
export type WatchpointControl = ReturnType<typeof DBGWCR.decode>;

function refuseUnimplemented(register: string, n: number, count: number): void {
  if (Number.isInteger(n) && n >= 0 && n < count) return;
  throw new RangeError(
    `${register}${n}_EL1: this core implements numbers 0 to ${count - 1}, any other access is UNDEFINED; check the number before writing`,
  );
}

const BCR_STORED = DBGBCR.names.reduce((all, name) => all | DBGBCR.mask(name), 0n);
const WCR_STORED = DBGWCR.names.reduce((all, name) => all | DBGWCR.mask(name), 0n);
const WORD_ALIGNED = mask(64) & ~mask(2);

/**
 * What DBGBCR<n>_EL1 holds after `value` is written. Reserved combinations are kept as written (they act as disabled, see `levels.ts`).
 * BAS reads as ones on a core without AArch32; with AArch32 bits 1 and 3 of BAS copy bits 0 and 2. Throws RangeError when breakpoint
 * `n` is not implemented.
 */
export function legaliseDbgbcr(n: number, value: bigint, implementation: DebugImplementation): bigint {
  refuseUnimplemented('DBGBCR', n, implementation.breakpoints);
  const stored = value & BCR_STORED;
  if (!implementation.aarch32) return DBGBCR.update(stored, { BAS: 0xf });
  const { BAS } = DBGBCR.decode(stored);
  return DBGBCR.update(stored, { BAS: ((BAS & 1) !== 0 ? 0b0011 : 0) | ((BAS & 4) !== 0 ? 0b1100 : 0) });
}

/**
 * What DBGBVR<n>_EL1 holds after `value` is written. On a context-aware breakpoint the type may still change, and bits that are RES0
 * for one type only are storage: all 64 are kept. Otherwise the register can only ever hold an address: bits 1:0 are RES0. Bits 63:49
 * are kept as written (the architecture allows this or a copy of bit 48). Throws RangeError when `n` is not implemented.
 */
export function legaliseDbgbvr(n: number, value: bigint, implementation: DebugImplementation): bigint {
  refuseUnimplemented('DBGBVR', n, implementation.breakpoints);
  return value & (isContextAware(n, implementation) ? mask(64) : WORD_ALIGNED);
}

/** What DBGWCR<n>_EL1 holds after `value` is written; reserved combinations are kept. Throws RangeError when `n` is not implemented. */
export function legaliseDbgwcr(n: number, value: bigint, implementation: DebugImplementation): bigint {
  refuseUnimplemented('DBGWCR', n, implementation.watchpoints);
  return value & WCR_STORED;
}

/** What DBGWVR<n>_EL1 holds after `value` is written: bits 1:0 are RES0. Throws RangeError when `n` is not implemented. */
export function legaliseDbgwvr(n: number, value: bigint, implementation: DebugImplementation): bigint {
  refuseUnimplemented('DBGWVR', n, implementation.watchpoints);
  return value & WORD_ALIGNED;
}

/** Sign-extends an address from bit 48 (bit 52 with FEAT_LVA), as software must before it writes DBGBVR or DBGWVR. */
export function extendAddress(address: bigint, largeVA = false): bigint {
  return signExtend(address, largeVA ? 53 : 49);
}
