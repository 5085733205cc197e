/** General-purpose registers, alone and with shifts and extensions. */
import { namesKind } from '@worldswitch/isa';
import type { Cursor, FieldValues, Kind, Kinds, ParseContext } from '@worldswitch/isa';

const REGISTER = /([wx])(?:(zr)|(30|[12][0-9]|[0-9]))(?![A-Za-z0-9_.])/i;
const STACK = /(wsp|sp)(?![A-Za-z0-9_.])/i;
const NAMED: Readonly<Record<string, number>> = { lr: 30, fp: 29, ip0: 16, ip1: 17 };

const RESERVED = /^(?:[wx](?:zr|30|[12]?[0-9])|wsp|sp|lr|fp|[bhsdqv](?:3[01]|[12]?[0-9]))$/;

/** Words that are never symbols in an expression (lower case). */
export function isRegisterWord(word: string): boolean {
  return RESERVED.test(word);
}

interface Parsed {
  readonly number: number;
  /** 1 for an X register. */
  readonly sf: number;
}

/** Reads a register: 31 is `xzr`, or with `stack` it is `sp`. */
function parseRegister(cursor: Cursor, stack: boolean, only: number | undefined): Parsed | undefined {
  cursor.skipSpaces();
  const at = cursor.position;
  const found = read(cursor, stack);
  if (found && (only === undefined || found.sf === only)) return found;
  cursor.position = at;
  const letter = only === undefined ? 'w or x' : only === 1 ? 'x' : 'w';
  return cursor.fail(`a register (${letter}0 to 30, or ${stack ? 'the stack pointer' : 'zr'})`, at);
}

function read(cursor: Cursor, stack: boolean): Parsed | undefined {
  const at = cursor.position;
  if (stack) {
    const sp = cursor.match(STACK);
    if (sp) return { number: 31, sf: sp[1].length === 2 ? 1 : 0 };
  }
  const match = cursor.match(REGISTER);
  if (match && !(match[2] && stack)) return { number: match[2] ? 31 : Number(match[3]), sf: match[1].toLowerCase() === 'x' ? 1 : 0 };
  cursor.position = at;
  const word = cursor.word();
  const named = word === undefined ? undefined : NAMED[word];
  return named === undefined ? undefined : { number: named, sf: 1 };
}

function registerName(number: number, sf: number, stack: boolean): string {
  if (number === 31) return stack ? (sf === 1 ? 'sp' : 'wsp') : sf === 1 ? 'xzr' : 'wzr';
  return `${sf === 1 ? 'x' : 'w'}${number}`;
}

/** A register of one width. */
function fixed(sf: 0 | 1, stack: boolean): Kind {
  return {
    print: ({ value }) => registerName(value, sf, stack),
    parse(cursor, { field }) {
      const found = parseRegister(cursor, stack, sf);
      return found && { [field]: found.number };
    },
  };
}

/** `R(sz)`: the field that tells the width, 1 for 64 bits; `R(!w)`: 0 for 64 bits. Without argument it is `sf`. */
function widthField(args: readonly string[]): { readonly name: string; readonly inverted: boolean } {
  const text = args[0] ?? 'sf';
  return text.startsWith('!') ? { name: text.slice(1), inverted: true } : { name: text, inverted: false };
}

/** A register whose width a field tells. */
function byField(stack: boolean): Kind {
  return {
    also: ['sf', 'sz', 'w', 'q'],
    print({ value, operands, args }) {
      const { name, inverted } = widthField(args);
      return registerName(value, inverted ? 1 - operands[name] : operands[name], stack);
    },
    parse(cursor, { field, args }) {
      const { name, inverted } = widthField(args);
      const found = parseRegister(cursor, stack, undefined);
      return found && { [field]: found.number, [name]: inverted ? 1 - found.sf : found.sf };
    },
  };
}

