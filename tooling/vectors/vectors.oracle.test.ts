import { describe, expect, it } from 'vitest';
import { haveTools } from '../oracles/require.ts';
import { forms } from './forms.ts';
import { record, recorderTools } from './record.ts';
import { mismatch, vectorsOf } from './store.ts';

describe.runIf(haveTools(...recorderTools))('the stored vectors', () => {
  it('are what QEMU does today: a sample of every form, recorded live', () => {
    const sample = forms.flatMap((form) => [...vectorsOf(form)].filter(({ index }) => index % 19 === form.id % 19));
    expect(sample.length).toBeGreaterThan(5000);
    const wrong = record(sample).map(({ after }, index) => mismatch(sample[index], after)).filter((text) => text !== undefined);
    expect(wrong).toEqual([]);
  });
});
