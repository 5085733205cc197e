import { hex } from '@worldswitch/bits';
import type { EngineKind } from '@worldswitch/engine';
import { compareEngines, prepare, turns, type Case, type Divergence } from './run.ts';
import type { ArchitectureUnderTest, SubjectState } from './subject.ts';

/** Runs of the comparison that shrinking may cost. */
const PATIENCE = 120;

/**
 * Makes a failing case smaller, as long as it fails: first the budget by halving, then the program by replacing ever
 * smaller runs of instructions with nop.
 */
export function shrink<S extends SubjectState>(under: ArchitectureUnderTest<S>, failing: Case, kinds?: readonly EngineKind[]): { readonly smallest: Case; readonly divergence: Divergence } {
  let smallest = failing;
  let divergence = compareEngines(under, failing, kinds);
  if (divergence === undefined) throw new Error(`seed ${failing.seed} does not fail; shrink what does`);
  let tries = 0;
  const attempt = (candidate: Case): boolean => {
    if (tries++ >= PATIENCE) return false;
    const found = compareEngines(under, candidate, kinds);
    if (found === undefined) return false;
    smallest = candidate;
    divergence = found;
    return true;
  };
  const halveBudget = (patience: number): void => {
    const until = Math.min(PATIENCE, tries + patience);
    for (let [passes, fails] = [0, smallest.budget]; fails - passes > 1 && tries < until;) {
      const middle = (passes + fails) >>> 1;
      if (attempt({ ...smallest, budget: middle })) fails = middle;
      else passes = middle;
    }
  };
  halveBudget(20);
  if (failing.garbage !== true) {
    const most = PATIENCE - 20;
    for (let run = under.code.words >>> 1; run >= 1 && tries < most; run >>>= 1) {
      for (let from = 0; from < under.code.words && tries < most; from += run) {
        const already = smallest.without ?? new Set<number>();
        const more = Array.from({ length: run }, (_, n) => from + n).filter((word) => !already.has(word));
        if (more.length > 0) attempt({ ...smallest, without: new Set([...already, ...more]) });
      }
    }
    halveBudget(20);
  }
  return { smallest, divergence };
}

/** A failure for people: the case, what is left of the program, what the reference executed last, the first difference. */
export function listing<S extends SubjectState>(under: ArchitectureUnderTest<S>, failing: Case, divergence: Divergence): string {
  const { processors = 1, budget, seed, engine = {}, garbage = false } = failing;
  const options = JSON.stringify({ budget, processors, garbage, ...engine, ...(failing.quantum === undefined ? {} : { quantum: failing.quantum }) });
  const lines = [`${under.name}, ${divergence.kind}: seed ${seed} ${options}`];
  lines.push(`after ${divergence.turns} turns that agree, in ${divergence.turn.budget} instructions of processor ${divergence.turn.processor}:`);
  for (const { path, reference, candidate } of divergence.differences) lines.push(`  ${path}: evaluator ${reference}, ${divergence.kind} ${candidate}`);
  lines.push('the last instructions of the evaluator:', ...lastInstructions(under, failing, divergence).map((line) => `  ${line}`));
  return lines.join('\n');
}

function lastInstructions<S extends SubjectState>(under: ArchitectureUnderTest<S>, failing: Case, { turns: before, turn }: Divergence): readonly string[] {
  const subject = prepare(under, 'evaluator', failing);
  const plan = turns(failing);
  let left = failing.budget;
  for (let index = 0; index < before; index++) {
    const { processor, budget } = plan.next().value;
    const retired = subject.cores[processor].retired;
    subject.revive(processor, subject.run(processor, Math.min(budget, left)));
    left -= Math.max(1, subject.cores[processor].retired - retired);
  }
  const trace: string[] = [];
  const { nop } = under.dialect;
  let nops = 0;
  for (let done = 0; done < turn.budget && done < 20_000; done++) {
    const { pc } = subject.cores[turn.processor];
    const word = under.wordAt(subject, turn.processor);
    const text = word === undefined ? undefined : under.disassemble(word, pc);
    nops = text === nop ? nops + 1 : 0;
    if (nops > 1) trace.pop();
    trace.push(nops > 1 ? `… ${nops} × ${nop}` : `${hex(pc, 8)}  ${word === undefined ? '(no instruction)' : `${hex(word, 8)}  ${text ?? ''}`}`);
    if (trace.length > 24) trace.shift();
    const stop = subject.run(turn.processor, 1);
    if (stop.kind !== 'budget') break;
  }
  return trace;
}
