import type { EngineKind } from '@worldswitch/engine';
import { Random } from '../random.ts';
import { KINDS, prepare, runOn, stateHash, type Case } from './run.ts';
import type { Violations } from './report.ts';
import type { ArchitectureUnderTest, SubjectState } from './subject.ts';

/** The hash after each instruction: entry k belongs to k retired instructions. Shorter where the program cannot go on. */
export function hashChain<S extends SubjectState>(under: ArchitectureUnderTest<S>, kind: EngineKind, one: Case): readonly bigint[] {
  const subject = prepare(under, kind, one);
  const chain = [stateHash(subject)];
  while (chain.length <= one.budget && runOn(subject, 0, 1) === 1) chain.push(stateHash(subject));
  return chain;
}

/**
 * Budgets are exact and leave no trace: on every engine a run of k instructions, and any way of cutting it, ends in the
 * state that k single steps give.
 */
export function checkBudgets<S extends SubjectState>(under: ArchitectureUnderTest<S>, one: Case, samples: number): Violations {
  const chain = hashChain(under, 'evaluator', one);
  const last = chain.length - 1;
  const violations: string[] = [];
  const random = new Random(one.seed + 1);
  const check = (kind: EngineKind, how: string, retired: number, hash: bigint): boolean => {
    if (hash === chain[retired]) return true;
    violations.push(`${under.name}, ${kind}, seed ${one.seed}: ${how}: the state after ${retired} instructions is not the one that ${retired} single steps of the evaluator give`);
    return false;
  };
  for (const kind of KINDS) {
    if (kind !== 'evaluator') {
      const steps = hashChain(under, kind, one);
      const odd = steps.findIndex((hash, index) => hash !== chain[index]);
      if (odd >= 0 || steps.length !== chain.length) check(kind, 'one by one', odd, steps[odd]);
    }
    for (let sample = 0; sample < samples; sample++) {
      const k = random.below(last + 1);
      const subject = prepare(under, kind, one);
      runOn(subject, 0, k);
      if (!check(kind, `a run of ${k}`, k, stateHash(subject))) break;
    }
    for (let sample = 0; sample < samples; sample++) {
      const subject = prepare(under, kind, one);
      const parts: number[] = [];
      for (let done = 0; done < last;) {
        const part = Math.min(last - done, random.chance(1, 2) ? 1 + random.below(20) : 1 + random.below(last));
        parts.push(part);
        runOn(subject, 0, part);
        done += part;
        if (!check(kind, `a run cut into ${parts.join(' + ')}`, done, stateHash(subject))) return violations;
      }
    }
  }
  return violations;
}
