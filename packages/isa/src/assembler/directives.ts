/** The directives a guest program needs. Each reads its arguments from the cursor and emits bytes; none knows about passes. */
import type { ByteWriter, IntegerSize } from '@worldswitch/bits';
import { hex } from '@worldswitch/bits';
import type { Cursor } from '../cursor.ts';

/** What a directive can do to the program being assembled. */
export interface DirectiveTarget {
  readonly output: ByteWriter;
  readonly origin: bigint;
  /** Fills gaps between instructions in `.text`; gaps after data are zero, as GNU as leaves them. */
  readonly nop: Uint8Array | undefined;
  /** Whether the bytes before are instructions. */
  readonly afterInstruction: boolean;
  readonly wordSize: 2 | 4;
  inText: boolean;
  /** Whether forward references have values; before, an unknown value counts as 0 and is not an error. */
  readonly settled: boolean;
  assign(name: string, value: bigint, cursor: Cursor): boolean;
  /** Appends an instruction word in instruction byte order. */
  instruction(word: number): void;
  /** Places the literals that wait. */
  literals(): void;
}

/** Returns false, or undefined as `cursor.fail` does, when the arguments are wrong. */
export type Directive = (cursor: Cursor, target: DirectiveTarget) => boolean | undefined;

/** A program image larger than this is a mistake in an `.org` or `.space`. */
const LARGEST = 256 * 1024 * 1024;

/** An expression that may refer forward: 0 while symbols are still moving. */
function value(cursor: Cursor, target: DirectiveTarget): bigint | undefined {
  const before = cursor.position;
  const result = cursor.expression();
  if (result !== undefined || target.settled) return result;
  // Only the layout matters until symbols settle: skip the expression.
  cursor.position = before;
  return cursor.match(/[^,]+/) ? 0n : undefined;
}

function separated(cursor: Cursor, each: () => boolean | undefined): boolean | undefined {
  if (cursor.atEnd()) return true;
  do {
    if (!each()) return false;
  } while (cursor.literal(','));
  return true;
}

function integers(size: (target: DirectiveTarget) => IntegerSize): Directive {
  return (cursor, target) =>
    separated(cursor, () => {
      cursor.skipSpaces();
      const at = cursor.position;
      const number = value(cursor, target);
      if (number === undefined) return false;
      const width = size(target) * 8;
      if (number >= 1n << BigInt(width) || number < -(1n << BigInt(width - 1))) return cursor.fail(`a value of ${width} bits (this is ${hex(number)})`, at);
      target.output.unsigned(size(target), number);
      return true;
    });
}

const ESCAPED: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, '\\': 92, '"': 34, "'": 39 };

function readString(cursor: Cursor): number[] | undefined {
  const match = cursor.match(/"((?:[^"\\\n]|\\.)*)"/);
  if (!match) return cursor.fail('a string in double quotes');
  const start = cursor.position - match[0].length + 1;
  const bytes: number[] = [];
  const body = match[1];
  for (let i = 0; i < body.length;) {
    const escape = /\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|(.))/y;
    escape.lastIndex = i;
    const found = escape.exec(body);
    if (!found) {
      const letter = String.fromCodePoint(body.codePointAt(i) ?? 0);
      bytes.push(...new TextEncoder().encode(letter));
      i += letter.length;
      continue;
    }
    const code = found[1] !== undefined ? parseInt(found[1], 16) & 0xff : found[2] !== undefined ? parseInt(found[2], 8) & 0xff : ESCAPED[found[3]];
    if (code === undefined) return cursor.fail(`an escape (\\n \\t \\r \\b \\f \\" \\\\ \\x41 \\101; not '${found[0]}')`, start + i);
    bytes.push(code);
    i += found[0].length;
  }
  return bytes;
}

function strings(terminator: readonly number[]): Directive {
  return (cursor, target) =>
    separated(cursor, () => {
      const bytes = readString(cursor);
      if (!bytes) return false;
      target.output.bytes(Uint8Array.of(...bytes, ...terminator));
      return true;
    });
}

/** A count or size, which shapes the layout and so must be known at once. */
function count(cursor: Cursor, what: string, most: number): number | undefined {
  cursor.skipSpaces();
  const at = cursor.position;
  const number = cursor.expression();
  if (number === undefined) return undefined;
  return number >= 0n && number <= BigInt(most) ? Number(number) : cursor.fail(`${what} from 0 to ${most} (this is ${number})`, at);
}

function room(cursor: Cursor, target: DirectiveTarget, bytes: number): boolean | undefined {
  return target.output.length + bytes <= LARGEST ? true : cursor.fail(`a program of at most ${LARGEST} bytes (this would make ${target.output.length + bytes})`);
}

function pad(target: DirectiveTarget, bytes: number, fill: number | undefined): void {
  const { nop, output } = target;
  if (fill !== undefined || !nop || !target.inText || !target.afterInstruction) {
    output.fill(bytes, fill ?? 0);
    return;
  }
  output.fill(bytes % nop.length);
  for (let done = bytes % nop.length; done < bytes; done += nop.length) output.bytes(nop);
}

