import { describe, it } from 'vitest';
import { editFields, readers, readNonsense, replaceBytes } from './test/mutations.ts';

const everyValue = Array.from({ length: 256 }, (_, value) => value);

describe.each(readers)('$name reader', (reader) => {
  it('survives every byte set to every value', () => replaceBytes(reader, () => everyValue));
  it('survives random edits of several fields', () => editFields(reader, 50_000));
  it('survives bytes that are no file at all', () => readNonsense(reader, 20_000));
});