/** An even register and its successor, `x2, x3`. */
const pair: Kind = {
  also: ['sz'],
  print: ({ value, operands, args: [size] }) =>
    `${registerName(value, operands[size], false)}, ${registerName(value + 1, operands[size], false)}`,
  parse(cursor, { field, args: [size] }) {
    const first = parseRegister(cursor, false, undefined);
    if (!first) return undefined;
    if (first.number % 2 === 1) return cursor.fail('an even register, the first of a pair');
    if (!cursor.literal(',')) return cursor.fail("','");
    const second = parseRegister(cursor, false, first.sf);
    if (!second) return undefined;
    if (second.number !== first.number + 1) return cursor.fail(`register ${first.number + 1}, the second of the pair`);
    return { [field]: first.number, [size]: first.sf };
  },
};

/** The register that a test-and-branch tests: an X register is printed for bits 32 and up, either is read for lower ones. */
const testBitRegister: Kind = {
  print: ({ value, operands }) => registerName(value, operands['b5'], false),
  parse(cursor, { fields: [register] }) {
    const found = parseRegister(cursor, false, undefined);
    if (!found) return undefined;
    // Only a W register settles the top bit of the number: `tbz x0, #1` is the same word as `tbz w0, #1`.
    return found.sf === 0 ? { [register]: found.number, b5: 0 } : { [register]: found.number };
  },
};

const SHIFTS = ['lsl', 'lsr', 'asr', 'ror'];

/** `{shift,imm6:shift}`: `lsl #3`. */
const shift: Kind = {
  print: ({ operands, fields: [kind, amount] }) => `${SHIFTS[operands[kind]]} #${operands[amount]}`,
  parse(cursor, { fields: [kind, amount], width }) {
    cursor.skipSpaces();
    const at = cursor.position;
    const which = SHIFTS.indexOf(cursor.word() ?? '');
    if (which < 0) return cursor.fail('a shift (lsl, lsr, asr, ror)', at);
    const value = smallNumber(cursor, 2 ** width(amount) - 1);
    return value === undefined ? undefined : { [kind]: which, [amount]: value };
  },
};

function smallNumber(cursor: Cursor, most: number): number | undefined {
  cursor.skipSpaces();
  const at = cursor.position;
  const value = cursor.expression();
  if (value === undefined) return undefined;
  return value < 0n || value > BigInt(most) ? cursor.fail(`a number from 0 to ${most} (this is ${value})`, at) : Number(value);
}

const EXTENDS = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx'];

/**
 * `{rm,option,imm3:extended(rd,rn)}`: `w2, uxtb #1`. Where one of the listed registers is SP, the extension that changes nothing is
 * written `lsl`, or not at all when it does not shift either.
 */
const extended: Kind = {
  print({ operands, args, fields: [rm, option, amount] }) {
    const kind = operands[option];
    const register = registerName(operands[rm], (kind & 3) === 3 ? operands['sf'] : 0, false);
    const shifted = operands[amount] === 0 ? '' : ` #${operands[amount]}`;
    if (kind === (operands['sf'] === 1 ? 3 : 2) && args.some((name) => operands[name] === 31)) return register + (shifted && `, lsl${shifted}`);
    return `${register}, ${EXTENDS[kind]}${shifted}`;
  },
  parse(cursor, context) {
    const { args, operands, fields: [rm, option, amount] } = context;
    const register = parseRegister(cursor, false, undefined);
    if (!register) return undefined;
    const plain = operands['sf'] === 1 ? 3 : 2;
    const stack = args.some((name) => operands[name] === 31);
    const at = cursor.position;
    if (!cursor.literal(',')) {
      if (!stack || register.sf !== operands['sf']) return cursor.fail('an extension (uxtb, uxth, uxtw, uxtx, sxtb, sxth, sxtw, sxtx)', at);
      return { [rm]: register.number, [option]: plain, [amount]: 0 };
    }
    cursor.skipSpaces();
    const word = cursor.word() ?? '';
    const kind = word === 'lsl' && stack ? plain : EXTENDS.indexOf(word);
    if (kind < 0) return cursor.fail('an extension (uxtb, uxth, uxtw, uxtx, sxtb, sxth, sxtw, sxtx)', at);
    if (register.sf !== ((kind & 3) === 3 ? operands['sf'] : 0)) {
      return cursor.fail('uxtx and sxtx with an X register, the others with a W register', at);
    }
    const shifted = cursor.atEnd() ? 0 : smallNumber(cursor, 4);
    return shifted === undefined ? undefined : { [rm]: register.number, [option]: kind, [amount]: shifted };
  },
};

