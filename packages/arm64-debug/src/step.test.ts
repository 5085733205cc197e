import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  COMPLETING_EXCEPTIONS, STEP_IDLE, afterEret, afterInstruction, atExceptionEntry, debugEnabledFrom, explainReturn, explainStep, obstacles, stepPending, stepPhase,
  stepSyndrome, stepSyndromeBits, targetEL, type DebugControls, type ExceptionLevel, type ReturnState, type StepMachine, type StepState,
} from './index.ts';
import { LAB, OPEN, anyControls, anyLevel } from './test/fixtures.ts';

const STEPPING: DebugControls = { ...OPEN, SS: true };

function at(el: ExceptionLevel, D: boolean, controls: Partial<DebugControls> = {}, step: StepMachine = STEP_IDLE): StepState {
  return { implementation: LAB, controls: { ...STEPPING, ...controls }, el, D, step };
}

/** Runs an ERET and goes to where it leads. */
function eret(state: StepState, spsr: ReturnState): StepState {
  return { ...state, el: spsr.to, D: spsr.D, step: afterEret(state, spsr) };
}

function execute(state: StepState, loadExclusive = false): StepState {
  expect(stepPending(state)).toBe(false);
  return { ...state, step: afterInstruction(state.step, stepPhase(state), loadExclusive) };
}

const anyStep = fc.record({ SS: fc.boolean(), last: fc.constantFrom<StepMachine['last']>('none', 'stepped', 'stepped-load-exclusive') });
const anyPlace = fc.record({ controls: anyControls, el: anyLevel, D: fc.boolean(), step: anyStep }).map((place): StepState => ({ implementation: LAB, ...place }));

