/** Conditions on fields, compiled: a test over operands, the values they fix, and (for lint) the sets of words they cover. */
import type { Pattern } from './pattern.ts';
import type { Condition, Match } from './row.ts';

/** Reads a field's value by name. */
export type Get = (name: string) => number;

/** A named question about operands that fields alone cannot answer; registered by the architecture. */
export type Predicate = (operands: Readonly<Record<string, number>>) => boolean;
export type Predicates = { readonly [name: string]: Predicate };

/** Words `w` with `(w & mask) === value`, unsigned. */
export interface Cube {
  readonly mask: number;
  readonly value: number;
}

export interface CompiledCondition {
  test(get: Get): boolean;
  /** Fields that the condition fixes to one value. */
  readonly fixed: Readonly<Record<string, number>>;
  /** Pairs of fields that must be equal. */
  readonly equal: readonly (readonly [string, string])[];
  readonly fields: readonly string[];
  readonly predicates: readonly string[];
}

/** A condition that names something that does not exist or cannot hold. `rule` is the lint rule. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  readonly rule: 'unknown-field' | 'bad-match';
  constructor(rule: ConditionError['rule'], message: string) {
    super(message);
    this.rule = rule;
  }
}

const COMPARISON = /^(=|!=|<|<=|>|>=)([A-Za-z_][A-Za-z0-9_]*|[0-9]+)$/;

type Compare = (a: number, b: number) => boolean;
const COMPARE: Readonly<Record<string, Compare>> = {
  '=': (a, b) => a === b, '!=': (a, b) => a !== b,
  '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b,
};

function fieldOf(pattern: Pattern, name: string, where: string) {
  const field = pattern.byName.get(name);
  if (!field) {
    const known = pattern.fields.map((f) => f.name).join(', ') || 'none';
    throw new ConditionError('unknown-field', `${where} names field ${name}, which pattern '${pattern.source}' does not have; its fields: ${known}`);
  }
  return field;
}

function bitPattern(text: string): { mask: number; value: number } {
  return { mask: parseInt(text.replace(/[01]/g, '1').replace(/-/g, '0'), 2), value: parseInt(text.replace(/-/g, '0'), 2) };
}

function badMatch(name: string, match: unknown, why: string, where: string): never {
  throw new ConditionError('bad-match', `${where}: ${name}: ${JSON.stringify(match)} ${why}`);
}

function compileMatch(pattern: Pattern, name: string, match: Match, where: string): (get: Get) => boolean {
  const field = fieldOf(pattern, name, where);
  if (typeof match === 'string') {
    const comparison = COMPARISON.exec(match);
    if (comparison) {
      const compare = COMPARE[comparison[1]];
      const other = comparison[2];
      if (/^[0-9]/.test(other)) {
        const constant = Number(other);
        return (get) => compare(get(name), constant);
      }
      fieldOf(pattern, other, where);
      return (get) => compare(get(name), get(other));
    }
    if (!/^[01-]+$/.test(match)) badMatch(name, match, "is neither a bit pattern (0, 1, -) nor a comparison ('=field', '!=31', '<field', …)", where);
    if (match.length !== field.width) badMatch(name, match, `has ${match.length} bits; the field has ${field.width}`, where);
    const { mask, value } = bitPattern(match);
    return (get) => (get(name) & mask) >>> 0 === value;
  }
  const values = typeof match === 'number' ? [match] : match;
  for (const value of values) {
    if (!Number.isInteger(value) || value < 0 || value > field.ones) badMatch(name, match, `does not fit the field's ${field.width} bits (0 to ${field.ones})`, where);
  }
  if (values.length === 1) {
    const only = values[0];
    return (get) => get(name) === only;
  }
  return (get) => values.includes(get(name));
}

/** Compiles one condition. Throws `ConditionError` for unknown fields and matches that cannot hold; `where` opens the message. */
export function compileCondition(condition: Condition, pattern: Pattern, predicates: Predicates | undefined, where: string): CompiledCondition {
  const tests: ((get: Get) => boolean)[] = [];
  const fixed: Record<string, number> = {};
  const equal: (readonly [string, string])[] = [];
  const fields: string[] = [];
  const named: string[] = [];
  for (const [key, match] of Object.entries(condition)) {
    if (key === '$') {
      named.push(...(Array.isArray(match) ? (match as readonly string[]) : [String(match)]));
      continue;
    }
    tests.push(compileMatch(pattern, key, match as Match, where));
    fields.push(key);
    if (typeof match === 'number') fixed[key] = match;
    else if (typeof match === 'string' && /^=[A-Za-z_]/.test(match)) equal.push([key, match.slice(1)]);
    else if (typeof match === 'string' && /^=[0-9]/.test(match)) fixed[key] = Number(match.slice(1));
    else if (typeof match === 'string' && /^[01]+$/.test(match)) fixed[key] = parseInt(match, 2);
  }
  const questions = named.map((name) => {
    const negated = name.startsWith('!');
    const predicate = predicates?.[negated ? name.slice(1) : name];
    return (operands: Record<string, number>) => predicate !== undefined && predicate(operands) !== negated;
  });
  return {
    fixed, equal, fields, predicates: named,
    test(get) {
      for (const test of tests) if (!test(get)) return false;
      if (questions.length === 0) return true;
      const operands = Object.fromEntries(pattern.fields.map((field) => [field.name, get(field.name)]));
      return questions.every((question) => question(operands));
    },
  };
}

/**
 * The words a condition covers, as cubes; undefined when it compares fields with each other or names predicates (then it covers an
 * unknown part), or would need more than 256 cubes.
 */
export function cubesOf(condition: Condition, pattern: Pattern): readonly Cube[] | undefined {
  let cubes: Cube[] = [{ mask: 0, value: 0 }];
  for (const [name, match] of Object.entries(condition)) {
    const field = pattern.byName.get(name);
    if (!field) return undefined;
    let alternatives: Cube[];
    if (typeof match === 'string') {
      if (!/^[01-]+$/.test(match)) return undefined;
      alternatives = [bitPattern(match)];
    } else {
      const values = typeof match === 'number' ? [match] : (match as readonly number[]);
      alternatives = values.map((value) => ({ mask: field.ones, value }));
    }
    cubes = cubes.flatMap((cube) =>
      alternatives.map(({ mask, value }) => ({ mask: (cube.mask | (mask << field.low)) >>> 0, value: (cube.value | (value << field.low)) >>> 0 })));
    if (cubes.length > 256) return undefined;
  }
  return cubes;
}
