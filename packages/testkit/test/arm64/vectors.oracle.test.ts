/**
 * What QEMU did with an instruction word, on the whole processor: registers, flags, memory, exceptions with their syndrome, at EL0, EL1
 * and EL2. A sample of every form on the three executions; vectors.nightly.test.ts runs all.
 */
import type { EngineKind } from '@worldswitch/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { exclusions, formsWithoutVectors, forms, nameOf } from '../../../../tooling/vectors/index.ts';
import { sampleOf, VectorRuns } from './vectors.ts';

/** One vector in so many. */
const EVERY = 29;
const KINDS: readonly EngineKind[] = ['evaluator', 'interpreter', 'translator'];

const samples = forms.map((form) => ({ form, vectors: sampleOf(form, EVERY) }));

describe('instruction vectors', () => {
  const runs = new VectorRuns(samples.flatMap(({ vectors }) => vectors.map(({ word }) => word)));

  it('exist for every form, and what has none says why', () => {
    expect(formsWithoutVectors()).toEqual([]);
    for (const { id, reason } of exclusions) expect(reason.length, id).toBeGreaterThan(20);
  });

  it.each(samples.map(({ form, vectors }) => [nameOf(form), vectors] as const))('%s', (_, vectors) => {
    expect(vectors.length).toBeGreaterThanOrEqual(10);
    expect(KINDS.flatMap((kind) => runs.run(kind, vectors))).toEqual([]);
  });

  afterAll(() => {
    // Regions hold what is inline: all but system instructions, atomics and the like.
    expect(runs.translated / runs.counts.translator).toBeGreaterThan(0.4);
  });
});