describe('the step machine', () => {
  it('steps one instruction of a guest: KVM enters from EL2 with D set and SPSR.SS = 1', () => {
    const guest = eret(at(2, true, { KDE: false }), { to: 1, SS: true, D: false });
    expect(stepPhase(guest)).toBe('active-not-pending');
    const done = execute(guest);
    expect(stepPhase(done)).toBe('active-pending');
    expect(stepSyndrome(1, targetEL(done) as 2, stepSyndromeBits(done.step))).toBe(0xcb00_0022n);
    // The exception saves SS = 0; entering again with SPSR.SS = 0 traps before the first instruction.
    const entry = atExceptionEntry(done.step, stepPhase(done), 'before-instruction');
    expect(entry).toEqual({ spsrSS: false, step: STEP_IDLE, D: true });
    const again = eret(at(2, true, { KDE: false }, entry.step), { to: 1, SS: false, D: false });
    expect(stepPending(again)).toBe(true);
    expect(stepSyndromeBits(again.step)).toEqual({ ISV: 0, EX: 0 });
  });

  it('needs KDE = 0 or D = 1 at EL2, or the ERET loses SS', () => {
    const phases = [[false, false], [false, true], [true, true], [true, false]].map(([KDE, D]) => stepPhase(eret(at(2, D, { KDE }), { to: 1, SS: true, D: true })));
    expect(phases).toEqual(['active-not-pending', 'active-not-pending', 'active-not-pending', 'active-pending']);
  });

  it('a guest kernel steps a process with KDE = 0', () => {
    const user = eret(at(1, false, { TDE: false, KDE: false }), { to: 0, SS: true, D: false });
    expect(stepPhase(user)).toBe('active-not-pending');
    expect(stepPending(execute(user))).toBe(true);
  });

  it('a guest kernel steps itself with KDE = 1, D = 1 before the ERET and SPSR.D = 0', () => {
    const controls = { TDE: false, KDE: true };
    expect(stepPhase(eret(at(1, true, controls), { to: 1, SS: true, D: false }))).toBe('active-not-pending');
    expect(stepPhase(eret(at(1, true, controls), { to: 1, SS: true, D: true }))).toBe('inactive');
    expect(stepPhase(eret(at(1, false, controls), { to: 1, SS: true, D: false }))).toBe('active-pending');
  });

  it('an exception to EL1 while EL2 debugs is caught at the first instruction of the vector', () => {
    const user = eret(at(2, true), { to: 0, SS: true, D: false });
    const entry = atExceptionEntry(user.step, stepPhase(user), 'before-instruction');
    expect(entry.spsrSS).toBe(true);
    const vector: StepState = { ...user, el: 1, D: entry.D, step: entry.step };
    expect(stepPending(vector)).toBe(true);
    expect(stepSyndromeBits(vector.step)).toEqual({ ISV: 0, EX: 0 });
  });

  it('SVC, HVC and SMC use up their step; faults, BRK and interrupts keep it', () => {
    expect(COMPLETING_EXCEPTIONS).toEqual(['SVC', 'HVC', 'SMC']);
    const active: StepMachine = { SS: true, last: 'none' };
    expect(atExceptionEntry(active, 'active-not-pending', 'completed').spsrSS).toBe(false);
    expect(atExceptionEntry(active, 'active-not-pending', 'before-instruction').spsrSS).toBe(true);
    expect(atExceptionEntry(STEP_IDLE, 'active-pending', 'before-instruction').spsrSS).toBe(false);
  });

  it('an interrupt between step and step exception loses neither: the step exception follows its return', () => {
    const stepped = execute(eret(at(2, true, { KDE: false }), { to: 1, SS: true, D: false }));
    const interrupt = atExceptionEntry(stepped.step, stepPhase(stepped), 'before-instruction');
    expect(interrupt.spsrSS).toBe(false);
    expect(stepPending(eret({ ...stepped, el: 2, D: true, step: interrupt.step }, { to: 1, SS: interrupt.spsrSS, D: false }))).toBe(true);
  });

  it('EX tells a stepped load-exclusive', () => {
    const guest = eret(at(2, true), { to: 1, SS: true, D: false });
    expect(stepSyndromeBits(execute(guest, true).step)).toEqual({ ISV: 1, EX: 1 });
    expect(stepSyndromeBits(execute(guest, false).step)).toEqual({ ISV: 1, EX: 0 });
  });

  it('a stepped ERET from EL1 to EL0 ends the step there', () => {
    const kernel = eret(at(2, true), { to: 1, SS: true, D: true });
    const user = eret(kernel, { to: 0, SS: true, D: false });
    expect(stepPending(user)).toBe(true);
    expect(stepSyndromeBits(user.step)).toEqual({ ISV: 1, EX: 0 });
  });

  it('is inactive while debug exceptions are disabled, and wakes pending', () => {
    const masked = at(1, true, { TDE: false });
    expect(stepPhase(masked)).toBe('inactive');
    const unmasked = { ...execute(masked), D: false };
    expect(stepPhase(unmasked)).toBe('active-pending');
    expect(stepSyndromeBits(unmasked.step)).toEqual({ ISV: 0, EX: 0 });
    expect(stepPhase(at(1, false, { TDE: false, SS: false }))).toBe('inactive');
  });

  it('keeps its invariants anywhere', () => {
    fc.assert(fc.property(anyPlace, fc.boolean(), (state, loadExclusive) => {
      const phase = stepPhase(state);
      expect(stepPending(state)).toBe(phase === 'active-pending');
      expect(explainStep(state).holds).toBe(phase === 'active-pending');
      expect((obstacles(explainStep(state)).length === 0)).toBe(phase === 'active-pending');
      // One instruction of the active state ends the step, whichever it is.
      if (phase === 'active-not-pending') expect(stepPhase({ ...state, step: afterInstruction(state.step, phase, loadExclusive) })).toBe('active-pending');
      if (phase === 'inactive') expect(afterInstruction(state.step, phase, loadExclusive)).toEqual({ SS: state.step.SS, last: 'none' });
    }));
  });

  it('an ERET restores SS exactly under the three conditions', () => {
    let restored = 0;
    fc.assert(fc.property(anyPlace, fc.record({ to: anyLevel, SS: fc.constant(true), D: fc.boolean() }), (state, spsr) => {
      const expected = state.controls.SS && !debugEnabledFrom(state, state.el, state.D) && debugEnabledFrom(state, spsr.to, spsr.D);
      if (expected) restored++;
      expect(afterEret(state, spsr).SS).toBe(expected);
      expect(explainReturn(state, spsr).holds).toBe(expected);
      expect(afterEret(state, { ...spsr, SS: false }).SS).toBe(false);
    }), { numRuns: 1000 });
    expect(restored).toBeGreaterThan(20);
  });
});
