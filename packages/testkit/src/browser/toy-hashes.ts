import { formatHash } from '@worldswitch/machine';
import { KINDS, prepare, stateHash, turns, type Case } from '../conformance/run.ts';
import { rewritingHash } from '../conformance/code.ts';
import type { ArchitectureUnderTest } from '../conformance/subject.ts';
import { toyUnderTest } from '../toy/conformance.ts';

/** Seeds and processors to run; plain JSON, since it goes to a page. */
export interface HashRequest {
  readonly cases: readonly Case[];
}

/** The state hashes of cases on every execution, after each tenth turn: `seed/processors/kind` → hashes. */
export function main({ cases }: HashRequest): Record<string, readonly string[]> {
  const under = toyUnderTest();
  const out: Record<string, readonly string[]> = {};
  for (const one of cases) {
    for (const kind of KINDS) {
      const subject = prepare(under, kind, one);
      const plan = turns(one);
      const hashes: string[] = [];
      for (let turn = 1; turn <= 60; turn++) {
        const { processor, budget } = plan.next().value;
        subject.revive(processor, subject.run(processor, Math.min(budget, 400)));
        if (turn % 10 === 0) hashes.push(formatHash(stateHash(subject)));
      }
      out[`${one.seed}/${one.processors ?? 1}/${kind}`] = hashes;
    }
  }
  for (const kind of KINDS) out[`rewriting/${kind}`] = [formatHash(rewritingHash(under as unknown as ArchitectureUnderTest, kind))];
  return out;
}
