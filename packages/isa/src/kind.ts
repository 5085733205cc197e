/** Operand kinds: how a field, or several together, are written. An architecture registers its own; `kinds.ts` has the common ones. */
import type { Cursor } from './cursor.ts';

/** Values for fields, by name. */
export type FieldValues = Readonly<Record<string, number>>;

interface KindContext {
  /** The fields the placeholder lists, in its order: `{N,immr,imms:bitmask}`. */
  readonly fields: readonly string[];
  /** The first of them. */
  readonly field: string;
  /** The strings between the parentheses of `{imm:scaled(8)}`. */
  readonly args: readonly string[];
  /** Address of the instruction. */
  readonly pc: bigint;
  /** Width in bits of a field of this row; throws RangeError for a field it does not have. */
  readonly width: (field: string) => number;
  /** Whether the row has a field of this name. */
  readonly has: (field: string) => boolean;
  /** Spreads a number over the placeholder's fields, the first most significant; undefined when it does not fit them. */
  readonly split: (value: number) => FieldValues | undefined;
}

export interface PrintContext extends KindContext {
  /** All operands of the instruction. */
  readonly operands: FieldValues;
  /** The value of `field`. */
  readonly value: number;
  /** The values of `fields` joined, the first most significant (unsigned, exact up to 53 bits). */
  readonly joined: number;
  /** A target address as text: the user's symbol, or `0x…`. */
  readonly address: (target: bigint) => string;
}

export interface ParseContext extends KindContext {
  /** What is known so far: fields fixed by the template's condition and by operands further left. */
  readonly operands: FieldValues;
}

/** One way of writing operands. Both directions must agree: what `print` writes, `parse` reads back to the same fields. */
export interface Kind {
  /** Field names, besides those listed in the placeholder, that `parse` may return (a register name also tells the size: `sf`). */
  readonly also?: readonly string[];
  /** The text, or undefined when these operands cannot be written this way (then the template or alias does not apply). */
  print(context: PrintContext): string | undefined;
  /**
   * Reads from the cursor and returns field values, or undefined after `cursor.fail('what was expected')`. A value that contradicts
   * one already known makes the template not match, so a kind need not compare.
   */
  parse(cursor: Cursor, context: ParseContext): FieldValues | undefined;
}

export type Kinds = { readonly [name: string]: Kind };
