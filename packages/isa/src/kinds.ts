/** The operand kinds every instruction set has. Numbers are printed as GNU objdump does: hexadecimal or decimal by kind. */
import { hex } from '@worldswitch/bits';
import type { Cursor } from './cursor.ts';
import type { FieldValues, Kind, Kinds, ParseContext, PrintContext } from './kind.ts';

function integerArg(context: { readonly args: readonly string[] }, index: number, otherwise: number): number {
  const text = context.args[index];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`template argument '${text}': a whole number is needed`);
  return value;
}

function totalWidth(context: { readonly fields: readonly string[]; readonly width: (field: string) => number }): number {
  return context.fields.reduce((sum, field) => sum + context.width(field), 0);
}

function signedValue(context: PrintContext): number {
  const width = totalWidth(context);
  return context.joined >= 2 ** (width - 1) ? context.joined - 2 ** width : context.joined;
}

/** Reads an expression that must be `offset + n * scale` with n between `low` and `high`; returns n. */
export function parseScaled(cursor: Cursor, low: number, high: number, scale: number, offset = 0): number | undefined {
  cursor.skipSpaces();
  const at = cursor.position;
  const value = cursor.expression();
  if (value === undefined) return undefined;
  const minimum = BigInt(low) * BigInt(scale) + BigInt(offset);
  const maximum = BigInt(high) * BigInt(scale) + BigInt(offset);
  const from = value - BigInt(offset);
  if (value < minimum || value > maximum || from % BigInt(scale) !== 0n) {
    const step = scale === 1 ? '' : `, a multiple of ${scale}`;
    return cursor.fail(`a number from ${minimum} to ${maximum}${step} (this is ${value})`, at);
  }
  return Number(from / BigInt(scale));
}

function unsigned(print: (value: number, context: PrintContext) => string): Kind {
  return {
    print: (context) => print(context.joined * integerArg(context, 0, 1), context),
    parse(cursor, context) {
      const n = parseScaled(cursor, 0, 2 ** totalWidth(context) - 1, integerArg(context, 0, 1));
      return n === undefined ? undefined : context.split(n);
    },
  };
}

function parseSigned(cursor: Cursor, context: ParseContext): FieldValues | undefined {
  const half = 2 ** (totalWidth(context) - 1);
  const n = parseScaled(cursor, -half, half - 1, integerArg(context, 0, 1));
  return n === undefined ? undefined : context.split(n < 0 ? n + 2 * half : n);
}

/** `{imm:hex}`, `{imm:hex(8)}`: unsigned, hexadecimal, times the argument. */
const hexKind = unsigned((value) => hex(value));

/** `{imm:dec}`, `{imm:dec(8)}`: unsigned, decimal, times the argument. */
const decKind = unsigned((value) => String(value));

/** `{imm:signed}`, `{imm:signed(4)}`: two's complement over all listed fields, decimal, times the argument. */
const signedKind: Kind = {
  print: (context) => String(signedValue(context) * integerArg(context, 0, 1)),
  parse: parseSigned,
};

/** `{imm:signedHex(4)}`: as `signed`, in hexadecimal with a leading minus sign. */
const signedHexKind: Kind = {
  print: (context) => hex(signedValue(context) * integerArg(context, 0, 1)),
  parse: parseSigned,
};

/** `{imm:plus(1)}`: unsigned, decimal, plus the argument. */
const plusKind: Kind = {
  print: (context) => String(context.joined + integerArg(context, 0, 0)),
  parse(cursor, context) {
    const n = parseScaled(cursor, 0, 2 ** totalWidth(context) - 1, 1, integerArg(context, 0, 0));
    return n === undefined ? undefined : context.split(n);
  },
};

/** `{imm:from(64)}`: the argument minus the field, decimal (right shifts by immediate). */
const fromKind: Kind = {
  print: (context) => String(integerArg(context, 0, 0) - context.joined),
  parse(cursor, context) {
    const from = integerArg(context, 0, 0);
    const most = 2 ** totalWidth(context) - 1;
    const n = parseScaled(cursor, from - most, from, 1);
    return n === undefined ? undefined : context.split(from - n);
  },
};

