import { describe, expect, it } from 'vitest';
import { lint } from './index.ts';
import type { LintRule, Row, Status } from './index.ts';

const base: Row = { pattern: 'a:16 b:16', asm: 'op {a:hex}, {b:hex}', status: 'unbuilt', source: 'test' };
const kinds = {};
const predicates = { odd: ({ a }: Readonly<Record<string, number>>) => (a & 1) === 1 };

/** The rules broken by one row that differs from a good one, or by several rows. */
function broken(...changes: readonly Partial<Row>[]): readonly LintRule[] {
  const rows = Object.fromEntries(changes.map((change, i) => [`row${i}`, { ...base, ...change }]));
  return lint(rows, { kinds, predicates }).map((problem) => problem.rule);
}

describe('lint accepts', () => {
  it('a good row', () => expect(broken({})).toEqual([]));
  it('rows told apart by fixed bits', () => expect(broken({ pattern: '0 a:15 b:16' }, { pattern: '1 a:15 b:16' })).toEqual([]));
  it('an overlap inside a group', () => expect(broken({ pattern: '0 a:15 b:16', group: 'g' }, { group: 'g' })).toEqual([]));
  it('an overlap carved out by unless', () => {
    expect(broken({ pattern: '00 a:14 b:16' }, { unless: [{ a: '00--------------' }] })).toEqual([]);
    expect(broken({ pattern: '00 a:14 b:16' }, { unless: [{ a: '000-------------' }, { a: '001-------------' }] })).toEqual([]);
    expect(broken({ pattern: 'a:16 b:16', unless: [{ a: 0 }] }, { pattern: '0000000000000000 b:16', asm: 'op {b:hex}' })).toEqual([]);
  });
  it('fields settled by when', () => {
    expect(broken({ asm: [{ when: { b: '=a' }, text: 'op {a:hex}' }, { when: { b: 3 }, text: 'op {a}' }] })).toEqual([]);
    expect(broken({ aliases: [{ text: 'op', when: { a: 1, b: 2, $: 'odd' }, prefer: { $: '!odd' } }] })).toEqual([]);
  });
});

describe('lint refuses', () => {
  it('a part that is no pattern', () => expect(broken({ pattern: 'a:16 b:15 2' })).toEqual(['pattern-syntax']));
  it('two spaces', () => expect(broken({ pattern: 'a:16  b:16' })).toEqual(['pattern-syntax']));
  it('31 bits', () => expect(broken({ pattern: 'a:16 b:15' })).toEqual(['pattern-width']));
  it('33 bits', () => expect(broken({ pattern: 'a:16 b:16 0' })).toEqual(['pattern-width']));
  it('a field name used twice in a pattern', () => expect(broken({ pattern: 'a:16 a:16' })).toEqual(['duplicate-field']));
  it('an overlap outside a group', () => expect(broken({ pattern: '0 a:15 b:16' }, {})).toEqual(['overlap']));
  it('an overlap across groups', () => expect(broken({ pattern: '0 a:15 b:16', group: 'g' }, { group: 'h' })).toEqual(['overlap']));
  it('an overlap that unless carves only in part', () => {
    expect(broken({ pattern: '00 a:14 b:16' }, { unless: [{ a: '000-------------' }] })).toEqual(['overlap']);
    expect(broken({ pattern: '00 a:14 b:16' }, { unless: [{ a: '=b' }] })).toEqual(['overlap']);
  });
  it('a row that can never match', () => {
    expect(broken({ group: 'g' }, { pattern: '0 a:15 b:16', group: 'g' })).toEqual(['shadowed']);
    expect(broken({ pattern: '0 a:15 b:16', group: 'g' }, { group: 'g', priority: 1 })).toEqual(['shadowed']);
  });
  it('the same fixed bits twice', () => expect(broken({ group: 'g' }, { group: 'g' })).toEqual(['duplicate-pattern']));
  it('an unknown field in unless', () => expect(broken({ unless: [{ c: 1 }] })).toEqual(['unknown-field']));
  it('an unknown field in a comparison', () => expect(broken({ unless: [{ a: '=c' }] })).toEqual(['unknown-field']));
  it('an unknown field in a template', () => expect(broken({ asm: 'op {a}, {b}, {c}' })).toEqual(['unknown-field']));
  it('a match that does not fit', () => expect(broken({ unless: [{ a: 0x10000 }] })).toEqual(['bad-match']));
  it('a bit pattern of another width', () => expect(broken({ unless: [{ a: '01' }] })).toEqual(['bad-match']));
  it('a match in no language', () => expect(broken({ unless: [{ a: 'odd' }] })).toEqual(['bad-match']));
  it('a bracket left open', () => expect(broken({ asm: 'op {a}<, {b}' })).toEqual(['template-syntax']));
  it('a brace left open', () => expect(broken({ asm: 'op {a}, {b' })).toEqual(['template-syntax']));
  it('a placeholder that cannot be read', () => expect(broken({ asm: 'op {a,b}' })).toEqual(['template-syntax']));
  it('a row that cannot be written', () => expect(broken({ asm: [] })).toEqual(['template-syntax']));
  it('a field written twice', () => expect(broken({ asm: 'op {a}, {a}, {b}' })).toEqual(['repeated-operand']));
  it('a field nothing determines', () => expect(broken({ asm: 'op {a}' })).toEqual(['undetermined-field']));
  it('an unknown kind', () => expect(broken({ asm: 'op {a:Rsp}, {b}' })).toEqual(['unknown-kind']));
  it('an unknown predicate', () => expect(broken({ aliases: [{ text: 'op {a}, {b}', when: { $: 'even' } }] })).toEqual(['unknown-predicate']));
  it('a predicate in unless', () => expect(broken({ unless: [{ $: 'odd' }] })).toEqual(['unknown-predicate']));
  it('a row without source', () => expect(broken({ source: ' ' })).toEqual(['source']));
  it('an unknown status', () => expect(broken({ status: 'done' as string as Status })).toEqual(['status']));
});
