/** ESR_ELx of the debug exceptions (DDI 0487 D24 ESR_ELx). */
import { fields, hex } from '@worldswitch/bits';
import { MANUAL } from './manual.ts';
import type { ExceptionLevel } from './state.ts';

/** ESR_ELx: exception class, instruction length, syndrome. */
export const ESR = fields({ EC: [31, 26], IL: 25, ISS: [24, 0] });
/** ISS of a Breakpoint exception. */
export const ISS_BREAKPOINT = fields({ IFSC: [5, 0] });
/** ISS of a Software Step exception. */
export const ISS_STEP = fields({ ISV: 24, EX: 6, IFSC: [5, 0] });
/** ISS of a Watchpoint exception. WPT (with WPTV) is an option of FEAT_Debugv8p2; VNCR belongs to FEAT_NV2. */
export const ISS_WATCHPOINT = fields({
  WPT: [23, 18], WPTV: 17, WPF: 16, FnP: 15, VNCR: 13, FnV: 10, CM: 8, WnR: 6, DFSC: [5, 0],
});
/** ISS of a Breakpoint Instruction exception. */
export const ISS_BRK = fields({ Comment: [15, 0] });

/** The fault status code of every debug event, in IFSC and DFSC. */
export const FSC_DEBUG = 0b100010;

/** Exception classes. `lower`: from a level below the target; `same`: from the target level itself; BRK does not distinguish. */
export const DEBUG_CLASSES = {
  breakpoint: { lower: 0x30, same: 0x31, source: MANUAL.breakpoint },
  step: { lower: 0x32, same: 0x33, source: MANUAL.step },
  watchpoint: { lower: 0x34, same: 0x35, source: MANUAL.watchpoint },
  brk: { lower: 0x3c, same: 0x3c, source: MANUAL.brk },
} as const;

/** A name of `DEBUG_CLASSES`. */
export type DebugClass = keyof typeof DEBUG_CLASSES;

/** The EC of a debug exception taken from level `from` to level `to`. Throws RangeError when exceptions never go that way. */
export function debugExceptionClass(kind: DebugClass, from: ExceptionLevel, to: 1 | 2): number {
  if (from > to) throw new RangeError(`${kind} exception from EL${from} to EL${to}: an exception is never taken to a lower level; take the target from routing.ts`);
  return DEBUG_CLASSES[kind][from === to ? 'same' : 'lower'];
}

function syndrome(kind: DebugClass, from: ExceptionLevel, to: 1 | 2, ISS: bigint): bigint {
  // IL = 1: a 32-bit instruction for BRK, and by rule for the other debug exceptions.
  return ESR.encode({ EC: debugExceptionClass(kind, from, to), IL: 1, ISS });
}

/** ESR_ELx of a Breakpoint exception. */
export function breakpointSyndrome(from: ExceptionLevel, to: 1 | 2): bigint {
  return syndrome('breakpoint', from, to, ISS_BREAKPOINT.encode({ IFSC: FSC_DEBUG }));
}

/** ESR_ELx of a Software Step exception; see `stepSyndromeBits`. */
export function stepSyndrome(from: ExceptionLevel, to: 1 | 2, bits: { readonly ISV: 0 | 1; readonly EX: 0 | 1 }): bigint {
  if (bits.EX === 1 && bits.ISV === 0) throw new RangeError('EX = 1 with ISV = 0: EX is only valid with ISV; pass stepSyndromeBits(machine)');
  return syndrome('step', from, to, ISS_STEP.encode({ ...bits, IFSC: FSC_DEBUG }));
}

/** ESR_ELx of a Watchpoint exception, from a `WatchpointHit`. `reportUnit`: also fill WPT and WPTV, on cores that do. */
export function watchpointSyndrome(
  from: ExceptionLevel,
  to: 1 | 2,
  hit: { readonly WnR: 0 | 1; readonly CM: 0 | 1; readonly n: number },
  reportUnit = false,
): bigint {
  const unit = reportUnit ? { WPT: hit.n, WPTV: 1 } : {};
  return syndrome('watchpoint', from, to, ISS_WATCHPOINT.encode({ ...unit, CM: hit.CM, WnR: hit.WnR, DFSC: FSC_DEBUG }));
}

/** ESR_ELx of a Breakpoint Instruction exception; `comment` is the 16-bit immediate of the BRK. */
export function brkSyndrome(from: ExceptionLevel, to: 1 | 2, comment: number): bigint {
  if (!Number.isInteger(comment) || comment < 0 || comment > 0xffff) {
    throw new RangeError(`BRK #${Number.isInteger(comment) ? hex(comment) : comment}: the immediate has 16 bits, 0 to 0xffff`);
  }
  return syndrome('brk', from, to, ISS_BRK.encode({ Comment: comment }));
}
