/** The table's refusals. Each rule has a test that it refuses; a table is good when `lint` returns nothing. */
import { hex } from '@worldswitch/bits';
import { compileCondition, ConditionError, cubesOf } from './condition.ts';
import type { Cube, Predicates } from './condition.ts';
import { kindOf } from './instruction-set.ts';
import type { Kinds } from './kind.ts';
import { parsePattern, PatternError } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import { STATUSES } from './row.ts';
import type { Alias, Condition, Row, Rows } from './row.ts';
import { parseTemplate, TemplateError } from './template.ts';

export type LintRule =
  | 'pattern-syntax' | 'pattern-width' | 'duplicate-field' | 'duplicate-pattern' | 'overlap' | 'shadowed' | 'unknown-field' | 'bad-match'
  | 'template-syntax' | 'repeated-operand' | 'undetermined-field' | 'unknown-kind' | 'unknown-predicate' | 'source' | 'status';

export interface Problem {
  /** The row. */
  readonly id: string;
  readonly rule: LintRule;
  /** What is wrong, the rule, and the way out. */
  readonly message: string;
}

export interface LintOptions {
  /** With kinds and predicates the templates' names are checked too. */
  readonly kinds?: Kinds;
  readonly predicates?: Predicates;
}

interface Entry {
  readonly id: string;
  readonly row: Row;
  readonly pattern: Pattern;
  /** Whole `unless` entries as cubes, with the pattern's own fixed bits left out. */
  readonly carved: readonly Cube[];
}

function list(given: Condition | readonly Condition[] | false | undefined): readonly Condition[] {
  if (given === undefined || given === false) return [];
  return Array.isArray(given) ? (given as readonly Condition[]) : [given as Condition];
}

function covers(outer: Cube, inner: Cube): boolean {
  return (outer.mask & ~inner.mask) === 0 && (inner.value & outer.mask) >>> 0 === outer.value;
}

/** Whether every word of `region` lies in one of the cubes. Splits the region on a bit that some cube tests. */
function coveredBy(region: Cube, cubes: readonly Cube[], fuel = 4096): boolean {
  const touching = cubes.filter((cube) => ((cube.value ^ region.value) & cube.mask & region.mask) === 0);
  if (touching.some((cube) => covers(cube, region))) return true;
  if (touching.length === 0 || fuel <= 1) return false;
  const untested = (touching[0].mask & ~region.mask) >>> 0;
  const bit = (untested & -untested) >>> 0;
  const mask = (region.mask | bit) >>> 0;
  return [region.value, (region.value | bit) >>> 0].every((value) => coveredBy({ mask, value }, touching, fuel / 2));
}

function checkConditions(id: string, pattern: Pattern, given: readonly Condition[], where: string, options: LintOptions, problems: Problem[]): void {
  for (const condition of given) {
    try {
      const compiled = compileCondition(condition, pattern, options.predicates, `${id}: ${where}`);
      const known = options.predicates;
      if (where === 'unless' && compiled.predicates.length > 0) {
        problems.push({ id, rule: 'unknown-predicate', message: `${id}: unless: predicates are for templates; decoding uses fields only` });
      } else if (known) {
        for (const name of compiled.predicates) {
          if (Object.hasOwn(known, name.replace(/^!/, ''))) continue;
          problems.push({ id, rule: 'unknown-predicate', message: `${id}: ${where}: no predicate ${name} is registered with the instruction set` });
        }
      }
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      problems.push({ id, rule: error.rule, message: error.message });
    }
  }
}

