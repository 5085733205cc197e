import { hex } from '@worldswitch/bits';
import { KINDS, warm } from './run.ts';
import type { Violations } from './report.ts';
import type { ArchitectureUnderTest, Scenario, SubjectState } from './subject.ts';

/** Runs a directed program on all engines, at once and one instruction at a time, and compares with what its author knows. */
export function checkScenario<S extends SubjectState>(under: ArchitectureUnderTest<S>, scenario: Scenario): Violations {
  const violations: string[] = [];
  const bytes = under.dialect.assemble(scenario.text, scenario.origin);
  for (const kind of KINDS) {
    for (const piece of [scenario.budget, 1, 3]) {
      const subject = under.make({ kind, engine: { threshold: 2 } });
      warm(subject);
      subject.engine.memory.load(Number(scenario.origin), bytes);
      subject.cores[0].pc = scenario.origin;
      scenario.prepare?.(subject);
      for (let left = scenario.budget; left > 0; left -= piece) {
        const stop = subject.run(0, Math.min(piece, left));
        if (stop.kind !== 'budget') break;
      }
      for (const [slot, expected] of scenario.expect) {
        const got = subject.cores[0].state.get(slot);
        if (got !== expected) violations.push(`${under.name}, ${kind}, ${scenario.name}, runs of ${piece}: ${slot.name} is ${hex(got)}, not ${hex(expected)}`);
      }
    }
  }
  return violations;
}
