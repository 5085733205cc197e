import { formatHash } from '@worldswitch/machine';
import { KINDS, prepare, Random, rewritingHash, stateHash, toyUnderTest, turns, type ArchitectureUnderTest, type Case, type SubjectState } from '@worldswitch/testkit';
import { a64UnderTest } from './a64.ts';

/** What to run; plain JSON, since it goes to a page. */
export interface HashRequest {
  readonly cases: readonly Case[];
}

function hashes<S extends SubjectState>(under: ArchitectureUnderTest<S>, cases: readonly Case[]): readonly (readonly [string, readonly string[]])[] {
  const out: [string, readonly string[]][] = [];
  for (const kind of KINDS) {
    for (const one of cases) {
      const subject = prepare(under, kind, one);
      const plan = turns(one);
      const list: string[] = [];
      for (let turn = 1; turn <= 60; turn++) {
        const { processor, budget } = plan.next().value;
        subject.revive(processor, subject.run(processor, Math.min(budget, 400)));
        if (turn % 10 === 0) list.push(formatHash(stateHash(subject)));
      }
      out.push([`${under.name}, seed ${one.seed}, ${one.processors ?? 1} processors, ${kind}`, list]);
    }
    out.push([`${under.name}, code that rewrites itself, ${kind}`, [formatHash(rewritingHash(under, kind))]]);
  }
  return out;
}

/** State hashes of the toy and of A64 on every execution, after each tenth turn, by a name that ends with the execution. */
export function main({ cases }: HashRequest): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...hashes(toyUnderTest(), cases), ...hashes(a64UnderTest(new Random(1)), cases)]);
}
