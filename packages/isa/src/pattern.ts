/**
 * Encoding patterns: 32 bits written most significant first, as a string that is also a type.
 *
 * `'sf:1 0 0 100010 sh:1 imm12:12 rn:5 rd:5'` is a sequence of parts separated by spaces:
 * - `0` and `1`: bits that must have this value; runs may be written together (`100010`);
 * - `name:width`: a field of that many bits, read as an unsigned number;
 * - `-`: a bit that is ignored when decoding and encoded as 0;
 * - `(0)` and `(1)`: a bit that should be 0 or 1: ignored when decoding, encoded as shown (Arm's notation for such bits).
 */

/** The field names of a pattern literal, as a union. */
export type FieldNames<P extends string> = P extends `${infer Head} ${infer Rest}` ? NameOf<Head> | FieldNames<Rest> : NameOf<P>;
type NameOf<Part extends string> = Part extends `${infer Name}:${string}` ? Name : never;

/**
 * What an instruction's semantics receive: one unsigned number per field of the pattern literal, nothing else. For a pattern that is
 * only known as `string` it is an open record.
 */
export type Operands<P extends string> = string extends P ? Readonly<Record<string, number>> : { readonly [Name in FieldNames<P>]: number };

/** One field of a parsed pattern; `low` counts from the least significant bit of the word. */
export interface PatternField {
  readonly name: string;
  readonly low: number;
  readonly width: number;
  /** `width` ones, unsigned. */
  readonly ones: number;
}

/** A parsed pattern. All words are unsigned 32-bit numbers. */
export interface Pattern {
  readonly source: string;
  /** The bits that must match… */
  readonly mask: number;
  /** …and their values. */
  readonly value: number;
  /** Should-be-one bits, set when encoding. */
  readonly preset: number;
  /** In the order written, most significant first. */
  readonly fields: readonly PatternField[];
  readonly byName: ReadonlyMap<string, PatternField>;
}

/** A pattern that cannot be used; the message says where and why. `rule` is the lint rule it breaks. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly rule: 'pattern-syntax' | 'pattern-width' | 'duplicate-field';
  constructor(rule: PatternError['rule'], message: string) {
    super(message);
    this.rule = rule;
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const WIDTH = /^[0-9]+$/;

function notUnderstood(source: string, part: string): never {
  const way = part === '' ? 'separate parts by one space' : 'a part is a run of 0, 1, -, (0), (1), or name:width';
  throw new PatternError('pattern-syntax', `pattern '${source}': part '${part}' is not understood; ${way}`);
}

function ones(width: number): number {
  return width === 32 ? 0xffff_ffff : (1 << width) - 1;
}

/** Reads a pattern. Throws `PatternError` for unknown parts, a total other than 32 bits, or a field name used twice. */
export function parsePattern(source: string): Pattern {
  // Plain numbers: all that is right fits 32 bits, and what is wrong is refused before its inexact sums are used.
  let mask = 0;
  let value = 0;
  let preset = 0;
  let total = 0;
  const placed: { name: string; start: number; width: number }[] = [];
  for (const part of source.split(' ')) {
    const colon = part.indexOf(':');
    if (colon >= 0) {
      const name = part.slice(0, colon);
      const digits = part.slice(colon + 1);
      if (!NAME.test(name) || !WIDTH.test(digits)) notUnderstood(source, part);
      const width = Number(digits);
      if (width < 1 || width > 32) throw new PatternError('pattern-syntax', `pattern '${source}': field ${name} of ${width} bits; 1 to 32 are possible`);
      if (placed.some((field) => field.name === name)) {
        throw new PatternError('duplicate-field', `pattern '${source}': field ${name} appears twice; give each part its own name`);
      }
      placed.push({ name, start: total, width });
      const places = 2 ** width;
      [mask, value, preset, total] = [mask * places, value * places, preset * places, total + width];
      continue;
    }
    if (part === '') notUnderstood(source, part);
    for (let at = 0; at < part.length; at++) {
      const should = part[at] === '(';
      const bit = part[should ? at + 1 : at];
      if (bit !== '0' && bit !== '1' && (should || bit !== '-')) notUnderstood(source, part);
      if (should && part[(at += 2)] !== ')') notUnderstood(source, part);
      const matters = !should && bit !== '-';
      mask = mask * 2 + (matters ? 1 : 0);
      value = value * 2 + (matters && bit === '1' ? 1 : 0);
      preset = preset * 2 + (should && bit === '1' ? 1 : 0);
      total += 1;
    }
  }
  if (total !== 32) throw new PatternError('pattern-width', `pattern '${source}' describes ${total} bits; an instruction word has exactly 32`);
  const fields = placed.map(({ name, start, width }) => ({ name, low: 32 - start - width, width, ones: ones(width) }));
  return { source, mask, value, preset, fields, byName: new Map(fields.map((field) => [field.name, field])) };
}

const parsed = new Map<string, Pattern>();

/** `parsePattern` remembering its results; patterns are constants of the program. */
export function patternOf(row: { readonly pattern: string }): Pattern {
  let pattern = parsed.get(row.pattern);
  if (!pattern) parsed.set(row.pattern, (pattern = parsePattern(row.pattern)));
  return pattern;
}

/** The pattern's field of that name; throws RangeError when it has none. */
export function fieldNamed(pattern: Pattern, name: string): PatternField {
  const field = pattern.byName.get(name);
  if (!field) throw new RangeError(`pattern '${pattern.source}' has no field ${name}; its fields: ${pattern.fields.map((f) => f.name).join(', ')}`);
  return field;
}

/** One field's value in a word. */
export function fieldValue(field: PatternField, word: number): number {
  return ((word >>> field.low) & field.ones) >>> 0;
}

/** All fields of a word by name; see `extractOperands`. */
export function operandsOf(pattern: Pattern, word: number): Readonly<Record<string, number>> {
  const result: Record<string, number> = {};
  for (const field of pattern.fields) result[field.name] = ((word >>> field.low) & field.ones) >>> 0;
  return result;
}

/** All fields of a word, without checking that the word matches the pattern. */
export function extractOperands<const R extends { readonly pattern: string }>(row: R, word: number): Operands<R['pattern']> {
  return operandsOf(patternOf(row), word) as Operands<R['pattern']>;
}

/**
 * The word (unsigned) with the given operands. Throws RangeError when an operand is missing, unknown, not a whole number or does not
 * fit its field. It does not look at `unless`: use the decoder to learn whether the word is allocated.
 */
export function encode<const R extends { readonly pattern: string }>(row: R, operands: Operands<R['pattern']>): number {
  const pattern = patternOf(row);
  const given = operands as Readonly<Record<string, number>>;
  let word = pattern.value | pattern.preset;
  for (const field of pattern.fields) {
    const value = given[field.name];
    if (value === undefined) throw new RangeError(`encode '${pattern.source}': operand ${field.name} is missing`);
    if (!Number.isInteger(value) || value < 0 || value > field.ones) {
      throw new RangeError(`encode '${pattern.source}': operand ${field.name} = ${value} does not fit ${field.width} bits (0 to ${field.ones})`);
    }
    word |= value << field.low;
  }
  for (const name of Object.keys(given)) {
    if (!pattern.byName.has(name)) throw new RangeError(`encode '${pattern.source}': there is no field ${name}`);
  }
  return word >>> 0;
}
