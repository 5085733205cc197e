/**
 * System register encodings as numbers. A packed encoding is the 16 bits [20:5] of the instruction word: op0 op1 CRn CRm op2 from high
 * to low, so `(word >>> 5) & 0xffff` is the packed encoding of an MRS, MSR, SYS or SYSL.
 */
import type { EncodingTuple } from './row.ts';

const LIMITS = [['op0', 3], ['op1', 7], ['CRn', 15], ['CRm', 15], ['op2', 7]] as const;

/** Packs the five numbers. Throws RangeError when one is out of range. */
export function packEncoding(op0: number, op1: number, crn: number, crm: number, op2: number): number {
  const parts = [op0, op1, crn, crm, op2];
  for (const [i, [name, limit]] of LIMITS.entries()) {
    const value = parts[i];
    if (!Number.isInteger(value) || value < 0 || value > limit) throw new RangeError(`${name}=${value} is out of range: 0 to ${limit}`);
  }
  return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}

export function unpackEncoding(packed: number): EncodingTuple {
  return [(packed >>> 14) & 3, (packed >>> 11) & 7, (packed >>> 7) & 15, (packed >>> 3) & 15, packed & 7];
}

/** `S3_5_C1_C0_0`: the spelling assemblers accept for any encoding (DDI 0487 C5.1.3). */
export function genericName(packed: number): string {
  const [op0, op1, crn, crm, op2] = unpackEncoding(packed);
  return `S${op0}_${op1}_C${crn}_C${crm}_${op2}`;
}

/** Reads a generic name, either case; undefined when the text is not one or a number is out of range. */
export function parseGenericName(text: string): number | undefined {
  const match = /^s([0-3])_([0-7])_c(\d{1,2})_c(\d{1,2})_([0-7])$/i.exec(text);
  if (!match) return undefined;
  const [op0, op1, crn, crm, op2] = match.slice(1).map(Number) as [number, number, number, number, number];
  return crn > 15 || crm > 15 ? undefined : packEncoding(op0, op1, crn, crm, op2);
}
