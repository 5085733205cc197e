/** SIMD&FP registers: scalars by size, arrangements, lanes, lists, and floating-point constants. */
import type { Cursor, FieldValues, Kind, Kinds } from '@worldswitch/isa';
import { hex } from '@worldswitch/bits';
import { byteMask, floatImmediate } from '../execute/modified-immediate.ts';
import { REGISTER_KINDS } from './registers.ts';

const NUMBER = '(3[01]|[12][0-9]|[0-9])';
const LETTERS = 'bhsdq';
const VECTOR = new RegExp(`v${NUMBER}(?![0-9A-Za-z_])`, 'i');
const SCALAR = new RegExp(`([${LETTERS}])${NUMBER}(?![0-9A-Za-z_.])`, 'i');

/** `v3`. */
const V: Kind = {
  print: ({ value }) => `v${value}`,
  parse(cursor, { field }) {
    const match = cursor.match(VECTOR);
    return match ? { [field]: Number(match[1]) } : cursor.fail('a vector register (v0 to v31)');
  },
};

/** `F(size)`: b, h, s, d, q for 0 to 4 in the field; `F(opc,2)`: the field counts from s; `F(3)`: always d. */
const F: Kind = {
  also: ['size', 'opc', 'ftype'],
  print: ({ value, operands, args }) => `${LETTERS[/^\d/.test(args[0]) ? Number(args[0]) : operands[args[0]] + Number(args[1] ?? 0)]}${value}`,
  parse(cursor, { field, args }) {
    cursor.skipSpaces();
    const at = cursor.position;
    const match = cursor.match(SCALAR);
    const log = match ? LETTERS.indexOf(match[1].toLowerCase()) : -1;
    if (match && /^\d/.test(args[0]) && log === Number(args[0])) return { [field]: Number(match[2]) };
    const code = log - Number(args[1] ?? 0);
    // A q register does not fit a two-bit size that counts from b.
    if (match && /^[a-z]/.test(args[0]) && code >= 0 && (args[0] !== 'size' || code <= 3)) return { [field]: Number(match[2]), [args[0]]: code };
    cursor.position = at;
    return cursor.fail('a SIMD&FP register of the right size', at);
  },
};

const ELEMENTS = 'bhsd';

function arrangement(size: number, q: number): string {
  return `${(8 << q) >> size}${ELEMENTS[size]}`;
}

/** Reads `.16b` and gives size and q. */
function parseArrangement(cursor: Cursor): { size: number; q: number } | undefined {
  const match = cursor.match(/\.(8b|16b|4h|8h|2s|4s|1d|2d)(?![0-9A-Za-z])/i);
  if (!match) return cursor.fail('an arrangement (.8b, .16b, .4h, .8h, .2s, .4s, .1d, .2d)');
  const size = ELEMENTS.indexOf(match[1].slice(-1).toLowerCase());
  return { size, q: Number.parseInt(match[1], 10) === 8 >> size ? 0 : 1 };
}

/** `vector(b)`: `v3.16b` or `v3.8b` by q. */
const vector: Kind = {
  also: ['q'],
  print: ({ value, operands, args }) => `v${value}.${arrangement(ELEMENTS.indexOf(args[0]), operands['q'])}`,
  parse(cursor, context) {
    const register = V.parse(cursor, context);
    const found = register && parseArrangement(cursor);
    if (!found) return undefined;
    return found.size === ELEMENTS.indexOf(context.args[0]) ? { ...register, q: found.q } : cursor.fail(`elements of size ${context.args[0]}`);
  },
};

/** `{v0.16b-v3.16b}`: ranges for more than two registers that do not wrap around, as objdump prints. */
function printList(first: number, count: number, suffix: string): string {
  const names = Array.from({ length: count }, (_, i) => `v${(first + i) % 32}.${suffix}`);
  return count > 2 && first + count <= 32 ? `{${names[0]}-${names[count - 1]}}` : `{${names.join(', ')}}`;
}

/** Reads a list of `count` consecutive registers; `suffix` reads what follows each number and must be the same each time. */
function parseList<T>(cursor: Cursor, count: number, suffix: () => T | undefined): { first: number; suffix: T } | undefined {
  if (!cursor.literal('{')) return cursor.fail("'{'");
  const numbers: number[] = [];
  let last: T | undefined;
  for (;;) {
    const match = cursor.match(VECTOR);
    if (!match) return cursor.fail('a vector register (v0 to v31)');
    numbers.push(Number(match[1]));
    const found = suffix();
    if (found === undefined) return undefined;
    if (last !== undefined && JSON.stringify(found) !== JSON.stringify(last)) return cursor.fail('the same arrangement as before');
    last = found;
    if (cursor.literal('}')) break;
    if (cursor.literal('-')) {
      const end = cursor.match(VECTOR);
      if (!end || suffix() === undefined || !cursor.literal('}')) return cursor.fail('the last register of the range');
      while (numbers[numbers.length - 1] !== Number(end[1]) && numbers.length <= 4) numbers.push((numbers[numbers.length - 1] + 1) % 32);
      break;
    }
    if (!cursor.literal(',')) return cursor.fail("',' or '}'");
  }
  if (numbers.length !== count || numbers.some((n, i) => n !== (numbers[0] + i) % 32)) return cursor.fail(`${count} consecutive registers`);
  return { first: numbers[0], suffix: last };
}

