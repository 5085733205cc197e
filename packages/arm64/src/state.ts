/**
 * Where the arm64 registers lie in a processor's state block, and what register number 31 means: the zero register or the
 * current stack pointer, by instruction form (DDI 0487 C1.2.5). Banked stack pointers are copies that the processor exchanges
 * when PSTATE.EL or PSTATE.SP changes; instructions only see {@link SP}.
 */
import { StateLayout } from '@worldswitch/engine';
import type { Slot } from '@worldswitch/engine';

/** The layout of one processor's state. System registers that instructions reach through slots are appended by the processor. */
export const STATE = new StateLayout();

/** X0 to X30. */
export const X: readonly Slot[] = STATE.ints('x', 31);

/** The stack pointer of the current exception level and PSTATE.SP. */
export const SP: Slot = STATE.int('sp');

/** V0 to V31, 128 bits each. */
export const V: readonly Slot[] = STATE.vectors('v', 32);

/** The link register. */
export const X30: Slot = X[30];

/** A source register where 31 reads as zero. */
export function xOrZero(n: number): Slot {
  return n === 31 ? STATE.zero : X[n];
}

/** A destination register where writes to 31 are discarded. */
export function xOrSink(n: number): Slot {
  return n === 31 ? STATE.sink : X[n];
}

/** A register where 31 is the stack pointer, as source or destination. */
export function xOrSp(n: number): Slot {
  return n === 31 ? SP : X[n];
}
