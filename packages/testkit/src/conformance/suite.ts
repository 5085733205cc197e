import { checkBudgets } from './budget.ts';
import { checkItself, checkOthers, checkRewriting, checkSharing } from './code.ts';
import { checkCases, seeds, type Violations } from './report.ts';
import type { Case } from './run.ts';
import { checkScenario } from './scenarios.ts';
import { checkSnapshots } from './snapshots.ts';
import { checkStops } from './stops.ts';
import type { ArchitectureUnderTest, SubjectState } from './subject.ts';

/** What the suite needs of a test framework; vitest, jest and node:test have it. */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => void) => void;
}

/** How much is tried. Seeds are fixed, so a failure comes again. */
export interface Effort {
  /** First seed. */
  readonly from: number;
  readonly programs: number;
  /** Instructions of each. */
  readonly budget: number;
  readonly garbage: number;
  /** Seeds of the checks that look at every instruction, and their instructions. */
  readonly stepped: number;
  readonly steps: number;
  /** Budgets tried for each of these seeds, and ways to cut them. */
  readonly samples: number;
}

export const FAST: Effort = { from: 1, programs: 12, budget: 6_000, garbage: 8, stepped: 3, steps: 300, samples: 5 };
/** Ten minutes on two cores that others use, too. */
export const LARGE: Effort = { from: 1000, programs: 100, budget: 20_000, garbage: 40, stepped: 8, steps: 800, samples: 12 };
/** Programs of one test: few enough that a long run shows how far it is, and that no test takes minutes. */
const BATCH = 20;

/** Fails with all violations of a check. */
export function expectConformance(violations: Violations): void {
  if (violations.length > 0) throw new Error(violations.join('\n'));
}

/**
 * Declares the tests that every architecture on the engine must pass. Truth comes from the evaluator where programs are
 * random, from the programs' authors where they are directed, and from properties: budgets, snapshots and stops change
 * nothing.
 */
export function conformance<S extends SubjectState>(under: ArchitectureUnderTest<S>, { describe, it }: TestFramework, effort: Effort = FAST): void {
  const { from, programs, budget, stepped, steps, samples } = effort;
  const test = (name: string, check: () => Violations): void => { it(name, () => { expectConformance(check()); }); };
  const compare = (name: string, count: number, more: Partial<Case>): void => {
    for (let first = from; first < from + count; first += BATCH) {
      const batch = seeds(first, Math.min(BATCH, from + count - first));
      test(count > BATCH ? `${name}, seeds from ${first}` : name, () => checkCases(under, batch.map((seed) => ({ seed, budget, ...more }))));
    }
  };
  const single = under as unknown as ArchitectureUnderTest;

  describe(`${under.name} on the engine`, () => {
    describe('executions agree', () => {
      compare('on random programs', programs, {});
      compare('with two processors', Math.ceil(programs / 3), { processors: 2, quantum: 137 });
      compare('with three processors and turns of one instruction', Math.ceil(programs / 8), { processors: 3, quantum: 1, budget: steps });
      compare('with three processors and turns of any length', Math.ceil(programs / 4), { processors: 3 });
      compare('where predecoded code is forgotten all the time', Math.ceil(programs / 3), { engine: { codePages: 2 } });
      compare('where everything is translated at once', Math.ceil(programs / 3), { engine: { threshold: 1 } });
      compare('on random memory and registers', effort.garbage, { garbage: true, processors: 2 });
    });
    describe('budgets', () => {
      for (const seed of seeds(from, stepped)) test(`are exact, seed ${seed}`, () => checkBudgets(under, { seed, budget: steps }, samples));
    });
    describe('code that changes', () => {
      test('by its own stores, of every size at every place', () => checkRewriting(single));
      test('by a store onto itself', () => checkItself(single));
      test('by another processor, a debugger, a device', () => checkOthers(under));
      test('is shared by processors', () => checkSharing(under));
    });
    describe('stops', () => {
      let hits = 0;
      test('come before the instruction and leave no trace', () => seeds(from, stepped * 4).flatMap((seed) => {
        const checked = checkStops(under, { seed, budget: steps });
        hits += checked.hits;
        return checked.violations;
      }));
      it('were met', () => {
        if (hits < stepped * 4) throw new Error(`${hits} stops in ${stepped * 4} programs: the programs do not reach what they are stopped at`);
      });
    });
    describe('snapshots', () => {
      for (const seed of seeds(from + 50, Math.ceil(stepped / 2))) {
        test(`at every step have the same future, seed ${seed}`, () => checkSnapshots(under, { seed, budget: steps >> 1 }, Math.min(60, steps >> 2), 90));
      }
    });
    describe('directed programs', () => {
      for (const scenario of under.scenarios) test(scenario.name, () => checkScenario(under, scenario));
    });
  });
}
