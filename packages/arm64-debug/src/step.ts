/** The software-step state machine (DDI 0487 D2.11). */
import { all, fact, type Condition } from './explain.ts';
import { MANUAL } from './manual.ts';
import { debugEnabledFrom, explainEnabledFrom, type RoutingState } from './routing.ts';
import type { ExceptionLevel } from './state.ts';

const because = MANUAL.step;

/**
 * What the machine remembers between instructions. `SS` is PSTATE.SS. `last` says what the syndrome must tell: whether the
 * instruction just before was stepped, and whether it was a load-exclusive; it is not visible to software otherwise.
 */
export interface StepMachine {
  readonly SS: boolean;
  readonly last: 'none' | 'stepped' | 'stepped-load-exclusive';
}

/** The machine after a reset, and after every exception entry. */
export const STEP_IDLE: StepMachine = { SS: false, last: 'none' };

/** Routing facts with the present position and PSTATE.SS. */
export interface StepState extends RoutingState {
  readonly el: ExceptionLevel;
  readonly D: boolean;
  readonly step: StepMachine;
}

/** The three states of the manual's figure. */
export type StepPhase = 'inactive' | 'active-not-pending' | 'active-pending';

/** The state that MDSCR_EL1.SS, the enables and PSTATE.SS amount to. */
export function stepPhase(state: StepState): StepPhase {
  if (!state.controls.SS || !debugEnabledFrom(state, state.el, state.D)) return 'inactive';
  return state.step.SS ? 'active-not-pending' : 'active-pending';
}

/** Every condition for a Software Step exception to be taken before the next instruction; the root holds exactly when it is. */
export function explainStep(state: StepState): Condition {
  return all('a Software Step exception is taken before the next instruction', because, [
    fact('software step is enabled', state.controls.SS, { 'MDSCR_EL1.SS': state.controls.SS }, MANUAL.enableControls),
    explainEnabledFrom(state, state.el, state.D),
    fact('the step is pending', !state.step.SS, { 'PSTATE.SS': state.step.SS }, because),
  ]);
}

/** Whether a Software Step exception is taken before the next instruction: ahead even of PC alignment and the fetch. */
export function stepPending(state: StepState): boolean {
  return explainStep(state).holds;
}

/** ISS bits of a step exception. ISV and EX are 0 when the machine came to active-pending without stepping an instruction. */
export function stepSyndromeBits(step: StepMachine): { readonly ISV: 0 | 1; readonly EX: 0 | 1 } {
  return { ISV: step.last === 'none' ? 0 : 1, EX: step.last === 'stepped-load-exclusive' ? 1 : 0 };
}

/**
 * The machine after an instruction completed without an exception. `before` is the phase it started in: what it changes (PSTATE.D by
 * MSR, say) counts from the next instruction on. ERET is not one of these, see `afterEret`.
 */
export function afterInstruction(step: StepMachine, before: StepPhase, loadExclusive: boolean): StepMachine {
  if (before !== 'active-not-pending') return { SS: step.SS, last: 'none' };
  return { SS: false, last: loadExclusive ? 'stepped-load-exclusive' : 'stepped' };
}

/** Instructions whose exception is taken after they complete: it finds the step already done. */
export const COMPLETING_EXCEPTIONS = ['SVC', 'HVC', 'SMC'] as const;

/** How an exception relates to the instruction stream. */
export type ExceptionMoment =
  /** SVC, HVC or SMC that executed (not one that was trapped): the preferred return address is the next instruction. */
  | 'completed'
  /** Every other synchronous exception, and every interrupt: the instruction at ELR has not been executed. */
  | 'before-instruction';

/** What exception entry does to the machine, and the SS bit it saves in SPSR_ELx. PSTATE.D becomes 1 as on every entry. */
export interface StepAtEntry {
  readonly spsrSS: boolean;
  readonly step: StepMachine;
  readonly D: true;
}

/**
 * Exception entry. PSTATE.SS is saved as it stood, except that a completed SVC, HVC or SMC has used up its step. At the vector no
 * instruction has been stepped yet, so a step exception there reports ISV = 0 (the architecture leaves that open).
 */
export function atExceptionEntry(step: StepMachine, before: StepPhase, moment: ExceptionMoment): StepAtEntry {
  const usedUp = moment === 'completed' && before === 'active-not-pending';
  return { spsrSS: step.SS && !usedUp, step: STEP_IDLE, D: true };
}

/** What an ERET restores. */
export interface ReturnState {
  /** The level returned to; the current level when the return is illegal. */
  readonly to: ExceptionLevel;
  /** SPSR_ELx.SS, bit 21. */
  readonly SS: boolean;
  /** SPSR_ELx.D, bit 9. */
  readonly D: boolean;
}

/** The conditions under which ERET copies SPSR_ELx.SS to PSTATE.SS; where they do not hold, PSTATE.SS becomes 0. */
export function explainReturn(state: StepState, spsr: ReturnState): Condition {
  const source = explainEnabledFrom(state, state.el, state.D);
  return all('ERET copies SPSR.SS to PSTATE.SS', because, [
    fact('software step is enabled', state.controls.SS, { 'MDSCR_EL1.SS': state.controls.SS }, MANUAL.enableControls),
    fact(`debug exceptions are disabled from EL${state.el}, where the ERET executes`, !source.holds, {
      'PSTATE.EL': state.el, 'PSTATE.D': state.D, 'MDSCR_EL1.KDE': state.controls.KDE,
    }, because),
    explainEnabledFrom(state, spsr.to, spsr.D),
  ], { 'SPSR.SS': spsr.SS, to: spsr.to });
}

/**
 * The machine after an ERET. One that was itself stepped leaves PSTATE.SS at 0 and reports ISV = 1, EX = 0 (for a stepped ERET the
 * architecture leaves ISV open).
 */
export function afterEret(state: StepState, spsr: ReturnState): StepMachine {
  return {
    // The first two are in the third; asked first because nearly every ERET ends there.
    SS: state.controls.SS && spsr.SS && explainReturn(state, spsr).holds,
    last: stepPhase(state) === 'active-not-pending' ? 'stepped' : 'none',
  };
}