function checkTemplate(id: string, pattern: Pattern, variant: Alias, options: LintOptions, problems: Problem[]): void {
  const push = (rule: LintRule, message: string): void => void problems.push({ id, rule, message: `${id}: template '${variant.text}': ${message}` });
  checkConditions(id, pattern, list(variant.when), 'when', options, problems);
  checkConditions(id, pattern, list(variant.prefer), 'prefer', options, problems);
  let template;
  try {
    template = parseTemplate(variant.text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    problems.push({ id, rule: 'template-syntax', message: `${id}: ${error.message}` });
    return;
  }
  const named = new Set<string>();
  const settled = new Set<string>();
  for (const node of template.operands) {
    for (const field of node.fields) {
      if (!pattern.byName.has(field)) push('unknown-field', `pattern '${pattern.source}' has no field ${field}`);
      if (named.has(field)) push('repeated-operand', `field ${field} is written twice; a second mention belongs in one kind, or in when as '=${field}'`);
      named.add(field);
      settled.add(field);
    }
    if (!options.kinds) continue;
    const kind = kindOf(node, options.kinds);
    if (!kind) push('unknown-kind', `no operand kind ${node.kind} is registered with the instruction set`);
    for (const field of kind?.also ?? []) settled.add(field);
  }
  if (!options.kinds) return;
  const whens = list(variant.when);
  for (const when of whens.length > 0 ? whens : [{}]) {
    const fixed = new Set(settled);
    const ties: [string, string][] = [];
    for (const [field, match] of Object.entries(when)) {
      if (typeof match === 'number' || (typeof match === 'string' && /^(=[0-9]+|[01]+)$/.test(match))) fixed.add(field);
      else if (typeof match === 'string' && /^=[A-Za-z_]/.test(match)) ties.push([field, match.slice(1)]);
    }
    for (let round = 0; round <= ties.length; round++) {
      for (const [a, b] of ties) if (fixed.has(a) || fixed.has(b)) fixed.add(a).add(b);
    }
    for (const { name } of pattern.fields) {
      if (!fixed.has(name)) push('undetermined-field', `nothing determines field ${name} when assembling; name it in a placeholder or fix it in when`);
    }
  }
}

function checkRow(id: string, row: Row, pattern: Pattern, options: LintOptions, problems: Problem[]): void {
  checkConditions(id, pattern, row.unless ?? [], 'unless', options, problems);
  const variants: readonly Alias[] = typeof row.asm === 'string' ? [{ text: row.asm }] : row.asm;
  if (variants.length === 0) problems.push({ id, rule: 'template-syntax', message: `${id}: asm has no template; every row can be written` });
  for (const variant of [...variants, ...(row.aliases ?? [])]) checkTemplate(id, pattern, variant, options, problems);
}

/** Overlaps outside groups, rows that can never match, and equal patterns. */
function checkPairs(entries: readonly Entry[], problems: Problem[]): void {
  const first = new Map<string, Entry>();
  for (const entry of entries) {
    const key = `${entry.pattern.mask}:${entry.pattern.value}`;
    const earlier = first.get(key);
    const apart = earlier !== undefined && (entry.carved.length > 0 || earlier.carved.length > 0);
    if (earlier && !apart) {
      const message = `${entry.id}: the same fixed bits as ${earlier.id}; only one of them can be decoded`;
      problems.push({ id: entry.id, rule: 'duplicate-pattern', message });
    } else if (!earlier) first.set(key, entry);
  }
  for (let i = 0; i < entries.length; i++) {
    for (let j = i + 1; j < entries.length; j++) checkPair(entries[i], entries[j], problems);
  }
}

function checkPair(a: Entry, b: Entry, problems: Problem[]): void {
  const common = a.pattern.mask & b.pattern.mask;
  if (((a.pattern.value ^ b.pattern.value) & common) !== 0) return;
  if (a.pattern.mask === b.pattern.mask && a.carved.length === 0 && b.carved.length === 0) return; // reported as duplicate
  const region: Cube = { mask: (a.pattern.mask | b.pattern.mask) >>> 0, value: (a.pattern.value | b.pattern.value) >>> 0 };
  if (coveredBy(region, [...a.carved, ...b.carved])) return;
  if (a.row.group === undefined || a.row.group !== b.row.group) {
    const message = `${b.id} overlaps ${a.id}: both take ${hex(region.value, 8)}; give both the same group, or carve one with unless`;
    problems.push({ id: b.id, rule: 'overlap', message });
    return;
  }
  const [winner, loser] = (b.row.priority ?? 0) > (a.row.priority ?? 0) ? [b, a] : [a, b];
  if (covers(winner.pattern, loser.pattern) && !winner.row.unless?.length) {
    const message = `${loser.id}: every word of it goes to ${winner.id}, which comes first in group ${winner.row.group}; exchange them or set priority`;
    problems.push({ id: loser.id, rule: 'shadowed', message });
  }
}

/** Everything that is wrong with a table. Give kinds and predicates to check templates fully. */
export function lint(rows: Rows, options: LintOptions = {}): readonly Problem[] {
  const problems: Problem[] = [];
  const entries: Entry[] = [];
  for (const [id, row] of Object.entries(rows)) {
    if (row.source.trim() === '') problems.push({ id, rule: 'source', message: `${id}: no source; cite the manual and its section` });
    if (!STATUSES.includes(row.status)) problems.push({ id, rule: 'status', message: `${id}: status '${row.status}' is not one of ${STATUSES.join(', ')}` });
    let pattern: Pattern;
    try {
      pattern = parsePattern(row.pattern);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      problems.push({ id, rule: error.rule, message: `${id}: ${error.message}` });
      continue;
    }
    checkRow(id, row, pattern, options, problems);
    entries.push({ id, row, pattern, carved: (row.unless ?? []).flatMap((entry) => cubesOf(entry, pattern) ?? []) });
  }
  checkPairs(entries, problems);
  return problems;
}