/** log2 of the access size: `offsetRegister(3)`, or `offsetRegister(2,sz)` where the field adds to it. */
function scaleOf(args: readonly string[], operands: FieldValues): number {
  return Number(args[0]) + (args[1] === undefined ? 0 : operands[args[1]]);
}

/** `{rm,option,s:offsetRegister(3)}`: `x2, lsl #3`, `w2, sxtw`. */
const offsetRegister: Kind = {
  print({ operands, args, fields: [rm, option, scaled] }) {
    const kind = operands[option];
    const register = registerName(operands[rm], kind & 1, false);
    if (kind === 3) return operands[scaled] === 0 ? register : `${register}, lsl #${scaleOf(args, operands)}`;
    return `${register}, ${EXTENDS[kind]}${operands[scaled] === 0 ? '' : ` #${scaleOf(args, operands)}`}`;
  },
  parse: parseOffsetRegister,
};

function parseOffsetRegister(cursor: Cursor, { operands, args, fields: [rm, option, scaled] }: ParseContext): FieldValues | undefined {
  const register = parseRegister(cursor, false, undefined);
  if (!register) return undefined;
  const at = cursor.position;
  if (!cursor.literal(',')) {
    return register.sf === 1 ? { [rm]: register.number, [option]: 3, [scaled]: 0 } : cursor.fail('uxtw or sxtw after a W register', at);
  }
  cursor.skipSpaces();
  const word = cursor.word() ?? '';
  const kind = word === 'lsl' ? 3 : EXTENDS.indexOf(word);
  if (kind < 0 || (kind & 2) === 0) return cursor.fail('an extension (lsl, uxtw, sxtw, sxtx)', at);
  if ((kind & 1) !== register.sf) return cursor.fail('lsl and sxtx with an X register, uxtw and sxtw with a W register', at);
  cursor.skipSpaces();
  if (word !== 'lsl' && cursor.text[cursor.position] === ']') return { [rm]: register.number, [option]: kind, [scaled]: 0 };
  const log = scaleOf(args, operands);
  const amount = smallNumber(cursor, 4);
  if (amount === undefined) return undefined;
  if (amount !== 0 && amount !== log) return cursor.fail(`a shift of 0 or ${log}`);
  // For bytes `lsl #0` is the scaled form; elsewhere a shift of 0 is no shift.
  return { [rm]: register.number, [option]: kind, [scaled]: amount === log ? 1 : 0 };
}

const CONDITION_NAMES = ['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le', 'al', 'nv'];
const cond = namesKind('a condition (eq, ne, cs, …)', CONDITION_NAMES, { hs: 2, lo: 3 });

/** The condition of CSET and its like, the inverse of what is encoded; there is no inverse of `al`. */
const invertedCond: Kind = {
  print: ({ value }) => (value >= 14 ? undefined : CONDITION_NAMES[value ^ 1]),
  parse(cursor, context) {
    const found = cond.parse(cursor, context);
    if (!found) return undefined;
    const value = found[context.field];
    return value >= 14 ? cursor.fail('a condition other than al and nv') : { [context.field]: value ^ 1 };
  },
};

export const REGISTER_KINDS: Kinds = {
  X: fixed(1, false), W: fixed(0, false), Xsp: fixed(1, true), R: byField(false), Rsp: byField(true),
  pair, testBitRegister, shift, extended, offsetRegister, cond, invertedCond,
};
