import { describe, expect, it } from 'vitest';
import { StateLayout } from '../state/layout.ts';
import { SemanticsBuilder, SemanticsError, type I64 } from './builder.ts';
import { InstructionTable, op } from './semantics.ts';
import type { Bound } from './types.ts';

const layout = new StateLayout();
const [slot] = layout.ints('r', 1);
const zero = (s: SemanticsBuilder): I64 => s.literal(0, 64);

describe('the builder refuses', () => {
  it.each<readonly [string, (s: SemanticsBuilder) => void, string]>([
    ['an access after an effect', (s) => { s.setInt(slot, zero(s)); s.access('read', zero(s), 4); }, 'access after an effect: what can fault comes before the first effect'],
    ['a helper after an effect', (s) => { s.setInt(slot, zero(s)); s.helper('x'); }, 'helper x after an effect'],
    ['an exception after an effect', (s) => { s.setInt(slot, zero(s)); s.raise('svc'); }, 'raise svc after an effect'],
    ['operands of two types', (s) => { s.add<'i32' | 'i64'>(zero(s), s.literal(0, 32)); }, 'add of i64 and i32'],
    ['a comparison of two types', (s) => { s.compare<'i32' | 'i64'>('eq', zero(s), s.literal(0, 32)); }, 'eq of i64 and i32'],
    ['flags of two types', (s) => { s.setFlagsAdd(zero(s), s.literal(0, 32)); }, 'flags of i64 and i32'],
    ['a high product of 32 bits', (s) => { s.binary('mulHighU', s.literal(1, 32), s.literal(1, 32)); }, 'mulHighU is defined for i64 only'],
    ['a lane of the wrong type', (s) => { s.splat(32, zero(s)); }, 'a i64 value for a 32-bit lane'],
    ['bytes outside an access', (s) => { s.loadFrom(s.access('read', zero(s), 4), 2, 4, 32); }, 'bytes 2..5 of an access of 4 bytes'],
    ['eight bytes in 32 bits', (s) => { s.loadFrom(s.access('read', zero(s), 8), 0, 8 as 4, 32); }, '8 bytes do not fit 32 bits'],
    ['a store to what was checked for reading', (s) => { s.storeTo(s.access('read', zero(s), 8), 0, 8, zero(s)); }, 'checked for reading'],
    ['a vector in eight bytes', (s) => { s.storeTo(s.access('write', zero(s), 8), 0, 8, s.vectorLiteral(0n)); }, 'a v128 value in a store of 8 bytes'],
    ['elements that do not divide', (s) => { s.access('read', zero(s), 12, { element: 8 }); }, 'an access of 12 bytes in elements of 8'],
    ['more than 64 bytes', (s) => { s.access('read', zero(s), 128, { element: 16 }); }, 'an access of 128 bytes'],
    ['two ends', (s) => { s.jumpTo(zero(s)); s.jumpTo(zero(s)); }, 'a second end of the instruction: jumpTo after jumpTo'],
  ])('%s', (_, build, message) => {
    expect(() => { build(new SemanticsBuilder()); }).toThrow(message);
    expect(() => { build(new SemanticsBuilder()); }).toThrow(SemanticsError);
  });
});

describe('an instruction table', () => {
  const tableOf = (bind: (low: number) => Record<string, Bound> | undefined): InstructionTable =>
    new InstructionTable((word) => ({ id: 'x', operands: { low: word & 255 } }), { x: op(({ low }: { low: number }) => bind(low), () => undefined) });

  it('has one shape for all values, and a word that bind refuses is none', () => {
    const table = tableOf((low) => (low === 9 ? undefined : { value: low }));
    expect(table.bind(1)?.shape).toBe(table.bind(2)?.shape);
    expect(table.bind(2)?.values).toEqual([2]);
    expect(table.bind(9)).toBeUndefined();
    expect(table.shapes.length).toBe(1);
  });
  it('refuses a shape whose instructions bind different kinds', () => {
    const table = tableOf((low) => ({ value: low === 0 ? 0 : 1n }));
    table.bind(0);
    expect(() => table.bind(1)).toThrow('x binds [wide] where an earlier instruction of the shape bound [int]');
  });
  it('goes out of line for helpers, exceptions and unprivileged accesses only', () => {
    const inline = (build: (s: SemanticsBuilder) => void): boolean => {
      const s = new SemanticsBuilder();
      build(s);
      return s.template([]).inline;
    };
    expect(inline((s) => { s.store(zero(s), 8, zero(s)); })).toBe(true);
    expect(inline((s) => { s.helper('h'); })).toBe(false);
    expect(inline((s) => { s.raise('e'); })).toBe(false);
    expect(inline((s) => { s.access('read', zero(s), 4, { unprivileged: true }); })).toBe(false);
  });
});

describe('a state layout', () => {
  it('aligns registers and leaves the header alone', () => {
    const own = new StateLayout();
    own.int('a');
    const v = own.vector('v');
    expect(v.offset % 16).toBe(0);
    expect(own.zero.offset).toBeGreaterThanOrEqual(256);
    expect(own.slots.map(({ name }) => name)).toEqual(['a', 'v']);
  });
  it('refuses a name twice, and more than a record can name', () => {
    const own = new StateLayout();
    own.int('a');
    expect(() => own.vector('a')).toThrow('register a is declared twice');
    expect(() => own.vectors('v', 5000)).toThrow('a state block has 65536 bytes');
  });
});

