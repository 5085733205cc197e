import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { CRC32 } from '../facts/encodings/crc32.ts';
import { xOrSink, xOrZero } from '../state.ts';

interface Fields {
  readonly rm: number;
  readonly rn: number;
  readonly rd: number;
}

/** The polynomials of CRC32 and CRC32C, bits reversed (DDI 0487 C6.2 CRC32B, CRC32CB). */
const POLYNOMIALS = { crc32: 0xedb8_8320, crc32c: 0x82f6_3b78 } as const;

/**
 * What the helpers `crc32` and `crc32c` compute: `accumulator` (32 bits) after the low `bytes` bytes of `value`, least significant
 * first. Neither inverted before nor after; the result is unsigned.
 */
export function crc32Step(kind: keyof typeof POLYNOMIALS, accumulator: bigint, value: bigint, bytes: number): bigint {
  const polynomial = POLYNOMIALS[kind];
  let crc = Number(BigInt.asIntN(32, accumulator));
  for (let n = 0; n < bytes; n++) {
    crc ^= Number((value >> BigInt(8 * n)) & 0xffn);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
  }
  return BigInt(crc >>> 0);
}

function checksum(helper: keyof typeof POLYNOMIALS, bytes: 1 | 2 | 4 | 8): Operation<Fields> {
  return op(
    ({ rm, rn, rd }) => ({ n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd) }),
    (s, { n, m, d }) => s.setInt(d, s.wrap(s.helper(helper, s.int(n, 64), s.int(m, 64), s.literal(bytes, 64)))),
  );
}

export const crc32: Semantics<typeof CRC32> = {
  CRC32B: checksum('crc32', 1),
  CRC32H: checksum('crc32', 2),
  CRC32W: checksum('crc32', 4),
  CRC32X: checksum('crc32', 8),
  CRC32CB: checksum('crc32c', 1),
  CRC32CH: checksum('crc32c', 2),
  CRC32CW: checksum('crc32c', 4),
  CRC32CX: checksum('crc32c', 8),
};
