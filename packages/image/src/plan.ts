import { hex } from '@worldswitch/bits';
import { ImageError } from './error.ts';

/** One stretch of memory that an image fills: `bytes` at `address`, then zeros up to `memorySize`. */
export interface LoadSegment {
  /** Physical address of the first byte. */
  readonly address: bigint;
  /** The content, a view of the file (not a copy); at most `memorySize` long. */
  readonly bytes: Uint8Array;
  /** Bytes the segment occupies in memory; what `bytes` does not fill is zero (BSS). */
  readonly memorySize: bigint;
  /** Where the segment comes from, for messages and maps: `PT_LOAD 0`, `Image`, `device tree`. */
  readonly origin: string;
}

/** What to put where, and where to start; nothing is allocated or written before somebody executes the plan. */
export interface LoadPlan {
  /** In ascending order of address, without overlap. */
  readonly segments: readonly LoadSegment[];
  /** Physical address of the first instruction. */
  readonly entry: bigint;
}

/** A range of memory that can be loaded into. */
export interface MemoryRange {
  readonly base: bigint;
  /** In bytes. */
  readonly size: bigint;
}

/**
 * Sorts segments by address and refuses overlaps.
 *
 * @throws ImageError `malformed` when two segments claim the same byte, or one wraps around the end of the 64-bit address space.
 */
export function orderSegments(segments: readonly LoadSegment[]): LoadSegment[] {
  const sorted = segments.filter((s) => s.memorySize > 0n).sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  sorted.forEach((segment, i) => {
    const end = segment.address + segment.memorySize;
    if (end > 1n << 64n) {
      throw new ImageError({
        code: 'malformed',
        value: `${segment.origin} at ${hex(segment.address)}, ${hex(segment.memorySize)} bytes`,
        rule: 'a segment must end within the 64-bit address space',
        remedy: 'Link the image to lower addresses',
      });
    }
    const next = sorted[i + 1];
    if (next !== undefined && next.address < end) {
      throw new ImageError({
        code: 'malformed',
        value: `${segment.origin} at ${hex(segment.address)}..${hex(end - 1n)} and ${next.origin} at ${hex(next.address)}`,
        rule: 'two segments may not claim the same memory',
        remedy: 'Give them physical addresses (LMA) of their own in the linker script, or pass another address',
      });
    }
  });
  return sorted;
}

/**
 * Checks that each segment lies wholly inside one of `memory`'s ranges (memory, not file, size: BSS counts).
 *
 * @throws ImageError `does-not-fit`, naming the segment, the memory there is and the way out.
 */
export function assertFits(plan: LoadPlan, memory: readonly MemoryRange[]): void {
  for (const segment of plan.segments) {
    const end = segment.address + segment.memorySize;
    if (memory.some((m) => m.base <= segment.address && end <= m.base + m.size)) continue;
    const ranges = memory.map((m) => `${hex(m.base)}..${hex(m.base + m.size - 1n)}`).join(', ');
    throw new ImageError({
      code: 'does-not-fit',
      value: `${segment.origin} needs ${hex(segment.address)}..${hex(end - 1n)}; memory is ${ranges || 'empty'}`,
      rule: 'an image must lie inside memory, its zero-filled part included',
      remedy: 'Give the machine more memory, or link or place the image elsewhere',
    });
  }
}
