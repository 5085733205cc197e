/** Immediates whose value is not simply a number in a field. */
import { hex } from '@worldswitch/bits';
import type { Cursor, FieldValues, Kind, Kinds, PrintContext } from '@worldswitch/isa';
import { decodeBitmask, encodeBitmask } from '../execute/bitmask.ts';

function widthOf(operands: FieldValues): 32 | 64 {
  return operands['sf'] === 1 ? 64 : 32;
}

/** An expression as an unsigned number of `bits` bits; negative numbers are taken as two's complement. */
function parseWord(cursor: Cursor, bits: 32 | 64): bigint | undefined {
  cursor.skipSpaces();
  const at = cursor.position;
  const value = cursor.expression();
  if (value === undefined) return undefined;
  const limit = 1n << BigInt(bits);
  return value >= limit || value < -limit / 2n ? cursor.fail(`a ${bits}-bit number (this is ${value})`, at) : BigInt.asUintN(bits, value);
}

function parseNumber(cursor: Cursor, low: number, high: number): number | undefined {
  cursor.skipSpaces();
  const at = cursor.position;
  const value = cursor.expression();
  if (value === undefined) return undefined;
  return value < BigInt(low) || value > BigInt(high) ? cursor.fail(`a number from ${low} to ${high} (this is ${value})`, at) : Number(value);
}

/** Prints a fixed text; reads it. For a one-bit field that adds something. */
function marker(
  text: readonly (string | undefined)[], pattern: RegExp, value: (match: RegExpExecArray) => number | undefined, expects: string,
): Kind {
  return {
    print: ({ joined }) => text[joined],
    parse(cursor, context) {
      cursor.skipSpaces();
      const at = cursor.position;
      const match = cursor.match(pattern);
      const found = match && value(match);
      if (found === undefined) {
        cursor.position = at;
        return cursor.fail(expects, at);
      }
      return context.split(found);
    },
  };
}

