/** Where debug exceptions go and from where they may be taken (DDI 0487 D2.2, D2.3). */
import { all, any, fact, type Condition } from './explain.ts';
import { MANUAL } from './manual.ts';
import type { DebugControls, DebugImplementation, ExceptionLevel } from './state.ts';

/** What routing looks at. */
export interface RoutingState {
  readonly implementation: Pick<DebugImplementation, 'EL2'>;
  readonly controls: DebugControls;
}

/** The debug target Exception level, which takes every debug exception but a BRK from EL2: EL2 with TGE or TDE, else EL1. */
export function targetEL(state: RoutingState): 1 | 2 {
  return state.implementation.EL2 && (state.controls.TGE || state.controls.TDE) ? 2 : 1;
}

/** The level a BRK instruction executed at `el` is taken to. Never masked and not held back by a lock (DDI 0487 D2.7). */
export function brkTargetEL(state: RoutingState, el: ExceptionLevel): 1 | 2 {
  return el === 2 ? 2 : targetEL(state);
}

/**
 * Whether every debug exception but BRK may be taken from level `el` with mask bit `D`, with reasons. Below the target level KDE
 * and D are not looked at; at the target level both are; above it none is taken.
 */
export function explainEnabledFrom(state: RoutingState, el: ExceptionLevel, D: boolean): Condition {
  const { controls } = state;
  const target = targetEL(state);
  const { TGE, TDE } = controls;
  return all(`debug exceptions are enabled from EL${el}`, MANUAL.summary, [
    fact('the OS Lock is unlocked', !controls.OSLK, { 'OSLSR_EL1.OSLK': controls.OSLK }, MANUAL.powerdown),
    fact('the OS Double Lock is not in force', !controls.doubleLock, { doubleLock: controls.doubleLock }, MANUAL.powerdown),
    any(`EL${el} may raise them towards the target level, EL${target}`, MANUAL.enabling, [
      fact(`EL${el} is below the target level`, el < target, { 'PSTATE.EL': el, target, 'HCR_EL2.TGE': TGE, 'MDCR_EL2.TDE': TDE }, MANUAL.routing),
      all(`EL${el} is the target level and they are enabled there`, MANUAL.enabling, [
        fact(`EL${el} is the target level`, el === target, { 'PSTATE.EL': el, target, 'HCR_EL2.TGE': TGE, 'MDCR_EL2.TDE': TDE }, MANUAL.routing),
        fact('local debug exceptions are enabled', controls.KDE, { 'MDSCR_EL1.KDE': controls.KDE }, MANUAL.enabling),
        fact('debug exceptions are not masked', !D, { 'PSTATE.D': D }, MANUAL.enabling),
      ]),
    ]),
  ]);
}

/** Whether every debug exception but BRK may be taken from level `el` with mask bit `D`. See `explainEnabledFrom` for the reasons. */
export function debugEnabledFrom(state: RoutingState, el: ExceptionLevel, D: boolean): boolean {
  return explainEnabledFrom(state, el, D).holds;
}

/** Where a debug exception other than BRK raised at `el` goes: the target level, or undefined when it is not generated. */
export function debugExceptionTarget(state: RoutingState, el: ExceptionLevel, D: boolean): 1 | 2 | undefined {
  return debugEnabledFrom(state, el, D) ? targetEL(state) : undefined;
}
