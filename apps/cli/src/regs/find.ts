import { nearest } from '@worldswitch/debugger';
import { genericName, packEncoding, parseGenericName, registerAt, REGISTERS, type RegisterName } from '@worldswitch/arm64-sysreg';
import { UsageError } from '../exit.ts';

/** What a text may mean. */
export type Found =
  | { readonly kind: 'register'; readonly name: RegisterName; /** The other register of an encoding that is one when read and another when written. */ readonly also?: RegisterName }
  | { readonly kind: 'list'; readonly names: readonly RegisterName[] };

const NAMES = Object.keys(REGISTERS) as readonly RegisterName[];

function encodingIn(text: string): number | undefined {
  const numbers = /^([0-3])[,\s]+([0-7])[,\s]+c?(\d{1,2})[,\s]+c?(\d{1,2})[,\s]+([0-7])$/i.exec(text);
  if (numbers === null) return parseGenericName(text);
  const [op0, op1, crn, crm, op2] = numbers.slice(1).map(Number);
  return crn > 15 || crm > 15 ? undefined : packEncoding(op0, op1, crn, crm, op2);
}

/**
 * A register by its name in any letter case, by its encoding (`S3_0_C4_C0_1`, or `3,0,4,0,1`), or all those whose name holds the text.
 *
 * @throws UsageError with the names that look like it.
 */
export function findRegisters(text: string): Found {
  const name = NAMES.find((candidate) => candidate.toLowerCase() === text.trim().toLowerCase());
  if (name !== undefined) return { kind: 'register', name };
  const packed = encodingIn(text.trim());
  if (packed !== undefined) {
    const [read, write] = [registerAt(packed, 'read')?.name, registerAt(packed, 'write')?.name];
    const found = read ?? write;
    if (found === undefined) throw new UsageError(`encoding ${genericName(packed)}: no register of the table has it; see the neighbours with \`worldswitch regs\``);
    return { kind: 'register', name: found, ...(write !== undefined && write !== found && { also: write }) };
  }
  const names = NAMES.filter((candidate) => candidate.toLowerCase().includes(text.trim().toLowerCase()));
  if (names.length === 1) return { kind: 'register', name: names[0] };
  if (names.length > 1) return { kind: 'list', names };
  const close = nearest(text, NAMES);
  throw new UsageError(`unknown register '${text}'${close.length > 0 ? `; did you mean ${close.join(', ')}?` : '; give a name (ELR_EL1), an encoding (S3_0_C4_C0_1) or a part of a name'}`);
}
