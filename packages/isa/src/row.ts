/** The shape of an instruction table: rows of plain data from which decoder, assembler, disassembler and documentation are derived. */

/** What the project claims about a row; shown in the support matrix. */
export type Status =
  /** Executes as the manual says. */
  | 'modelled'
  /** Keeps state but has no effect. */
  | 'stored'
  /** Always the same result. */
  | 'constant'
  /** Written down, not yet checked against an independent source. */
  | 'unverified'
  /** Decoded and disassembled; executing it is refused by name. */
  | 'unbuilt';

export const STATUSES: readonly Status[] = ['modelled', 'stored', 'constant', 'unverified', 'unbuilt'];

/**
 * What a field must be for a condition to hold:
 * - a number, or a list of numbers (any of them);
 * - a string of `0`, `1`, `-` as long as the field is wide (`'1-'`: bit 1 set);
 * - a comparison, unsigned: `'=other'`, `'!=other'`, `'<other'`, `'<=other'`, `'>other'`, `'>=other'`, where `other` is a field of the
 *   same pattern or a decimal number (`'!=31'`).
 */
export type Match = number | readonly number[] | string;

/**
 * Fields that must all match. In templates the key `$` names predicates that the architecture registers with its instruction set
 * (`{ sf: 1, $: 'moveWidePreferred' }`, `'!name'` negated, several in a list); in `unless` only fields are allowed, because decoding
 * needs no code.
 */
export type Condition = { readonly [field: string]: Match | readonly string[] };

/** A template that applies when its condition holds (a list means any of them; none means always). */
export interface Variant {
  readonly when?: Condition | readonly Condition[];
  readonly text: string;
}

/**
 * Another way of writing the row. `when` is part of its meaning and holds both ways: fields fixed by it need no placeholder.
 * `prefer` narrows disassembly only: the alias is printed when `when` and `prefer` hold, `false` means never (it is still assembled).
 * The first applicable alias of a row is the one that is printed.
 */
export interface Alias extends Variant {
  readonly prefer?: Condition | readonly Condition[] | false;
}

/** One instruction form. See the package README, "How to write rows". */
export interface Row {
  /** 32 bits, most significant first; see `pattern.ts`. */
  readonly pattern: string;
  /** The template, or several: the first whose condition holds is printed, all are tried when assembling. */
  readonly asm: string | readonly Variant[];
  readonly aliases?: readonly Alias[];
  /** Words that match any entry are not this instruction: unallocated, or another row's. */
  readonly unless?: readonly Condition[];
  /** Rows that overlap must name the same group; in it the higher `priority` (default 0) wins, then the earlier row. */
  readonly group?: string;
  readonly priority?: number;
  /** The architectural feature the form belongs to, spelled as the manual does (`FEAT_LSE`); none means it is always there. */
  readonly feature?: string;
  readonly status: Status;
  /** Manual and section: `'DDI 0487 C6.2.4 ADD (immediate)'`. */
  readonly source: string;
  readonly note?: string;
}

/** A table, by row id. Declare tables `as const satisfies Rows`, so that patterns stay literal types. */
export type Rows = { readonly [id: string]: Row };