/**
 * `{imm19:target(4)}`: a branch target or literal address, encoded as a signed distance from the instruction in units of the
 * argument (default 1); with a second argument the distance is between blocks of that size (`{immhi,immlo:target(4096,4096)}` for
 * ADRP). Read as an address: a label or an expression.
 */
const targetKind: Kind = {
  print(context) {
    const block = BigInt(integerArg(context, 1, 1));
    const base = context.pc - (((context.pc % block) + block) % block);
    const target = base + BigInt(signedValue(context)) * BigInt(integerArg(context, 0, 1));
    return context.address(BigInt.asUintN(64, target));
  },
  parse(cursor, context) {
    cursor.skipSpaces();
    const at = cursor.position;
    const value = cursor.expression();
    if (value === undefined) return undefined;
    const scale = BigInt(integerArg(context, 0, 1));
    const block = BigInt(integerArg(context, 1, 1));
    const align = (address: bigint): bigint => BigInt.asUintN(64, address) - (BigInt.asUintN(64, address) % block);
    const distance = BigInt.asIntN(64, align(value) - align(context.pc));
    const half = 1n << BigInt(totalWidth(context) - 1);
    const units = distance / scale;
    if (distance % scale !== 0n) return cursor.fail(`an address a multiple of ${scale} bytes away (${hex(value)} is ${distance} bytes from here)`, at);
    if (units < -half || units >= half) {
      return cursor.fail(`an address within ${-half * scale} to +${(half - 1n) * scale} bytes (${hex(value)} is ${distance} bytes from here)`, at);
    }
    return context.split(Number(units < 0n ? units + 2n * half : units));
  },
};

/** The kinds present in every instruction set; an architecture's own of the same name take precedence. */
export const COMMON_KINDS: Kinds = {
  hex: hexKind, dec: decKind, signed: signedKind, signedHex: signedHexKind, plus: plusKind, from: fromKind, target: targetKind,
};

/** Consumes a name of several tokens (`lsl #12`), with free spacing and an optional `#`; nothing when it is not there. */
function readPhrase(cursor: Cursor, tokens: readonly string[]): boolean {
  const before = cursor.position;
  if (tokens.every((token) => cursor.literal(token) || token === '#')) return true;
  cursor.position = before;
  return false;
}

/**
 * A kind for values with names: `names[value]` is printed; holes (undefined) cannot be written, so the template does not apply.
 * `synonyms` are further spellings that are only read. A name is a word of letters, digits, `_`, `.`, `$`, or a phrase (`lsl #12`).
 */
export function namesKind(expects: string, names: readonly (string | undefined)[], synonyms: Readonly<Record<string, number>> = {}): Kind {
  const words = new Map<string, number>();
  const phrases: { readonly tokens: readonly string[]; readonly value: number }[] = [];
  const add = (name: string, value: number): void => {
    if (!/^[\w.$]+$/.test(name)) phrases.push({ tokens: name.match(/[\w.$]+|[^\s\w.$]/g) ?? [], value });
    else if (!words.has(name.toLowerCase())) words.set(name.toLowerCase(), value);
  };
  names.forEach((name, value) => name !== undefined && add(name, value));
  for (const [name, value] of Object.entries(synonyms)) add(name, value);
  phrases.sort((a, b) => b.tokens.length - a.tokens.length);
  return {
    print: (context) => names[context.joined],
    parse(cursor, context) {
      cursor.skipSpaces();
      const at = cursor.position;
      let value = phrases.find((phrase) => readPhrase(cursor, phrase.tokens))?.value;
      if (value === undefined) {
        const word = cursor.match(/[\w.$]+/)?.[0].toLowerCase();
        value = word === undefined ? undefined : words.get(word);
      }
      const result = value === undefined ? undefined : context.split(value);
      if (result) return result;
      cursor.position = at;
      return cursor.fail(expects, at);
    },
  };
}
