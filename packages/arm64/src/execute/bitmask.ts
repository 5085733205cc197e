/** The immediates of logical instructions (DDI 0487 J1.1, DecodeBitMasks): a run of ones, rotated, in elements that repeat. */
import { mask, replicate, rotateRight } from '@worldswitch/bits';

/**
 * The 64-bit (or, with `bits` 32, 32-bit) mask that N:immr:imms stands for, unsigned; undefined for the combinations that stand
 * for none: a run as long as its element, elements of one bit, and 64-bit elements in 32 bits.
 */
export function decodeBitmask(n: number, immr: number, imms: number, bits: 32 | 64): bigint | undefined {
  const length = 31 - Math.clz32((n << 6) | (~imms & 0x3f));
  if (length < 1) return undefined;
  const size = 1 << length;
  const ones = (imms & (size - 1)) + 1;
  if (size > bits || ones === size) return undefined;
  return replicate(rotateRight(mask(ones), size, immr & (size - 1)), size, bits);
}

/** The fields of a mask of `bits` bits (unsigned), or undefined when it is not a repeated, rotated run of ones. */
export function encodeBitmask(value: bigint, bits: 32 | 64): { readonly n: number; readonly immr: number; readonly imms: number } | undefined {
  if (value <= 0n || value >= mask(bits)) return undefined;
  let size: number = bits;
  while (size > 2 && replicate(value & mask(size / 2), size / 2, size) === (value & mask(size))) size /= 2;
  const element = value & mask(size);
  const ones = element.toString(2).replace(/0/g, '').length;
  for (let immr = 0; immr < size; immr++) {
    if (rotateRight(mask(ones), size, immr) !== element) continue;
    return { n: size === 64 ? 1 : 0, immr, imms: ((-2 * size) & 0x3f) | (ones - 1) };
  }
  return undefined;
}