/** `{rt,q,size:list(4)}`. */
const list: Kind = {
  print: ({ operands, fields: [rt], args }) => printList(operands[rt], Number(args[0]), arrangement(operands['size'], operands['q'])),
  parse(cursor, { fields: [rt], args }) {
    const found = parseList(cursor, Number(args[0]), () => parseArrangement(cursor));
    return found && { [rt]: found.first, q: found.suffix.q, size: found.suffix.size };
  },
};

/** `{rt,q,s,size:laneList(2,h)}`: `{v0.h, v1.h}[3]`; the index is spread over the other fields. */
const laneList: Kind = {
  print({ operands, fields: [rt, ...index], width, args }) {
    const lane = index.reduce((sum, field) => sum * 2 ** width(field) + operands[field], 0);
    return `${printList(operands[rt], Number(args[0]), args[1])}[${lane}]`;
  },
  parse(cursor, { fields: [rt, ...index], width, args }) {
    const element = new RegExp(`\\.${args[1]}(?![0-9A-Za-z])`, 'i');
    const found = parseList(cursor, Number(args[0]), () => (cursor.match(element) ? args[1] : cursor.fail(`.${args[1]}`)));
    if (!found) return undefined;
    const lane = cursor.match(/\[\s*([0-9]+)\s*\]/);
    const bits = index.reduce((sum, field) => sum + width(field), 0);
    if (!lane || Number(lane[1]) >= 2 ** bits) return cursor.fail(`a lane ([0] to [${2 ** bits - 1}])`);
    let rest = Number(lane[1]);
    const fields: Record<string, number> = { [rt]: found.first };
    for (const field of [...index].reverse()) {
      fields[field] = rest % 2 ** width(field);
      rest = Math.floor(rest / 2 ** width(field));
    }
    return fields;
  },
};

/** The post-index of structures: a register, or (31) the number of bytes that were accessed. */
function stepKind(bytes: (args: readonly string[], operands: FieldValues) => number): Kind {
  return {
    print: (context) => (context.value === 31 ? `#${bytes(context.args, context.operands)}` : REGISTER_KINDS['X'].print(context)),
    parse(cursor, context) {
      cursor.skipSpaces();
      const at = cursor.position;
      if (/[#0-9(]/.test(cursor.text[at] ?? '')) {
        const wanted = bytes(context.args, context.operands);
        return cursor.expression() === BigInt(wanted) ? { [context.field]: 31 } : cursor.fail(`#${wanted}, the number of bytes accessed`, at);
      }
      const found = REGISTER_KINDS['X'].parse(cursor, context);
      return found?.[context.field] === 31 ? cursor.fail('x0 to x30, or the number of bytes accessed', at) : found;
    },
  };
}

/** Eight bits as a floating-point number, written with 18 decimals as objdump does. */
const float: Kind = {
  print: ({ joined }) => floatImmediate(joined).toExponential(18).replace(/e([+-])(\d)$/, 'e$10$2'),
  parse(cursor, context) {
    cursor.skipSpaces();
    const at = cursor.position;
    const match = cursor.match(/#?\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)/i);
    const value = match && Number(match[1]);
    for (let code = 0; code < 256; code++) if (floatImmediate(code) === value) return context.split(code);
    cursor.position = at;
    return cursor.fail('a floating-point number ±n/16 × 2^r with 16 ≤ n ≤ 31 and -3 ≤ r ≤ 4', at);
  },
};

/** Eight bits as eight bytes of ones or zeros. */
const byteMaskKind: Kind = {
  print: ({ joined }) => hex(byteMask(joined)),
  parse(cursor, context) {
    cursor.skipSpaces();
    const at = cursor.position;
    const value = cursor.expression();
    for (let code = 0; code < 256; code++) if (value !== undefined && byteMask(code) === BigInt.asUintN(64, value)) return context.split(code);
    return cursor.fail('a number whose bytes are 0x00 or 0xff', at);
  },
};

/** `{shift:lsl8}`: `lsl #16` for 2; `{shift:msl}`: `msl #8` for 0, `msl #16` for 1. */
function byteShift(word: 'lsl' | 'msl', offset: number): Kind {
  return {
    print: ({ value }) => `${word} #${8 * (value + offset)}`,
    parse(cursor, { field, width }) {
      cursor.skipSpaces();
      const at = cursor.position;
      const match = cursor.match(new RegExp(`${word}\\s*#?([0-9]+)(?![0-9A-Za-z])`, 'i'));
      const units = match ? Number(match[1]) / 8 - offset : -1;
      if (Number.isInteger(units) && units >= 0 && units < 2 ** width(field)) return { [field]: units };
      cursor.position = at;
      return cursor.fail(`${word} by a multiple of 8`, at);
    },
  };
}

const sizeOf = (operands: FieldValues): number => 1 << operands['size'];

export const VECTOR_KINDS: Kinds = {
  V, F, vector, list, laneList, float, byteMask: byteMaskKind, lsl8: byteShift('lsl', 0), msl: byteShift('msl', 1),
  step: stepKind(([bytes]) => Number(bytes)),
  structureStep: stepKind(([registers], operands) => Number(registers) * (8 << operands['q'])),
  replicateStep: stepKind(([registers], operands) => Number(registers) * sizeOf(operands)),
};
