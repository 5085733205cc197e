import type { LoadPlan } from './plan.ts';
import { orderSegments } from './plan.ts';
import { ImageError } from './error.ts';

/** Where a flat binary goes. */
export interface FlatPlacement {
  /** Physical address of the first byte. */
  readonly address: bigint;
  /** Physical address of the first instruction; the first byte when left out. */
  readonly entry?: bigint;
}

/**
 * A plan for a file without a header: all of it at one address.
 *
 * @throws ImageError when the file is empty or wraps around the address space.
 */
export function planFlat(bytes: Uint8Array, placement: FlatPlacement): LoadPlan {
  if (bytes.length === 0) {
    throw new ImageError({
      code: 'malformed',
      value: 'flat binary of 0 bytes',
      rule: 'a flat binary holds at least one byte',
      remedy: 'Check the path and the step that builds the file',
    });
  }
  return {
    segments: orderSegments([
      { address: placement.address, bytes, memorySize: BigInt(bytes.length), origin: 'flat binary' },
    ]),
    entry: placement.entry ?? placement.address,
  };
}
