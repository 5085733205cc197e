/** True random numbers for guests (DEN 0098), from a source that is handed in: here nothing is random of itself. */
import { NOT_SUPPORTED, toResult } from '@worldswitch/arm64/firmware';
import { TRNG } from './identifiers.ts';

/** The next 64 bits. */
export type RandomSource = () => bigint;

const VERSION_1_0 = 0x1_0000n;
const INVALID_PARAMETER = -2;
/** Of the implementation, 0d21e000-4384-11eb-8070-5244554e5a4c, as four little-endian words of its bytes (DEN 0098 2.3). */
const UUID = [0x00e0_210dn, 0xeb11_8443n, 0x4452_7080n, 0x4c5a_4e55n] as const;
const IDENTIFIERS: ReadonlySet<bigint> = new Set<bigint>(Object.values(TRNG));

/** The golden ratio's bits in steps: a sequence that is spread over all 64 bits and the same in every run (splitmix64). */
export function reproducibleSource(seed = 0n): RandomSource {
  let state = BigInt.asUintN(64, seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  };
}

/** x0 to x3; undefined for a call that is none of these. `argument` is x1. */
export function trng(id: bigint, argument: bigint, source: RandomSource): readonly bigint[] | undefined {
  switch (id) {
    case TRNG.VERSION: return [VERSION_1_0];
    case TRNG.FEATURES: return [IDENTIFIERS.has(BigInt.asUintN(32, argument)) ? 0n : toResult(NOT_SUPPORTED)];
    case TRNG.GET_UUID: return UUID;
    case TRNG.RND32: return random(Number(BigInt.asUintN(32, argument)), 32, source);
    case TRNG.RND64: return random(Number(BigInt.asUintN(32, argument)), 64, source);
    default: return undefined;
  }
}

/** `bits` of entropy, the lowest in x3, at most three registers of `width`; bits beyond are zero. */
function random(bits: number, width: 32 | 64, source: RandomSource): readonly bigint[] {
  if (bits > 3 * width) return [toResult(INVALID_PARAMETER)];
  let entropy = 0n;
  for (let have = 0; have < bits; have += 64) entropy |= source() << BigInt(have);
  entropy = BigInt.asUintN(bits, entropy);
  return [0n, ...[2, 1, 0].map((n) => BigInt.asUintN(width, entropy >> BigInt(n * width)))];
}
