import { differences, type CoreStop, type Difference, type EngineKind, type EngineOptions } from '@worldswitch/engine';
import { hashPlain } from '@worldswitch/machine';
import { Random } from '../random.ts';
import type { ArchitectureUnderTest, Subject, SubjectState } from './subject.ts';

export const KINDS: readonly EngineKind[] = ['evaluator', 'interpreter', 'translator'];
/** Stops in a row without an instruction after which a program counts as over. */
const DEAD = 3;

/** A fuzzed program and how it is run. The same case gives the same run everywhere. */
export interface Case {
  readonly seed: number;
  /** Instructions over all processors. */
  readonly budget: number;
  readonly processors?: number;
  /** Random memory and registers rather than a program. */
  readonly garbage?: boolean;
  readonly engine?: Partial<EngineOptions>;
  /** Instructions of a processor's turn; random from the seed where absent. */
  readonly quantum?: number;
  /** Words of the program that are replaced by nop. */
  readonly without?: ReadonlySet<number>;
}

/**
 * Makes the machine of a case, loaded and ready. Two of three seeds have generated code for every known shape from the
 * start; the others get it as a guest does, when enough was executed out of line.
 */
export function prepare<S extends SubjectState>(under: ArchitectureUnderTest<S>, kind: EngineKind, { seed, processors = 1, garbage, engine, without }: Case): Subject<S> {
  const subject = under.make({ kind, processors, engine: { threshold: 3, digest: seed % 2 === 0, ...engine } });
  const random = new Random(seed);
  if (garbage === true) under.loadGarbage(subject, random);
  else under.loadRandomProgram(subject, random);
  if (without !== undefined && without.size > 0) {
    const nop = under.dialect.assemble(under.dialect.nop, 0n);
    for (const word of without) subject.engine.memory.load(under.code.base + 4 * word, nop);
  }
  if (seed % 3 !== 0) warm(subject);
  return subject;
}

/** Gives an engine arms for all shapes its table has met, as if the program had run for long. */
export function warm({ engine }: Subject): void {
  if (engine.kind === 'evaluator') return;
  engine.code.want(engine.table.shapes);
  engine.grow();
}

/** One stretch of one processor: runs, and starts it again where it stopped by itself. */
export interface Turn {
  readonly processor: number;
  readonly budget: number;
}

/** The turns of a case: random lengths, short ones and long ones, or fixed quanta. */
export function* turns({ seed, processors = 1, quantum }: Case): Generator<Turn, never> {
  const random = new Random(seed * 7 + 1);
  for (let processor = 0; ; processor = (processor + 1) % processors) {
    yield { processor, budget: quantum ?? (random.chance(1, 2) ? 1 + random.below(10) : 1 + random.below(6000)) };
  }
}

export interface Divergence {
  readonly kind: EngineKind;
  /** Turns made before, all equal. */
  readonly turns: number;
  readonly turn: Turn;
  readonly differences: readonly Difference[];
}

/** Runs a case on all engines, turn by turn; the first difference from the evaluator, if there is any. */
export function compareEngines<S extends SubjectState>(under: ArchitectureUnderTest<S>, one: Case, kinds: readonly EngineKind[] = KINDS): Divergence | undefined {
  const subjects = kinds.map((kind) => prepare(under, kind, one));
  const plan = turns(one);
  let left = one.budget;
  let still = 0;
  for (let turn = 0; left > 0 && still < DEAD * (one.processors ?? 1); turn++) {
    const next = plan.next().value;
    const { processor } = next;
    const budget = Math.min(next.budget, left);
    const before = subjects[0].cores[processor].retired;
    const stops = subjects.map((subject) => subject.run(processor, budget));
    const states = subjects.map((subject, index) => ({ stop: plainStop(stops[index]), ...subject.save() }));
    for (const [index, kind] of kinds.entries()) {
      const found = index === 0 ? [] : differences(states[0], states[index]);
      if (found.length > 0) return { kind, turns: turn, turn: { processor, budget }, differences: found };
    }
    subjects.forEach((subject, index) => { subject.revive(processor, stops[index]); });
    const done = subjects[0].cores[processor].retired - before;
    still = done === 0 ? still + 1 : 0;
    left -= Math.max(done, 1);
  }
  return undefined;
}

/** A stop as data. */
export function plainStop(stop: CoreStop): { readonly [field: string]: string | number | bigint } {
  return { ...stop };
}

/** The hash of everything that decides a subject's future. */
export function stateHash(subject: Subject): bigint {
  return hashPlain(subject.save());
}

/** Runs one processor for exactly `budget` instructions, starting it again where it stops; less where it cannot go on. */
export function runOn(subject: Subject, processor: number, budget: number): number {
  const core = subject.cores[processor];
  const end = core.retired + budget;
  for (let still = 0; core.retired < end && still < DEAD;) {
    const before = core.retired;
    const stop = subject.run(processor, end - before);
    if (stop.kind !== 'budget') subject.revive(processor, stop);
    still = core.retired === before ? still + 1 : 0;
  }
  return budget - (end - core.retired);
}
