import { describe, expect, it } from 'vitest';
import { ALTERNATIVES } from './alternatives.ts';
import { VHE_ALTERNATIVES } from './revisions/vhe.ts';
import { roundTrip } from '../test/round-trip.ts';

describe('the alternatives', () => {
  it('are in steps that the revision has, and no two rows of a step are the same', () => {
    const ids = new Set(VHE_ALTERNATIVES.steps.map(({ id }) => id));
    for (const { steps } of ALTERNATIVES) for (const step of steps) expect(ids, step).toContain(step);
    const rows = ALTERNATIVES.map(({ nvhe, vhe, steps, because }) => `${nvhe.text} | ${vhe.text} in ${steps.join(', ')}: ${because}`);
    expect(new Set(rows).size).toBe(rows.length);
  });

  // Facts, section 1: of the sixteen registers with EL12 names, ELR and SPSR are in the frame. Control and value of the timer by EL02 names.
  it('are as many as the facts count', () => {
    const used = (step: string, suffix: string): number => ALTERNATIVES.filter(({ vhe, steps }) => steps.includes(step) && vhe.text.includes(suffix)).length;
    expect(used('guest-all-save', '_el12')).toBe(14);
    expect(used('guest-all-restore', '_el12')).toBe(14);
    expect(used('guest-el1-save', '_el12')).toBe(2);
    expect(used('guest-el1-restore', '_el12')).toBe(2);
    expect(used('timer-restore', '_el02') + used('timer-save', '_el02')).toBe(5);
  });

  // The table is for reading; the steps go by the accessor families. What one says the other must do.
  it.each(['nvhe', 'vhe'] as const)('name each register as the steps do when they run, %s', (mode) => {
    const accesses = new Set(roundTrip('vhe', mode).rows.filter(({ operation }) => operation === 'read' || operation === 'write')
      .map(({ step, operation, written }) => `${step}: ${operation} ${written.toLowerCase()}`));
    for (const { nvhe, vhe, steps } of ALTERNATIVES) {
      const { text } = mode === 'nvhe' ? nvhe : vhe;
      const parsed = /^(?:mrs x\d+, (\w+)|msr (\w+), \w+)$/.exec(text);
      if (!parsed) continue;
      const [, from, to] = parsed;
      for (const step of steps) {
        if (VHE_ALTERNATIVES.steps.find(({ id }) => id === step)?.modes?.includes(mode) === false) continue;
        expect(accesses, `${text} in ${step}`).toContain(`${step}: ${from === undefined ? 'write' : 'read'} ${from ?? to}`);
      }
    }
  });
});
