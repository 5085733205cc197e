/** Pointers of the host's kernel, as EL2 can use them. */
import type { SwitchContext } from '../step.ts';

/** Where the kernel of a host at EL1 has all of physical memory, one after the other. */
export const KERNEL_BASE = BigInt.asUintN(64, -(1n << 38n));
const LINEAR_BITS = 38;

/**
 * A pointer that the host's kernel has put in memory. Without VHE, EL2 has a translation of its own, in which memory is at low addresses:
 * the kernel's is out of its reach, and a load from it faults. With VHE both are the same, and this is nothing.
 */
export function kernHypVa({ mode }: Pick<SwitchContext, 'mode'>, pointer: bigint): bigint {
  return mode === 'vhe' ? pointer : BigInt.asUintN(LINEAR_BITS, pointer);
}