/** `.align n, fill, most`: to a multiple of 2^n or n bytes of the *address*; not at all if that takes more than `most` bytes. */
function align(power: boolean): Directive {
  return (cursor, target) => {
    const at = cursor.position;
    const number = cursor.atEnd() ? 0 : count(cursor, power ? 'a power of two' : 'an alignment in bytes', power ? 24 : 1 << 24);
    if (number === undefined) return false;
    const alignment = power ? 2 ** number : Math.max(number, 1);
    if (!Number.isInteger(Math.log2(alignment))) return cursor.fail('an alignment that is a power of two', at);
    let fill: number | undefined;
    let most = Number.MAX_SAFE_INTEGER;
    if (cursor.literal(',')) {
      if (!cursor.match(/(?=,)/)) fill = count(cursor, 'a fill byte', 255);
      if (cursor.literal(',')) most = count(cursor, 'a number of bytes', LARGEST) ?? most;
    }
    const here = target.origin + BigInt(target.output.length);
    const gap = Number((BigInt(alignment) - (here % BigInt(alignment))) % BigInt(alignment));
    if (!room(cursor, target, gap)) return false;
    if (gap <= most) pad(target, gap, fill);
    return true;
  };
}

const space: Directive = (cursor, target) => {
  const bytes = count(cursor, 'a number of bytes', LARGEST);
  if (bytes === undefined || !room(cursor, target, bytes)) return false;
  const fill = cursor.literal(',') ? count(cursor, 'a fill byte', 255) : 0;
  if (fill === undefined) return false;
  target.output.fill(bytes, fill);
  return true;
};

/** `.fill repeat, size, value`. */
const fill: Directive = (cursor, target) => {
  const repeat = count(cursor, 'a repeat count', LARGEST);
  if (repeat === undefined) return false;
  const size = cursor.literal(',') ? count(cursor, 'a size in bytes', 8) : 1;
  if (size === undefined || !room(cursor, target, repeat * size)) return false;
  const number = cursor.literal(',') ? value(cursor, target) : 0n;
  if (number === undefined) return false;
  const unit = new Uint8Array(size);
  let rest = BigInt.asUintN(size * 8, number);
  for (let i = 0; i < size; i++, rest >>= 8n) unit[target.output.order === 'little' ? i : size - 1 - i] = Number(rest & 0xffn);
  for (let i = 0; i < repeat; i++) target.output.bytes(unit);
  return true;
};

/** Forward only. An address; a value below the origin is an offset from it, as it would be from the start of a section. */
const org: Directive = (cursor, target) => {
  cursor.skipSpaces();
  const at = cursor.position;
  const number = cursor.expression();
  if (number === undefined) return false;
  const offset = number >= target.origin ? number - target.origin : number;
  const now = BigInt(target.output.length);
  if (offset < now || offset > BigInt(LARGEST)) {
    return cursor.fail(`an address from ${hex(target.origin + now)} on, at most ${LARGEST} bytes beyond the origin (this is ${hex(number)})`, at);
  }
  const byte = cursor.literal(',') ? count(cursor, 'a fill byte', 255) : 0;
  if (byte === undefined) return false;
  target.output.fill(Number(offset - now), byte);
  return true;
};

const assign: Directive = (cursor, target) => {
  const name = cursor.match(/[A-Za-z_.$][A-Za-z0-9_.$]*/)?.[0];
  if (name === undefined) return cursor.fail('a symbol name');
  if (!cursor.literal(',')) return cursor.fail("','");
  const number = value(cursor, target);
  return number !== undefined && target.assign(name, number, cursor);
};

const instruction: Directive = (cursor, target) =>
  separated(cursor, () => {
    const word = value(cursor, target);
    if (word === undefined) return false;
    if (word < 0n || word > 0xffff_ffffn) return cursor.fail('an instruction word of 32 bits');
    target.instruction(Number(word));
    return true;
  });

/** Sections do not move anything; they choose what gaps are filled with. */
function section(text: boolean | undefined): Directive {
  return (cursor, target) => {
    const rest = cursor.match(/.*/)?.[0] ?? '';
    target.inText = text ?? /^\s*"?\.?text/.test(rest);
    return true;
  };
}

const ignored: Directive = (cursor) => {
  cursor.match(/.*/);
  return true;
};

const pool: Directive = (_cursor, target) => {
  target.literals();
  return true;
};

const TABLE: readonly (readonly [names: string, directive: Directive])[] = [
  ['byte', integers(() => 1)],
  ['hword short 2byte half', integers(() => 2)],
  ['word', integers((target) => target.wordSize)],
  ['long int 4byte', integers(() => 4)],
  ['quad xword dword 8byte llong', integers(() => 8)],
  ['octa', integers(() => 16)],
  ['ascii', strings([])],
  ['asciz string', strings([0])],
  ['align p2align', align(true)],
  ['balign', align(false)],
  ['space skip zero', space],
  ['fill', fill],
  ['org', org],
  ['equ set', assign],
  ['inst', instruction],
  ['ltorg pool', pool],
  ['text', section(true)],
  ['data rodata bss', section(false)],
  ['section pushsection', section(undefined)],
  ['global globl type size arch arch_extension cpu machine file ident weak hidden local popsection previous cfi_startproc cfi_endproc loc', ignored],
];

/** Directives by name, without the dot. */
export const DIRECTIVES: ReadonlyMap<string, Directive> = new Map(
  TABLE.flatMap(([names, directive]) => names.split(' ').map((name) => [name, directive] as const)),
);
