import { SemanticsError } from '../ir/builder.ts';
import type { Bound, Slot, Template } from '../ir/types.ts';

/**
 * A predecoded instruction: 16 bytes {u16 handler; four u16 fields; u16 heat; i32 immediate}. The record's address is
 * the program counter of the interpreter.
 */
export const RECORD = { size: 16, sizeBits: 4, handler: 0, fields: [2, 4, 6, 8], heat: 10, immediate: 12 } as const;

/** Handlers that are not instruction shapes. Those below `counted` take no part in counting. */
export const HANDLER = {
  /** Not predecoded yet; a fresh page is zero. */
  decode: 0,
  /** An address that somebody wants to stop at. */
  stop: 1,
  /** Behind the last instruction of a page. */
  nextPage: 2,
  /** A translated region starts here. */
  region: 3,
  /** Executed by the evaluator. */
  outOfLine: 4,
  firstShape: 5,
} as const;

/** Where one bound value lies in a record. */
export type Place = { readonly in: 'field'; readonly offset: number } | { readonly in: 'immediate' } | { readonly in: 'pool'; readonly offset: number };

/** Where a shape's bound values lie; undefined where they do not fit and the shape is executed out of line. */
export type RecordLayout = readonly Place[] | undefined;

/**
 * Slots and small numbers take the 16-bit fields. The jump offset, or else the first number, takes the 32-bit immediate;
 * where there are 64-bit values the immediate points at them in the pool instead, and every number must be small.
 */
export function layoutOf(template: Template): RecordLayout {
  const { holes, end } = template;
  const jump = end.op === 'jump' || end.op === 'jumpIf' ? end.offset.index : undefined;
  const wide = holes.includes('wide');
  if (jump !== undefined && wide) return undefined;
  const immediate = wide ? -1 : (jump ?? holes.indexOf('int'));
  let field = 0;
  let pool = 0;
  const places = holes.map((kind, index): Place => {
    if (index === immediate) return { in: 'immediate' };
    if (kind === 'wide') return { in: 'pool', offset: 8 * pool++ };
    return { in: 'field', offset: RECORD.fields[field++] ?? -1 };
  });
  return field > RECORD.fields.length ? undefined : places;
}

/** The 16-bit field of a value. */
export function fieldOf(value: Bound, shape: string): number {
  if (typeof value === 'object') return (value satisfies Slot).offset;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 0xffff) {
    throw new SemanticsError(`${shape}: ${value} in a 16-bit field; bind the larger number first, or as a bigint`);
  }
  return number;
}
