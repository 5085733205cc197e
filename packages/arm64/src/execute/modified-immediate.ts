/** What the eight bits of SIMD and floating-point immediates stand for (DDI 0487 shared/functions/vector AdvSIMDExpandImm, VFPExpandImm). */

/** Each bit as a byte of ones or zeros. */
export function byteMask(imm8: number): bigint {
  let mask = 0n;
  for (let bit = 7; bit >= 0; bit--) mask = (mask << 8n) | (imm8 & (1 << bit) ? 0xffn : 0n);
  return mask;
}

/** The number that abcdefgh means: sign a, exponent NOT(b):cd around 0 (-3 to 4), fraction 1.efgh. */
export function floatImmediate(imm8: number): number {
  const exponent = ((imm8 >> 4) & 7) ^ 4;
  const magnitude = ((16 + (imm8 & 15)) / 16) * 2 ** (exponent - 3);
  return imm8 & 0x80 ? -magnitude : magnitude;
}

/** Its bits in the given precision: a, NOT(b), b repeated, cdefgh, zeros. */
export function floatImmediateBits(imm8: number, bits: 32 | 64): bigint {
  const [repeated, fraction] = bits === 64 ? [8n, 48n] : [5n, 19n];
  const b = BigInt((imm8 >> 6) & 1);
  const exponent = ((1n - b) << repeated) | (b === 1n ? (1n << repeated) - 1n : 0n);
  return (BigInt(imm8 >> 7) << BigInt(bits - 1)) | (exponent << (fraction + 6n)) | (BigInt(imm8 & 0x3f) << fraction);
}

/** A pattern of `bits` bits repeated over 64. */
export function repeated(value: bigint, bits: 8 | 16 | 32): bigint {
  let all = value;
  for (let size = bits as number; size < 64; size *= 2) all |= all << BigInt(size);
  return all;
}
