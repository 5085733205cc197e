/**
 * What QEMU did with an instruction word, on the whole processor: registers, flags, memory, exceptions with their syndrome, at EL0, EL1
 * and EL2. All recorded vectors on the three executions.
 */
import type { EngineKind } from '@worldswitch/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { exclusions, formsWithoutVectors, forms, nameOf } from '../../../../tooling/vectors/index.ts';
import { sampleOf, VectorRuns } from './vectors.ts';

const KINDS: readonly EngineKind[] = ['evaluator', 'interpreter', 'translator'];

const words = forms.flatMap((form) => sampleOf(form, 19).map(({ word }) => word));

describe('instruction vectors', () => {
  const runs = new VectorRuns(words);

  it('exist for every form, and what has none says why', () => {
    expect(formsWithoutVectors()).toEqual([]);
    for (const { id, reason } of exclusions) expect(reason.length, id).toBeGreaterThan(20);
  });

  it.each(forms.map((form) => [nameOf(form), form] as const))('%s', (_, form) => {
    const vectors = sampleOf(form, 1);
    expect(vectors.length).toBeGreaterThanOrEqual(300);
    expect(KINDS.flatMap((kind) => runs.run(kind, vectors))).toEqual([]);
  });

  afterAll(() => {
    // Regions hold what is inline: all but system instructions, atomics and the like.
    expect(runs.translated / runs.counts.translator).toBeGreaterThan(0.4);
  });
});
