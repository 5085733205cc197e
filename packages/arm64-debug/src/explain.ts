/**
 * Conditions that can be asked for their answer or for their reasons. A matcher is the `holds` of the root of such a tree, so an
 * explanation cannot disagree with the behaviour it explains.
 */
import { hex } from '@worldswitch/bits';

/** A value a condition looked at: registers and addresses as bigint, fields and levels as number. */
export type ConditionValue = bigint | number | boolean | string;

/** One condition with what it saw. Plain data: it can be cloned, stored and sent to a front end. */
export interface Condition {
  /** The condition as a statement, true or not. */
  readonly what: string;
  /** The values it was decided on, by their architectural names. */
  readonly values: Readonly<Record<string, ConditionValue>>;
  readonly holds: boolean;
  /** The manual's section that says so. */
  readonly because: string;
  /** How the children make up the answer; `fact` has none. */
  readonly made: 'fact' | 'all' | 'any';
  readonly children: readonly Condition[];
}

/** A leaf: decided on values alone. */
export function fact(what: string, holds: boolean, values: Readonly<Record<string, ConditionValue>>, because: string): Condition {
  return { what, values, holds, because, made: 'fact', children: [] };
}

/** Holds when every child does. All children are evaluated, so that every reason is seen and not only the first. */
export function all(what: string, because: string, children: readonly Condition[], values: Readonly<Record<string, ConditionValue>> = {}): Condition {
  return { what, values, holds: children.every((child) => child.holds), because, made: 'all', children };
}

/** Holds when at least one child does. */
export function any(what: string, because: string, children: readonly Condition[], values: Readonly<Record<string, ConditionValue>> = {}): Condition {
  return { what, values, holds: children.some((child) => child.holds), because, made: 'any', children };
}

/** The leaves that keep a condition from holding: none when it holds. What a user reads as "why did it not fire?". */
export function obstacles(condition: Condition): readonly Condition[] {
  if (condition.holds) return [];
  return condition.made === 'fact' ? [condition] : condition.children.flatMap(obstacles);
}

function show(value: ConditionValue): string {
  return typeof value === 'bigint' ? hex(value) : String(value);
}

/** The tree as indented text, one condition a line, `+` for one that holds and `-` for one that does not. Ends without a newline. */
export function renderCondition(condition: Condition, indent = 0): string {
  const values = Object.entries(condition.values).map(([name, value]) => `${name}=${show(value)}`).join(' ');
  const line = `${'  '.repeat(indent)}${condition.holds ? '+' : '-'} ${condition.what}${values === '' ? '' : ` (${values})`}  [${condition.because}]`;
  return [line, ...condition.children.map((child) => renderCondition(child, indent + 1))].join('\n');
}
