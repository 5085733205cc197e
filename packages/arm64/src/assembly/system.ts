/** Names in the system instruction space: registers, SYS operations, barriers, prefetch operations. */
import {
  encodingOf, genericName, instructionAt, parseGenericName, registerAt, REGISTER_LIST, SYSTEM_INSTRUCTIONS,
} from '@worldswitch/arm64-sysreg';
import type { Direction } from '@worldswitch/arm64-sysreg';
import type { Cursor, FieldValues, Kind, Kinds } from '@worldswitch/isa';
import { systemEncoding } from '../execute/system.ts';
import { REGISTER_KINDS } from './registers.ts';

const REGISTER_ENCODINGS = new Map(REGISTER_LIST.map(({ name, packed }) => [name.toLowerCase(), packed]));

function operationEncodings(group: string): ReadonlyMap<string, number> {
  const names = Object.keys(SYSTEM_INSTRUCTIONS).filter((name) => name.startsWith(`${group} `));
  return new Map(names.map((name) => [name.slice(group.length + 1).toLowerCase(), encodingOf(name)]));
}

function placeOf(packed: number): FieldValues {
  return { op1: (packed >> 11) & 7, crn: (packed >> 7) & 15, crm: (packed >> 3) & 15, op2: packed & 7 };
}

function packedOf(operands: FieldValues, op0: number): number {
  return systemEncoding(op0, operands as { op1: number; crn: number; crm: number; op2: number });
}

/** `{o0,op1,crn,crm,op2:sysregRead}`: the manual's name in lower case, or the generic one. Names differ where read and write do. */
function sysreg(direction: Direction): Kind {
  return {
    print({ operands }) {
      const packed = packedOf(operands, 2 + operands['o0']);
      return (registerAt(packed, direction)?.name ?? genericName(packed)).toLowerCase();
    },
    parse(cursor) {
      cursor.skipSpaces();
      const at = cursor.position;
      const word = cursor.word() ?? '';
      const packed = REGISTER_ENCODINGS.get(word) ?? parseGenericName(word);
      if (packed !== undefined && packed >> 14 >= 2) return { o0: (packed >> 14) - 2, ...placeOf(packed) };
      cursor.position = at;
      return cursor.fail('a system register (sctlr_el1, or s3_0_c1_c0_0)', at);
    },
  };
}

/** `{op1,crn,crm,op2:dcOperation}`: one of the operations of AT, DC, IC or TLBI. */
function operation(group: string): Kind {
  const encodings = operationEncodings(group);
  return {
    print({ operands }) {
      const name = instructionAt(packedOf(operands, 1));
      return name?.startsWith(`${group} `) ? name.slice(group.length + 1).toLowerCase() : undefined;
    },
    parse(cursor) {
      cursor.skipSpaces();
      const at = cursor.position;
      const packed = encodings.get(cursor.word() ?? '');
      if (packed !== undefined) return placeOf(packed);
      cursor.position = at;
      return cursor.fail(`an operation of ${group.toLowerCase()}`, at);
    },
  };
}

function takesRegister(operands: FieldValues): boolean {
  const name = instructionAt(packedOf(operands, 1));
  return name !== undefined && SYSTEM_INSTRUCTIONS[name].operand;
}

/** The register of an operation with its comma; operations on everything have none, and are encoded with 31. */
const operationRegister: Kind = {
  print(context) {
    if (takesRegister(context.operands)) return `, ${REGISTER_KINDS['X'].print(context)}`;
    return context.value === 31 ? '' : undefined;
  },
  parse(cursor, context) {
    if (!takesRegister(context.operands)) return { [context.field]: 31 };
    return cursor.literal(',') ? REGISTER_KINDS['X'].parse(cursor, context) : cursor.fail("','");
  },
};

/** `C7`. */
const C: Kind = {
  print: ({ value }) => `C${value}`,
  parse(cursor, { field }) {
    const match = cursor.match(/c(1[0-5]|[0-9])(?![A-Za-z0-9_])/i);
    return match ? { [field]: Number(match[1]) } : cursor.fail('C0 to C15');
  },
};

/** A field that has names for some values; the others are written as a number of `digits` hexadecimal digits. */
function named(names: readonly (string | undefined)[], expects: string, digits: number): Kind {
  return {
    print: ({ value }) => names[value] ?? `#0x${value.toString(16).padStart(digits, '0')}`,
    parse(cursor, context) {
      cursor.skipSpaces();
      const at = cursor.position;
      const found = nameOrNumber(cursor, names);
      const result = found === undefined ? undefined : context.split(found);
      if (result) return result;
      cursor.position = at;
      return cursor.fail(expects, at);
    },
  };
}

function nameOrNumber(cursor: Cursor, names: readonly (string | undefined)[]): number | undefined {
  const at = cursor.position;
  const index = names.indexOf(cursor.word());
  if (index >= 0 && cursor.position > at) return index;
  cursor.position = at;
  const value = cursor.expression();
  return value === undefined ? undefined : Number(value);
}

const BARRIERS = [
  undefined, 'oshld', 'oshst', 'osh', undefined, 'nshld', 'nshst', 'nsh', undefined, 'ishld', 'ishst', 'ish', undefined, 'ld', 'st', 'sy',
];

const PREFETCHES = Array.from({ length: 32 }, (_, value) => {
  const [kind, level] = [['pld', 'pli', 'pst'][value >> 3], (value >> 1) & 3];
  return kind === undefined || level === 3 ? undefined : `${kind}l${level + 1}${value & 1 ? 'strm' : 'keep'}`;
});

export const SYSTEM_KINDS: Kinds = {
  sysregRead: sysreg('read'), sysregWrite: sysreg('write'),
  atOperation: operation('AT'), dcOperation: operation('DC'), icOperation: operation('IC'), tlbiOperation: operation('TLBI'),
  operationRegister, C,
  barrier: named(BARRIERS, 'a barrier option (sy, ish, ishld, ishst, …, or a number from 0 to 15)', 2),
  instructionBarrier: named([...Array<undefined>(15), 'sy'], "'sy', or a number from 0 to 15", 1),
  prefetch: named(PREFETCHES, 'a prefetch operation (pldl1keep, …, or a number from 0 to 31)', 2),
  streaming: named([undefined, 'sm', 'za'], 'sm or za', 1),
};
