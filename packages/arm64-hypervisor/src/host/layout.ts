/** Where hosted code is entered, and what of the machine's memory belongs to the hypervisor. */
import type { PageRange } from './pages.ts';
import { PANIC_ENTRY } from '../switch/steps/panic.ts';

export interface HostLayout {
  /** First address of the hosted range: 12 KiB that is no memory, aligned to 2 KiB, where a fetch brings hosted code back. */
  readonly hosted: bigint;
  readonly pages: PageRange;
}

export const HOSTED_SIZE = 0x3000;

/** Entries in the hosted range: vector tables of 0x800 bytes for guests, the host's kernel and its calls; the kernel, its panic. */
export interface HostedEntries {
  readonly hypVectors: bigint;
  readonly hostVectors: bigint;
  readonly callVectors: bigint;
  readonly kernel: bigint;
  readonly panic: bigint;
}

export function entriesOf({ hosted }: HostLayout): HostedEntries {
  return { hypVectors: hosted, hostVectors: hosted + 0x800n, callVectors: hosted + 0x2000n, kernel: hosted + 0x1000n, panic: hosted + PANIC_ENTRY };
}

/** Offsets in a vector table (DDI 0487 D1.3.1.4). */
export const VECTOR = {
  currentSync: 0x200n, currentIrq: 0x280n, currentFiq: 0x300n, currentSerror: 0x380n,
  lowerSync: 0x400n, lowerIrq: 0x480n, lowerFiq: 0x500n, lowerSerror: 0x580n,
} as const;
