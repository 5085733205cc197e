/** Shapes of the fact tables: what a row of `facts/*` may hold. Types only. */
import type { FieldSpecs } from '@worldswitch/bits';

/** op0, op1, CRn, CRm, op2 of an MRS, MSR, SYS or SYSL. */
export type EncodingTuple = readonly [op0: number, op1: number, crn: number, crm: number, op2: number];

/** An inclusive bit range, high first; bits count from the least significant. */
export type BitRange = readonly [high: number, low: number];

/** How a bit without its feature, or a reserved bit, behaves. */
export type ReservedKind = 'RES0' | 'RES1' | 'RAZ' | 'RAZ/WI' | 'RAO/WI' | 'UNKNOWN';

/** One arrangement of a register's 64 bits. Keys of `needs` and `absent` are a field's name or `name[high:low]` for a part of it. */
export interface LayoutRow {
  /** The condition under which the layout holds, absent when it always does. */
  readonly when?: string;
  readonly fields: FieldSpecs;
  /** The features a field needs: names joined by `|` (any of them) or `&` (all). */
  readonly needs?: { readonly [field: string]: string };
  /** What a field is without its features (or where not implemented); RES0 unless given here. */
  readonly absent?: { readonly [field: string]: string };
  readonly res0?: readonly BitRange[];
  readonly res1?: readonly BitRange[];
  /** Read as zero, writes ignored. */
  readonly raz?: readonly BitRange[];
  readonly unknown?: readonly BitRange[];
}

/** How far an implementation of a register has been checked; what a support matrix prints. */
export type RegisterStatus = 'modelled' | 'stored' | 'constant' | 'unverified';

/** One system register. */
export interface RegisterRow {
  readonly encoding: EncodingTuple;
  /** `RW`, `RO`, `WO` or `-` for EL0, EL1, EL2 and EL3, separated by spaces. */
  readonly access: string;
  /** Without it the register is UNDEFINED; same notation as `LayoutRow.needs`, `EL3` for the level itself. */
  readonly feature?: string;
  /** An `_EL12` or `_EL02` name: the register it reaches, whose layouts are its layouts. */
  readonly alias?: string;
  /** Manual and register whose section is meant. */
  readonly source: string;
  /** Bits fixed by a warm or cold reset when EL2 is the highest level; every other bit is UNKNOWN or implementation defined. */
  readonly reset?: { readonly mask: bigint; readonly value: bigint };
  readonly resetNote?: string;
  /** 128 when a later feature makes the register that wide. */
  readonly wide?: number;
  readonly status?: RegisterStatus;
  readonly layouts: { readonly [tag: string]: LayoutRow };
}

export type RegisterRows = { readonly [name: string]: RegisterRow };

/** Checks of one access per level: `'HCR_EL2.TVM=1 -> EL2 0x18'`, `'... -> UNDEFINED'` or `'... -> virtual'`. */
export type LevelChecks = { readonly EL0?: readonly string[]; readonly EL1?: readonly string[]; readonly EL2?: readonly string[] };

/** Checks common to both directions, or one set for each. */
export type AccessRule = LevelChecks | { readonly read: LevelChecks; readonly write: LevelChecks };
export type AccessRules = { readonly [name: string]: AccessRule };

/** One SYS instruction: AT, TLBI, DC, IC and the prediction restrictions. */
export interface SystemInstructionRow {
  readonly encoding: EncodingTuple;
  /** `W` or `-` for EL0, EL1 and EL2. */
  readonly access: string;
  /** Whether the assembler spelling takes a register. */
  readonly operand: boolean;
  readonly feature?: string;
  readonly source: string;
  readonly rules?: LevelChecks;
}

export type SystemInstructionRows = { readonly [name: string]: SystemInstructionRow };