const lsl12 = marker(['lsl #0', 'lsl #12'], /lsl\s*#?(0|12)(?![0-9])/i, (m) => (m[1] === '12' ? 1 : 0), "'lsl #12'");
const lsl16 = marker(
  ['lsl #0', 'lsl #16', 'lsl #32', 'lsl #48'], /lsl\s*#?(0|16|32|48)(?![0-9])/i, (m) => Number(m[1]) / 16,
  "'lsl #16', 'lsl #32' or 'lsl #48'",
);

/** `{sh,imm12:shifted12}`: read only, a multiple of 4096 that needs the shift though it is not written. */
const shifted12: Kind = {
  print: () => undefined,
  parse(cursor) {
    cursor.skipSpaces();
    const at = cursor.position;
    const value = parseNumber(cursor, 0x1000, 0xfff000);
    if (value === undefined) return undefined;
    return value % 0x1000 === 0 ? { sh: 1, imm12: value / 0x1000 } : cursor.fail('a number up to 4095, or a multiple of 4096', at);
  },
};

/** `{n,immr,imms:bitmask}`: the mask itself. */
const bitmask: Kind = {
  print({ operands }) {
    const value = decodeBitmask(operands['n'], operands['immr'], operands['imms'], widthOf(operands));
    return value === undefined ? undefined : hex(value);
  },
  parse(cursor, { operands }) {
    cursor.skipSpaces();
    const at = cursor.position;
    const bits = widthOf(operands);
    const value = parseWord(cursor, bits);
    if (value === undefined) return undefined;
    const found = encodeBitmask(value, bits);
    return found ? { ...found } : cursor.fail('a rotated run of ones, repeated in 2, 4, 8, 16, 32 or 64 bits', at);
  },
};

/**
 * Whether MOVZ or MOVN can write the mask: `mov` then means those. As GNU does it; the manual's MoveWidePreferred leaves out masks
 * of exactly 16 zeros, which two instructions would claim.
 */
export function isMoveWide(sf: number, n: number, immr: number, imms: number): boolean {
  const bits = sf === 1 ? 64 : 32;
  const value = decodeBitmask(n, immr, imms, bits);
  return value !== undefined && (halfword(value, bits) ?? halfword(BigInt.asUintN(bits, ~value), bits)) !== undefined;
}

/** `{hw,imm16:movWide}`: the value MOVZ writes, where `mov` is the preferred spelling. */
const movWide: Kind = {
  print({ operands }) {
    const { imm16, hw } = operands as { imm16: number; hw: number };
    return imm16 === 0 && hw !== 0 ? undefined : hex(BigInt(imm16) << BigInt(16 * hw));
  },
  parse(cursor, { operands }) {
    cursor.skipSpaces();
    const at = cursor.position;
    const bits = widthOf(operands);
    const value = parseWord(cursor, bits);
    return value === undefined ? undefined : (halfword(value, bits) ?? cursor.fail('16 bits at a multiple of 16, the rest zero', at));
  },
};

/** `{hw,imm16:movInverted}`: the value MOVN writes, where `mov` is the preferred spelling. */
const movInverted: Kind = {
  print({ operands }) {
    const { imm16, hw } = operands as { imm16: number; hw: number };
    if ((imm16 === 0 && hw !== 0) || (widthOf(operands) === 32 && imm16 === 0xffff)) return undefined;
    return hex(BigInt.asUintN(widthOf(operands), ~(BigInt(imm16) << BigInt(16 * hw))));
  },
  parse(cursor, { operands }) {
    cursor.skipSpaces();
    const at = cursor.position;
    const bits = widthOf(operands);
    const value = parseWord(cursor, bits);
    if (value === undefined) return undefined;
    // What MOVZ can write is MOVZ.
    const found = halfword(value, bits) ? undefined : halfword(BigInt.asUintN(bits, ~value), bits);
    return found ?? cursor.fail('16 bits at a multiple of 16, the rest ones', at);
  },
};

function halfword(value: bigint, bits: number): FieldValues | undefined {
  for (let hw = 0; hw < bits / 16; hw++) {
    const imm16 = value >> BigInt(16 * hw);
    if (imm16 <= 0xffffn && imm16 << BigInt(16 * hw) === value) return { hw, imm16: Number(imm16) };
  }
  return undefined;
}

// Bitfield aliases: `{n,immr,imms:…}`; n repeats sf.

/** Writes nothing: the field repeats sf. */
const sameAsSf: Kind = {
  print: () => '',
  parse: (_, { field, operands }) => ({ [field]: operands['sf'] }),
};

function bitfieldKind(
  print: (fields: { size: number; immr: number; imms: number }) => string | undefined,
  parse: (cursor: Cursor, size: number) => { immr: number; imms: number } | undefined,
): Kind {
  return {
    print: ({ operands }: PrintContext) => print({ size: widthOf(operands), immr: operands['immr'], imms: operands['imms'] }),
    parse(cursor, { operands }) {
      const found = parse(cursor, widthOf(operands));
      return found && { n: operands['sf'], ...found };
    },
  };
}

const shiftRight = bitfieldKind(
  ({ size, immr, imms }) => (imms === size - 1 ? String(immr) : undefined),
  (cursor, size) => {
    const immr = parseNumber(cursor, 0, size - 1);
    return immr === undefined ? undefined : { immr, imms: size - 1 };
  },
);

const shiftLeft = bitfieldKind(
  ({ size, immr, imms }) => (imms + 1 === immr ? String(size - immr) : undefined),
  (cursor, size) => {
    const amount = parseNumber(cursor, 0, size - 1);
    return amount === undefined ? undefined : { immr: (size - amount) % size, imms: size - 1 - amount };
  },
);

/** Reads `#lsb, #width`. */
function parseField(cursor: Cursor, size: number): { lsb: number; width: number } | undefined {
  const lsb = parseNumber(cursor, 0, size - 1);
  if (lsb === undefined) return undefined;
  if (!cursor.literal(',')) return cursor.fail("','");
  const width = parseNumber(cursor, 1, size - lsb);
  return width === undefined ? undefined : { lsb, width };
}

const insertField = bitfieldKind(
  ({ size, immr, imms }) => (imms < immr ? `#${size - immr}, #${imms + 1}` : undefined),
  (cursor, size) => {
    const found = parseField(cursor, size);
    return found && { immr: (size - found.lsb) % size, imms: found.width - 1 };
  },
);

const extractField = bitfieldKind(
  ({ immr, imms }) => (imms >= immr ? `#${immr}, #${imms - immr + 1}` : undefined),
  (cursor, size) => {
    const found = parseField(cursor, size);
    return found && { immr: found.lsb, imms: found.lsb + found.width - 1 };
  },
);

/** `{b5,b40:testBit}`: the bit number. */
const testBit: Kind = {
  print: ({ joined }) => String(joined),
  parse(cursor, context) {
    const bit = parseNumber(cursor, 0, 63);
    return bit === undefined ? undefined : context.split(bit);
  },
};

/** `{imm12:scaled(4,sz)}`: unsigned, times the first argument shifted left by the field. `scaledSigned` is its two's complement. */
function scaled(signed: boolean): Kind {
  const unit = (args: readonly string[], operands: FieldValues): number => Number(args[0]) << (operands[args[1]] ?? 0);
  return {
    print({ value, operands, args, width, field }) {
      const bits = width(field);
      return String((signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value) * unit(args, operands));
    },
    parse(cursor, { field, width, operands, args }) {
      cursor.skipSpaces();
      const at = cursor.position;
      const count = 2 ** width(field);
      const scale = unit(args, operands);
      const low = signed ? -count / 2 : 0;
      const value = parseNumber(cursor, low * scale, (low + count - 1) * scale);
      if (value === undefined) return undefined;
      if (value % scale !== 0) return cursor.fail(`a multiple of ${scale} (this is ${value})`, at);
      const units = value / scale;
      return { [field]: units < 0 ? units + count : units };
    },
  };
}

export const IMMEDIATE_KINDS: Kinds = {
  lsl12, lsl16, shifted12, bitmask, movWide, movInverted, sameAsSf, shiftRight, shiftLeft, insertField, extractField, testBit,
  scaled: scaled(false), scaledSigned: scaled(true),
};
