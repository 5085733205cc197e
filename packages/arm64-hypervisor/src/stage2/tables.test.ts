import fc from 'fast-check';
import { ReferenceMemory } from '@worldswitch/machine';
import { describe, expect, it } from 'vitest';
import { PageAllocator } from '../host/pages.ts';
import { BLOCK_SIZE, Stage2Tables, guestAddressBits, vtcrFor } from './tables.ts';

const BASE = 0x4000_0000n;
const PAGE = 4096n;

function tables(bits = 40): { readonly stage2: Stage2Tables; readonly memory: ReferenceMemory; readonly pages: PageAllocator } {
  const memory = new ReferenceMemory();
  memory.ram(BASE, 0x40_0000);
  const pages = new PageAllocator({ base: BASE, size: 0x40_0000n }, memory);
  return { stage2: new Stage2Tables(bits, memory, pages), memory, pages };
}

/** A walk as DDI 0487 D8.2 describes it: 4 KiB granule, from level 1, tables side by side beyond 39 bits. */
function walk(memory: ReferenceMemory, root: bigint, guest: bigint): { readonly host: bigint; readonly read: boolean; readonly write: boolean; readonly level: number; readonly entry: bigint } | undefined {
  let at = root + 8n * (guest >> 30n);
  for (let level = 1; level <= 3; level++) {
    const entry = memory.read(at, 8, 0) ?? 0n;
    const type = entry & 3n;
    if (type === 3n && level < 3) {
      at = (entry & 0xffff_ffff_f000n) + 8n * ((guest >> BigInt(30 - 9 * level)) & 511n);
      continue;
    }
    if ((type === 3n && level === 3) || (type === 1n && level < 3)) {
      const span = 1n << BigInt(39 - 9 * level);
      return { host: (entry & 0xffff_ffff_f000n & ~(span - 1n)) | (guest & (span - 1n)), read: (entry >> 6n & 1n) === 1n, write: (entry >> 7n & 1n) === 1n, level, entry };
    }
    return undefined;
  }
  return undefined;
}

