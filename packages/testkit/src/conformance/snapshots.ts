import { clonePlain, firstDifference, plainEqual } from '@worldswitch/machine';
import { hashChain } from './budget.ts';
import { KINDS, prepare, runOn, stateHash, type Case } from './run.ts';
import type { Violations } from './report.ts';
import type { ArchitectureUnderTest, SubjectState } from './subject.ts';

/**
 * A snapshot at every step of a stretch is the same machine: a new machine that restores it hashes alike and has the same
 * future, and the one that was saved is not touched. What engine restores is not the engine that saved.
 */
export function checkSnapshots<S extends SubjectState>(under: ArchitectureUnderTest<S>, one: Case, stretch: number, future: number): Violations {
  const violations: string[] = [];
  const chain = hashChain(under, 'evaluator', { ...one, budget: one.budget + stretch + future });
  for (const [index, kind] of KINDS.entries()) {
    const subject = prepare(under, kind, one);
    const other = prepare(under, KINDS[(index + 1) % KINDS.length], one);
    runOn(subject, 0, one.budget);
    for (let step = 0; step < stretch && one.budget + step + future < chain.length; step++) {
      const at = `${under.name}, ${kind}, seed ${one.seed}: the snapshot after ${one.budget + step} instructions`;
      const state = subject.save();
      if (!plainEqual(clonePlain(state), state)) violations.push(`${at} is not plain data`);
      other.restore(clonePlain(state));
      const lost = firstDifference(state, other.save());
      if (lost !== undefined) return [...violations, `${at} does not bring back ${lost}`];
      runOn(other, 0, future);
      if (stateHash(other) !== chain[one.budget + step + future]) return [...violations, `${at} has another future within ${future} instructions`];
      runOn(subject, 0, 1);
      if (stateHash(subject) !== chain[one.budget + step + 1]) return [...violations, `${at} disturbs the machine that is saved`];
    }
  }
  return violations;
}
