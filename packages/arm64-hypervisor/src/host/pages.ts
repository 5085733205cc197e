/** Pages of the host's memory that the hypervisor has for itself: contexts and stage 2 tables. */
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { HostMemory } from '../processor.ts';

export const PAGE = 4096n;

/** A stretch of the host's RAM. Both page aligned. */
export interface PageRange {
  readonly base: bigint;
  readonly size: bigint;
}

export class PageAllocator {
  readonly range: PageRange;
  readonly #memory: HostMemory;
  #next: bigint;
  readonly #free: bigint[] = [];

  /** Throws `KvmError` EINVAL for a range that is not made of pages. */
  constructor(range: PageRange, memory: HostMemory) {
    if (range.base % PAGE !== 0n || range.size % PAGE !== 0n || range.size <= 0n) {
      throw new KvmError('EINVAL', { value: `pages ${hex(range.base)}, ${hex(range.size)} bytes`, rule: 'the range is whole pages of 4096 bytes', remedy: 'align both' });
    }
    this.range = range;
    this.#memory = memory;
    this.#next = range.base;
  }

  /** Zeroed pages next to each other, aligned to all of them. Throws `KvmError` ENOMEM. */
  allocate(pages = 1): bigint {
    const single = pages === 1 ? this.#free.pop() : undefined;
    if (single !== undefined) return this.#cleared(single, 1);
    const size = BigInt(pages) * PAGE;
    const base = ((this.#next + size - 1n) / size) * size;
    if (base + size > this.range.base + this.range.size) {
      throw new KvmError('ENOMEM', { value: `${pages} pages`, rule: `the hypervisor has ${hex(this.range.size)} bytes of the host's memory`, remedy: 'give it a larger range' });
    }
    for (let gap = this.#next; gap < base; gap += PAGE) this.#free.push(gap);
    this.#next = base + size;
    return this.#cleared(base, pages);
  }

  free(base: bigint, pages = 1): void {
    for (let n = 0; n < pages; n++) this.#free.push(base + BigInt(n) * PAGE);
  }

  #cleared(base: bigint, pages: number): bigint {
    if (!this.#memory.loadBytes(base, new Uint8Array(pages * Number(PAGE)))) {
      throw new KvmError('ENOMEM', { value: `page ${hex(base)}`, rule: 'the range is RAM of the host', remedy: 'give the hypervisor a range the host has' });
    }
    return base;
  }
}