describe('stage 2 tables', () => {
  it('map pages and blocks where a walk by the manual finds them, with access flag, memory type and permissions', () => {
    const { stage2, memory } = tables();
    stage2.map(0x4000_3000n, 0x8000_5000n, { readOnly: false });
    stage2.map(0x8000_0000n, 0x4020_0000n, { readOnly: true, block: true });
    // The upper half of 40 bits: the second of the root's two tables.
    stage2.map(0xff_ffff_f000n, 0x4000_0000n, { readOnly: false });
    const page = walk(memory, stage2.root, 0x4000_3abcn);
    expect(page).toMatchObject({ host: 0x8000_5abcn, read: true, write: true, level: 3 });
    const entry = page?.entry ?? 0n;
    // AF (bit 10), inner shareable (9:8 = 3), MemAttr 0b1111: Normal, write-back cacheable; executable (XN 54:53 = 0).
    expect([entry >> 10n & 1n, entry >> 8n & 3n, entry >> 2n & 15n, entry >> 53n & 3n]).toEqual([1n, 3n, 15n, 0n]);
    expect(walk(memory, stage2.root, 0x8012_3456n)).toMatchObject({ host: 0x4032_3456n, read: true, write: false, level: 2 });
    expect(walk(memory, stage2.root, 0xff_ffff_f123n)).toMatchObject({ host: 0x4000_0123n });
    expect(walk(memory, stage2.root, 0x4000_4000n)).toBeUndefined();
  });

  it('break a block up when a page of it is mapped otherwise', () => {
    const { stage2, memory } = tables();
    stage2.map(0x8000_0000n, 0x4020_0000n, { readOnly: false, block: true });
    stage2.map(0x8000_7000n, 0x4000_9000n, { readOnly: true });
    expect(walk(memory, stage2.root, 0x8000_7004n)).toMatchObject({ host: 0x4000_9004n, write: false });
    expect(walk(memory, stage2.root, 0x8000_6004n)).toMatchObject({ host: 0x4020_6004n, write: true });
    expect(walk(memory, stage2.root, 0x801f_fff8n)).toMatchObject({ host: 0x403f_fff8n, write: true });
  });

  it('are what a plain map of pages is, after any mappings and unmappings of any sizes', () => {
    const action = fc.oneof(
      fc.record({ what: fc.constant('page' as const), at: fc.integer({ min: 0, max: 1600 }), readOnly: fc.boolean() }),
      fc.record({ what: fc.constant('block' as const), at: fc.integer({ min: 0, max: 3 }), readOnly: fc.boolean() }),
      fc.record({ what: fc.constant('unmap' as const), at: fc.integer({ min: 0, max: 1600 }), count: fc.integer({ min: 1, max: 700 }) }),
    );
    fc.assert(fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const { stage2, memory } = tables(39);
      const model = new Map<number, boolean>();
      for (const one of actions) {
        if (one.what === 'page') {
          stage2.map(BASE + BigInt(one.at) * PAGE, 0x1_0000_0000n + BigInt(one.at) * PAGE, { readOnly: one.readOnly });
          model.set(one.at, one.readOnly);
        } else if (one.what === 'block') {
          // As the fault handler does: a block only where nothing is.
          const guest = BASE + BigInt(one.at) * BLOCK_SIZE;
          if (!stage2.blockFree(guest)) continue;
          stage2.map(guest, 0x1_0000_0000n + BigInt(one.at) * BLOCK_SIZE, { readOnly: one.readOnly, block: true });
          for (let n = 0; n < 512; n++) model.set(one.at * 512 + n, one.readOnly);
        } else {
          // Whole blocks go with any page of them: slots are removed whole, and a block never reaches beyond its slot.
          const [from, to] = [one.at, one.at + one.count];
          for (let n = from; n < to; n++) {
            const found = stage2.lookup(BASE + BigInt(n) * PAGE);
            if (found?.size === BLOCK_SIZE) for (let m = n & ~511; m < (n | 511) + 1; m++) model.delete(m);
            model.delete(n);
          }
          stage2.unmap(BASE + BigInt(from) * PAGE, BigInt(to - from) * PAGE);
        }
      }
      for (let n = 0; n < 2560; n++) {
        const found = walk(memory, stage2.root, BASE + BigInt(n) * PAGE);
        const wanted = model.get(n);
        if (wanted === undefined) expect(found).toBeUndefined();
        else expect(found).toMatchObject({ host: 0x1_0000_0000n + BigInt(n) * PAGE, write: !wanted });
      }
    }), { numRuns: 8 });
  });

  it('take the permission to write page by page: a block that is not all meant is broken up, one that is stays whole', () => {
    const { stage2, memory } = tables();
    const block = (n: bigint): bigint => BASE + n * BLOCK_SIZE;
    for (const n of [0n, 1n]) stage2.map(block(n), 0x8000_0000n + n * BLOCK_SIZE, { readOnly: false, block: true });
    stage2.map(block(2n), 0x9000_0000n, { readOnly: false });
    stage2.map(block(2n) + PAGE, 0xa000_0000n, { readOnly: true });
    // The last two pages of the first, all of the second, the first page of the third; what is not mapped stays so.
    stage2.protect(block(1n) - 2n * PAGE, BLOCK_SIZE + 3n * PAGE);
    const at = (address: bigint): unknown => {
      const found = walk(memory, stage2.root, address);
      return found && [found.level, found.write, found.host];
    };
    expect(at(block(1n) - 3n * PAGE)).toEqual([3, true, 0x8000_0000n + BLOCK_SIZE - 3n * PAGE]);
    expect(at(block(1n) - 2n * PAGE)).toEqual([3, false, 0x8000_0000n + BLOCK_SIZE - 2n * PAGE]);
    expect(at(block(1n) + 5n * PAGE)).toEqual([2, false, 0x8000_0000n + BLOCK_SIZE + 5n * PAGE]);
    expect([at(block(2n)), at(block(2n) + PAGE), at(block(2n) + 2n * PAGE), at(block(5n))]).toEqual([[3, false, 0x9000_0000n], [3, false, 0xa000_0000n], undefined, undefined]);
  });

  it('give their pages back', () => {
    const { stage2, pages } = tables();
    const first = pages.allocate();
    for (let n = 0n; n < 20n; n++) stage2.map(n * (1n << 30n), 0n, { readOnly: false });
    const used = pages.allocate();
    stage2.dispose();
    for (let n = 0; n < 40; n++) expect(pages.allocate()).toBeLessThanOrEqual(used);
    expect(first).toBeLessThan(used);
  });
});

describe('VTCR_EL2 and the guest\'s address bits', () => {
  // PARange 0 to 6: 32, 36, 40, 42, 44, 48, 52 bits (DDI 0487 ID_AA64MMFR0_EL1); KVM gives 40 by default.
  it.each([[0, 32], [1, 36], [2, 40], [3, 40], [5, 40], [6, 40]])('PARange %i gives %i bits', (paRange, bits) => { expect(guestAddressBits(paRange)).toBe(bits); });
  it('say: 4 KiB granule, from level 1, 40 bits, RES1', () => {
    const vtcr = vtcrFor(40, 2);
    expect([vtcr & 63n, vtcr >> 6n & 3n, vtcr >> 14n & 3n, vtcr >> 16n & 7n, vtcr >> 31n]).toEqual([24n, 1n, 0n, 2n, 1n]);
  });
});
