/** Checks of the fact tables. Every rule refuses with the row, the value and the way out; an empty result means the tables are sound. */
import { parseCheck } from './conditions.ts';
import { rangeMask, rangesOf } from './features.ts';
import { indexInFamily } from './family.ts';
import type { AccessRules, BitRange, EncodingTuple, LayoutRow, LevelChecks, RegisterRow, RegisterRows, SystemInstructionRows } from './row.ts';

const ALL = (1n << 64n) - 1n;
const LIMITS = [3, 7, 15, 15, 7] as const;
const ABSENT = new Set(['RES0', 'RES1', 'RAZ', 'RAZ/WI', 'RAO/WI', 'UNKNOWN']);

function bitsText(bits: bigint): string {
  const list: number[] = [];
  for (let i = 0; i < 64; i++) if ((bits >> BigInt(i)) & 1n) list.push(i);
  return list.reverse().join(', ');
}

function lintRange(where: string, [high, low]: BitRange): readonly string[] {
  return high <= 63 && low >= 0 && high >= low ? [] : [`${where}: bits [${high}, ${low}] are not a range of 63 to 0, high first`];
}

function lintLayout(where: string, layout: LayoutRow): readonly string[] {
  const findings: string[] = [];
  const parts: (readonly [string, BitRange])[] = Object.entries(layout.fields).flatMap(([name, spec]) => rangesOf(spec).map((r) => [name, r] as const));
  for (const kind of ['res0', 'res1', 'raz', 'unknown'] as const) for (const r of layout[kind] ?? []) parts.push([kind.toUpperCase(), r]);
  let seen = 0n;
  for (const [name, range] of parts) {
    const bad = lintRange(`${where} ${name}`, range);
    findings.push(...bad);
    if (bad.length > 0) continue;
    const mask = rangeMask(range);
    if ((seen & mask) !== 0n) findings.push(`${where}: ${name} overlaps bits ${bitsText(seen & mask)}; a bit belongs to one field`);
    seen |= mask;
  }
  if (seen !== ALL) findings.push(`${where}: bits ${bitsText(ALL & ~seen)} are unaccounted for; name them or list them as res0`);
  for (const key of [...Object.keys(layout.needs ?? {}), ...Object.keys(layout.absent ?? {})]) {
    const name = key.replace(/\[\d+:\d+\]$/, '');
    if (!Object.hasOwn(layout.fields, name)) findings.push(`${where}: a condition names ${key}, which is not a field; it has ${Object.keys(layout.fields).join(', ')}`);
  }
  for (const [name, kind] of Object.entries(layout.absent ?? {})) {
    if (!ABSENT.has(kind)) findings.push(`${where} ${name}: absent as ${kind}; use one of ${[...ABSENT].join(', ')}`);
  }
  return findings;
}

function lintEncoding(where: string, encoding: EncodingTuple): readonly string[] {
  const bad = encoding.length !== 5 || encoding.some((n, i) => !Number.isInteger(n) || n < 0 || n > LIMITS[i]);
  return bad ? [`${where}: encoding [${encoding.join(', ')}] is out of range; op0 op1 CRn CRm op2 are at most ${LIMITS.join(', ')}`] : [];
}

function lintRow(name: string, row: RegisterRow, rows: RegisterRows): readonly string[] {
  const findings = [...lintEncoding(name, row.encoding)];
  if (!row.source) findings.push(`${name}: no source; cite the manual and the register`);
  if (!/^(RW|RO|WO|-)( (RW|RO|WO|-)){3}$/.test(row.access)) findings.push(`${name}: access "${row.access}"; give RW, RO, WO or - for EL0 to EL3`);
  if (row.alias !== undefined && !Object.hasOwn(rows, row.alias)) findings.push(`${name}: alias of ${row.alias}, which is not a register`);
  if (row.alias === undefined && Object.keys(row.layouts).length === 0) findings.push(`${name}: no layout; give one, or name the register it is an alias of`);
  if (row.reset && (row.reset.value & ~row.reset.mask) !== 0n) findings.push(`${name}: reset value has bits outside its mask`);
  for (const [tag, layout] of Object.entries(row.layouts)) {
    findings.push(...lintLayout(Object.keys(row.layouts).length > 1 ? `${name} (${tag})` : name, layout));
  }
  return findings;
}

/**
 * Lints registers: every bit accounted for once, encodings in range and unique but for the declared split ones, sources, access columns,
 * alias targets.
 */
export function lintRegisters(rows: RegisterRows, splits: readonly { readonly read: string; readonly write: string }[] = []): readonly string[] {
  const findings = Object.entries(rows).flatMap(([name, row]) => lintRow(name, row, rows));
  const seen = new Map<string, string>();
  for (const [name, row] of Object.entries(rows)) {
    const key = row.encoding.join(' ');
    const other = seen.get(key);
    const declared = splits.some((s) => [s.read, s.write].includes(name) && [s.read, s.write].includes(other ?? ''));
    if (other !== undefined && !declared) findings.push(`${name}: encoding [${key}] is ${other}'s; declare a split encoding if one is read and the other written`);
    seen.set(key, name);
  }
  for (const { read, write } of splits) {
    const sides = [[read, /^(-|RO)/], [write, /^(-|WO)/]] as const;
    for (const [name, side] of sides) {
      const columns = rows[name]?.access.split(' ') ?? ['missing'];
      if (!columns.every((c) => side.test(c))) findings.push(`${name}: declared as one side of a split encoding, but its access is "${columns.join(' ')}"`);
    }
  }
  return findings;
}

/** Lints system instructions: encodings in range, in the SYS space and unique, sources, access columns, checks that parse. */
export function lintInstructions(rows: SystemInstructionRows): readonly string[] {
  const findings: string[] = [];
  const seen = new Map<string, string>();
  for (const [name, row] of Object.entries(rows)) {
    findings.push(...lintEncoding(name, row.encoding));
    if (row.encoding[0] !== 1) findings.push(`${name}: op0 is ${row.encoding[0]}; system instructions have op0 1`);
    if (!row.source) findings.push(`${name}: no source; cite the manual and the instruction`);
    if (!/^[W-]( [W-]){2}$/.test(row.access)) findings.push(`${name}: access "${row.access}"; give W or - for EL0, EL1 and EL2`);
    const key = row.encoding.join(' ');
    if (seen.has(key)) findings.push(`${name}: encoding [${key}] is ${seen.get(key)}'s`);
    seen.set(key, name);
    if (row.rules) findings.push(...lintChecks(name, row.rules, undefined));
  }
  return findings;
}

function lintChecks(name: string, levels: LevelChecks, member: number | undefined): readonly string[] {
  return Object.values(levels).flat().flatMap((text: string) => {
    try {
      parseCheck(text, member);
      return [];
    } catch (error) {
      if (error instanceof SyntaxError) return [`${name}: ${error.message}`];
      throw error;
    }
  });
}

/** Lints access rules: each belongs to a register (or a numbered family of them) and each check parses, with registers and fields that exist. */
export function lintRules(rules: AccessRules, rows: RegisterRows): readonly string[] {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const member = name.replace('<n>', '0');
    if (!Object.hasOwn(rows, member)) return [`${name}: access rules for a register that does not exist`];
    const sides = 'read' in rule ? [rule.read, rule.write] : [rule];
    return sides.flatMap((levels) => lintChecks(name, levels, indexInFamily(member)));
  });
}
