/** The register table as one: every row by name, lookups by encoding, groups. */
import { genericName, packEncoding, parseGenericName } from './encoding.ts';
import * as groups from './facts/index.ts';
import { SYSTEM_INSTRUCTIONS } from './facts/instructions.ts';
import { LATER_REGISTERS } from './facts/later.ts';
import type { LayoutRow, RegisterRow, RegisterStatus, SystemInstructionRow } from './row.ts';

type Groups = typeof groups;
type NamesIn<G> = G extends unknown ? keyof G & string : never;

/** Names of the 465 registers, as the manual spells them. */
export type RegisterName = NamesIn<Groups[keyof Groups]>;

/** Names of the system instructions as an assembler spells them, e.g. `TLBI VAE1IS`. */
export type SystemInstructionName = keyof typeof SYSTEM_INSTRUCTIONS;

export type RegisterGroup =
  | 'control' | 'exception' | 'memory' | 'thread' | 'pstate' | 'id' | 'debug' | 'timer' | 'gic' | 'pmu' | 'spe' | 'ras' | 'pauth' | 'alias' | 'el3';

/** Direction of an access: MRS and SYSL read, MSR and SYS write. */
export type Direction = 'read' | 'write';

/** A row joined with its name, group, packed encoding and status. */
export interface Register extends RegisterRow {
  readonly name: RegisterName;
  readonly group: RegisterGroup;
  readonly packed: number;
  readonly status: RegisterStatus;
}

/**
 * The one declared exception to "an encoding names one register": S2_3_C0_C5_0 is DBGDTRRX_EL0 when read and DBGDTRTX_EL0 when written
 * (DDI 0487 DBGDTRTX_EL0).
 */
export const SPLIT_ENCODINGS: readonly { readonly read: RegisterName; readonly write: RegisterName }[] = [
  { read: 'DBGDTRRX_EL0', write: 'DBGDTRTX_EL0' },
];

function assemble(): { readonly [N in RegisterName]: Register } {
  const table: Record<string, Register> = {};
  for (const [constant, rows] of Object.entries(groups) as [string, { readonly [name: string]: RegisterRow }][]) {
    const group = constant.replace(/_REGISTERS$/, '').toLowerCase() as RegisterGroup;
    for (const [name, row] of Object.entries(rows)) {
      table[name] = { status: 'unverified', ...row, name: name as RegisterName, group, packed: packEncoding(...row.encoding) };
    }
  }
  // An EL12 or EL02 name has the layouts of what it reaches.
  for (const row of Object.values(table)) {
    if (row.alias !== undefined) table[row.name] = { ...row, layouts: table[row.alias].layouts };
  }
  return table as { readonly [N in RegisterName]: Register };
}

/** Every register by name. */
export const REGISTERS: { readonly [N in RegisterName]: Register } = assemble();

/** Every register in the order of the fact files. The position is the register's index for `classify`. */
export const REGISTER_LIST: readonly Register[] = Object.values(REGISTERS);

export function isRegisterName(name: string): name is RegisterName {
  return Object.hasOwn(REGISTERS, name);
}

const NONE = 0xffff;
const readIndex = new Uint16Array(1 << 16).fill(NONE);
const writeIndex = new Uint16Array(1 << 16).fill(NONE);
const instructionIndex = new Map<number, SystemInstructionName>();
const writeOnly = new Set<string>(SPLIT_ENCODINGS.map((s) => s.write));
const readOnly = new Set<string>(SPLIT_ENCODINGS.map((s) => s.read));
for (const [index, { name, packed }] of REGISTER_LIST.entries()) {
  if (!writeOnly.has(name)) readIndex[packed] = index;
  if (!readOnly.has(name)) writeIndex[packed] = index;
}
for (const [name, row] of Object.entries(SYSTEM_INSTRUCTIONS) as [SystemInstructionName, SystemInstructionRow][]) {
  instructionIndex.set(packEncoding(...row.encoding), name);
}

/**
 * The index of the register an access names before any redirection, -1 when no register of this package has the encoding. Constant
 * time, for caches of verdicts: `REGISTER_LIST[index]` is the row. `packed` is a packed encoding (see `packEncoding`).
 */
export function classify(packed: number, direction: Direction = 'read'): number {
  const index = (direction === 'read' ? readIndex : writeIndex)[packed];
  return index === NONE ? -1 : index;
}

/** The register with a packed encoding, undefined when there is none. */
export function registerAt(packed: number, direction: Direction = 'read'): Register | undefined {
  return REGISTER_LIST[classify(packed, direction)];
}

/** The register with the five numbers. Throws RangeError when one is out of range. */
export function byEncoding(op0: number, op1: number, crn: number, crm: number, op2: number, direction: Direction = 'read'): Register | undefined {
  return registerAt(packEncoding(op0, op1, crn, crm, op2), direction);
}

/** The system instruction with a packed encoding (op0 = 1), undefined when there is none. */
export function instructionAt(packed: number): SystemInstructionName | undefined {
  return instructionIndex.get(packed);
}

/**
 * The packed encoding of a register, a system instruction (`TLBI VAE1IS`), a register of a later extension, or a generic name
 * (`S3_5_C1_C0_0`). Throws RangeError for a name that is none of these.
 */
export function encodingOf(name: string): number {
  if (isRegisterName(name)) return REGISTERS[name].packed;
  const instruction = (SYSTEM_INSTRUCTIONS as { readonly [name: string]: SystemInstructionRow })[name];
  if (instruction) return packEncoding(...instruction.encoding);
  const later = LATER_REGISTERS[name];
  if (later) return packEncoding(later[0], later[1], later[2], later[3], later[4]);
  const generic = parseGenericName(name);
  if (generic !== undefined) return generic;
  throw new RangeError(`no system register ${name}; give a name of the manual (SCTLR_EL1) or a generic one (S3_0_C1_C0_0)`);
}

/** The register's name, else the system instruction's, else the generic name. */
export function nameOf(packed: number, direction: Direction = 'read'): string {
  return registerAt(packed, direction)?.name ?? instructionIndex.get(packed) ?? genericName(packed);
}

/**
 * The layout that holds for a register: chosen by E2H where that decides, otherwise the first with fields, which is the AArch64 or
 * most common one. Name a tag to ask for another.
 */
export function layoutOf(name: RegisterName, choice: { readonly e2h?: boolean; readonly tag?: string } = {}): LayoutRow {
  const { layouts } = REGISTERS[name];
  if (choice.tag !== undefined) {
    const named = layouts[choice.tag];
    if (!named) throw new RangeError(`${name} has no layout ${choice.tag}; it has ${Object.keys(layouts).join(', ')}`);
    return named;
  }
  return layouts[choice.e2h ? 'e2h1' : 'e2h0'] ?? Object.values(layouts).find((l) => Object.keys(l.fields).length > 0) ?? Object.values(layouts)[0];
}
