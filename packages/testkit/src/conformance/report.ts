import type { EngineKind } from '@worldswitch/engine';
import { compareEngines, type Case } from './run.ts';
import { listing, shrink } from './shrink.ts';
import type { ArchitectureUnderTest, SubjectState } from './subject.ts';

/** What a check found wrong; empty where the architecture conforms. */
export type Violations = readonly string[];

/** Compares the engines over cases; the first that fails is shrunken and listed. */
export function checkCases<S extends SubjectState>(under: ArchitectureUnderTest<S>, cases: Iterable<Case>, kinds?: readonly EngineKind[]): Violations {
  for (const one of cases) {
    if (compareEngines(under, one, kinds) === undefined) continue;
    const { smallest, divergence } = shrink(under, one, kinds);
    return [listing(under, smallest, divergence)];
  }
  return [];
}

/** The numbers from `from`, `count` of them. */
export function seeds(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
