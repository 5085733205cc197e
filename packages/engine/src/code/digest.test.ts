import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIGEST_BLOCK, DIGEST_PRIME, DIGEST_START, PcDigest } from './digest.ts';

describe('the digest of program counters', () => {
  it('is one xor and one multiplication an address', () => {
    const digest = new PcDigest();
    digest.add(0x40_0000n);
    expect(digest.value).toBe(BigInt.asUintN(64, (DIGEST_START ^ 0x40_0000n) * DIGEST_PRIME));
  });
  it('takes addresses back, across the end of a block too', () => {
    fc.assert(fc.property(fc.array(fc.bigInt(0n, (1n << 64n) - 1n), { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (addresses, left) => {
      const digest = new PcDigest();
      digest.resume(DIGEST_START, left);
      for (const address of addresses) digest.add(address);
      for (const address of [...addresses].reverse()) digest.remove(address);
      expect([digest.value, digest.left, digest.blocks]).toEqual([DIGEST_START, left, []]);
    }));
  });
  it('closes a block after its last address', () => {
    const digest = new PcDigest();
    for (let n = 0; n < DIGEST_BLOCK; n++) digest.add(0n);
    expect(digest.blocks).toEqual([digest.value]);
    expect(digest.left).toBe(DIGEST_BLOCK);
  });
});
