import { createInstructionSet, type Kind } from '@worldswitch/isa';
import { CONDITIONS } from '@worldswitch/engine';
import { TOY_ROWS } from './rows.ts';

/** One of a few names; unlike isa's `namesKind` it ends where a dot follows, since the toy's mnemonics are made of such parts. */
function oneOf(expects: string, names: readonly string[]): Kind {
  const longestFirst = names.filter((name) => name !== '').sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?:${longestFirst.join('|')})(?![A-Za-z0-9])`, 'i');
  return {
    print: ({ value }) => names[value],
    parse: (cursor, { field }) => {
      const found = cursor.match(pattern)?.[0].toLowerCase();
      const value = names.indexOf(found ?? '');
      return value < 0 ? cursor.fail(expects) : { [field]: value };
    },
  };
}

/** How the toy's operands are written. */
export const TOY_KINDS = {
  r: oneOf('a register (r0 to r15)', Array.from({ length: 16 }, (_, n) => `r${n}`)),
  v: oneOf('a vector (v0 to v3)', Array.from({ length: 4 }, (_, n) => `v${n}`)),
  w: oneOf('a width (32, 64)', ['32', '64']),
  size: oneOf('a size (8, 16, 32, 64)', ['8', '16', '32', '64']),
  sign: oneOf('u or s', ['u', 's']),
  link: oneOf('l or nothing', ['', 'l']),
  nz: oneOf('z or nz', ['z', 'nz']),
  cond: oneOf('a condition', [...CONDITIONS]),
  shiftKind: oneOf('a shift', ['shl', 'shr', 'sar', 'ror']),
  countKind: oneOf('an operation', ['clz', 'pop', 'rev', 'rbit', 'sx8', 'sx16', 'sx32', 'eqz']),
  cmpKind: oneOf('sub, add, and, sbc', ['sub', 'add', 'and', 'sbc']),
  logic: oneOf('and, or, xor, andn', ['and', 'or', 'xor', 'andn']),
  control: oneOf('a control register', ['status', 'vector', 'epc', 'cause', 'count', 'alarm']),
};

/** Assembler, disassembler and decoder of the toy. */
export const TOY_INSTRUCTIONS = createInstructionSet({
  name: 'toy',
  rows: TOY_ROWS,
  byteOrder: 'big',
  kinds: TOY_KINDS,
});
