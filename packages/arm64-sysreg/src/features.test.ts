import { readFileSync } from 'node:fs';
import { hex } from '@worldswitch/bits';
import { describe, expect, it } from 'vitest';
import { REFERENCE_FEATURES, REGISTERS, hasFeatures, masksOf, visible } from './index.ts';
import type { RegisterName } from './index.ts';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/core-masks.json', import.meta.url), 'utf8')) as {
  features: string[];
  masks: Record<string, Record<string, [string, string, string]>>;
};

describe('feature expressions', () => {
  const have = new Set(['FEAT_A', 'FEAT_B']);
  it('reads | as any and & as all', () => {
    expect(hasFeatures(have, undefined)).toBe(true);
    expect(hasFeatures(have, 'FEAT_X|FEAT_A')).toBe(true);
    expect(hasFeatures(have, 'FEAT_A&FEAT_B')).toBe(true);
    expect(hasFeatures(have, 'FEAT_A&FEAT_X')).toBe(false);
    expect(hasFeatures(have, 'FEAT_X')).toBe(false);
  });
});

describe('masks of the reference processor', () => {
  it('uses the recorded feature set', () => expect([...REFERENCE_FEATURES].sort()).toEqual([...fixture.features].sort()));

  it('equals the recorded masks of every register and layout', () => {
    const different: string[] = [];
    for (const [name, layouts] of Object.entries(fixture.masks)) {
      for (const [tag, [implemented, res0, res1]] of Object.entries(layouts)) {
        const m = masksOf(REGISTERS[name as RegisterName].layouts[tag], REFERENCE_FEATURES);
        // The recording has two classes of fixed bits: those that read 0 and those that read 1.
        const found = [m.implemented, m.res0 | m.raz | m.unknown, m.res1 | m.rao];
        const wanted = [implemented, res0, res1].map(BigInt);
        if (found.some((mask, i) => mask !== wanted[i])) different.push(`${name} (${tag}): ${found.map((x) => hex(x)).join(' ')} for ${wanted.map((x) => hex(x)).join(' ')}`);
      }
    }
    expect(different).toEqual([]);
  });

  it('partitions the 64 bits', () => {
    for (const row of Object.values(REGISTERS)) {
      for (const layout of Object.values(row.layouts)) {
        const parts = Object.values(masksOf(layout, REFERENCE_FEATURES)) as bigint[];
        expect(parts.reduce((a, b) => a | b, 0n), row.name).toBe((1n << 64n) - 1n);
        expect(parts.reduce((a, b) => a + b, 0n), row.name).toBe((1n << 64n) - 1n);
      }
    }
  });

  it('shows reserved ones as ones', () => {
    const m = masksOf(REGISTERS.SCTLR_EL1.layouts['only'], REFERENCE_FEATURES);
    expect(visible(0n, m)).toBe(m.res1);
    expect(visible((1n << 64n) - 1n, m)).toBe(m.implemented | m.res1);
  });
});
