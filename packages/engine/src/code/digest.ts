/**
 * The digest of a program-counter stream, 64 bits: FNV's start and prime, but one whole address at a time. After every
 * block of instructions its value is kept, so that two runs can be compared block by block.
 */
export const DIGEST_START = 0xcbf2_9ce4_8422_2325n;
export const DIGEST_PRIME = 0x100_0000_01b3n;
/** Of the prime, modulo 2^64. */
const INVERSE = inverse(DIGEST_PRIME);
/** Instructions in a block. */
export const DIGEST_BLOCK = 65_536;

export class PcDigest {
  value = DIGEST_START;
  /** Instructions until the block is full. */
  left = DIGEST_BLOCK;
  /** The digest at the end of each block so far. */
  readonly blocks: bigint[] = [];

  add(pc: bigint): void {
    this.value = BigInt.asUintN(64, (this.value ^ pc) * DIGEST_PRIME);
    if (--this.left === 0) this.close(this.value);
  }
  /** Takes the last address back: a stop of ours held its instruction. */
  remove(pc: bigint): void {
    if (this.left === DIGEST_BLOCK) {
      this.blocks.pop();
      this.left = 0;
    }
    this.left++;
    this.value = BigInt.asUintN(64, this.value * INVERSE) ^ pc;
  }
  /** Ends a block at this value. */
  close(value: bigint): void {
    this.blocks.push(value);
    this.left = DIGEST_BLOCK;
  }
  /** Takes over what generated code computed. */
  resume(value: bigint, left: number): void {
    this.value = value;
    this.left = left;
  }
}

/** Newton's iteration: each step doubles the bits that are right, and an odd number is its own inverse modulo 8. */
function inverse(odd: bigint): bigint {
  let x = odd;
  for (let bits = 3; bits < 64; bits *= 2) x = BigInt.asUintN(64, x * (2n - odd * x));
  return x;
}
