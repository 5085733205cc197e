/** ESR_ELx of the debug exceptions (DDI 0487 D24.2 ESR_ELx). */
import { EC, ISS, encodeSyndrome } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { MANUAL } from './manual.ts';
import type { ExceptionLevel } from './state.ts';

/** The fault status code of every debug event, in IFSC and DFSC. */
export const FSC_DEBUG = 0b100010;

/** Exception classes. `lower`: from a level below the target; `same`: from the target level itself; BRK does not distinguish. */
export const DEBUG_CLASSES = {
  breakpoint: { lower: EC.BREAKPT_LOW, same: EC.BREAKPT_CUR, source: MANUAL.breakpoint },
  step: { lower: EC.SOFTSTP_LOW, same: EC.SOFTSTP_CUR, source: MANUAL.step },
  watchpoint: { lower: EC.WATCHPT_LOW, same: EC.WATCHPT_CUR, source: MANUAL.watchpoint },
  brk: { lower: EC.BRK64, same: EC.BRK64, source: MANUAL.brk },
} as const;

/** A name of `DEBUG_CLASSES`. */
export type DebugClass = keyof typeof DEBUG_CLASSES;

/** The EC of a debug exception taken from level `from` to level `to`. Throws RangeError when exceptions never go that way. */
export function debugExceptionClass(kind: DebugClass, from: ExceptionLevel, to: 1 | 2): number {
  if (from > to) {
    throw new RangeError(`${kind} exception from EL${from} to EL${to}: an exception is never taken to a lower level; take the target from targetEL`);
  }
  return DEBUG_CLASSES[kind][from === to ? 'same' : 'lower'];
}

function syndrome(kind: DebugClass, from: ExceptionLevel, to: 1 | 2, iss: bigint): bigint {
  // IL = 1: a 32-bit instruction for BRK, and by rule for the other debug exceptions.
  return encodeSyndrome({ ec: debugExceptionClass(kind, from, to), il: 1, iss: Number(iss) });
}

/** ESR_ELx of a Breakpoint exception. */
export function breakpointSyndrome(from: ExceptionLevel, to: 1 | 2): bigint {
  return syndrome('breakpoint', from, to, ISS.bp.encode({ IFSC: FSC_DEBUG }));
}

/** ESR_ELx of a Software Step exception; see `stepSyndromeBits`. */
export function stepSyndrome(from: ExceptionLevel, to: 1 | 2, bits: { readonly ISV: 0 | 1; readonly EX: 0 | 1 }): bigint {
  if (bits.EX === 1 && bits.ISV === 0) throw new RangeError('EX = 1 with ISV = 0: EX is only valid with ISV; pass stepSyndromeBits(machine)');
  return syndrome('step', from, to, ISS.step.encode({ ...bits, IFSC: FSC_DEBUG }));
}

/** ESR_ELx of a Watchpoint exception, from a `WatchpointHit`. `reportUnit`: also fill WPT and WPTV, on cores that do. */
export function watchpointSyndrome(
  from: ExceptionLevel,
  to: 1 | 2,
  hit: { readonly WnR: 0 | 1; readonly CM: 0 | 1; readonly n: number },
  reportUnit = false,
): bigint {
  const unit = reportUnit ? { WPT: hit.n, WPTV: 1 } : {};
  return syndrome('watchpoint', from, to, ISS.wp.encode({ ...unit, CM: hit.CM, WnR: hit.WnR, DFSC: FSC_DEBUG }));
}

/** ESR_ELx of a Breakpoint Instruction exception; `comment` is the 16-bit immediate of the BRK. */
export function brkSyndrome(from: ExceptionLevel, to: 1 | 2, comment: number): bigint {
  if (!Number.isInteger(comment) || comment < 0 || comment > 0xffff) {
    throw new RangeError(`BRK #${Number.isInteger(comment) ? hex(comment) : comment}: the immediate has 16 bits, 0 to 0xffff`);
  }
  return syndrome('brk', from, to, ISS.brk.encode({ Comment: comment }));
}
