import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmError, Ledger, MemorySlots, checkGuestDebug, controlWord, deadSaves, redundantRestores, summarise, verdicts } from './index.ts';
import type { LedgerRow, MemoryRegion } from './index.ts';

const errnoOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    if (error instanceof KvmError) return error.errno;
    throw error;
  }
  return 'none';
};

const PAGE = 4096n;
const region = (over: Partial<MemoryRegion> = {}): MemoryRegion => ({ slot: 0, guestAddress: 0x4000_0000n, size: 16n * PAGE, hostAddress: 0x8000_0000n, ...over });

describe('memory slots', () => {
  const slots = (): MemorySlots => {
    const made = new MemorySlots({ slots: 4, addressBits: 40 });
    made.commit(made.plan(region()));
    return made;
  };

  // The kernel's errno (KVM_SET_USER_MEMORY_REGION).
  it.each<[string, Partial<MemoryRegion>, string]>([
    ['a size that is no page multiple', { slot: 1, size: 100n }, 'EINVAL'],
    ['an unaligned guest address', { slot: 1, guestAddress: 0x123n }, 'EINVAL'],
    ['an unaligned host address', { slot: 1, guestAddress: 0n, hostAddress: 1n }, 'EINVAL'],
    ['a slot number out of range', { slot: 4, guestAddress: 0n }, 'EINVAL'],
    ['an address that wraps', { slot: 1, guestAddress: (1n << 64n) - PAGE, size: 2n * PAGE }, 'EINVAL'],
    ['more than the guest\'s address bits', { slot: 1, guestAddress: 1n << 40n }, 'EFAULT'],
    ['deleting what is not there', { slot: 1, size: 0n }, 'EINVAL'],
    ['another size', { size: PAGE }, 'EINVAL'],
    ['other host memory', { hostAddress: 0n }, 'EINVAL'],
    ['another read-only flag', { readOnly: true }, 'EINVAL'],
    ['an overlap', { slot: 1, guestAddress: 0x4000_f000n }, 'EEXIST'],
    ['the same again', {}, 'none'],
    ['a move', { guestAddress: 0x5000_0000n }, 'none'],
    ['a neighbour', { slot: 1, guestAddress: 0x4001_0000n }, 'none'],
    ['a deletion', { size: 0n }, 'none'],
  ])('%s', (_name, over, errno) => {
    const made = slots();
    const before = made.list();
    expect(errnoOf(() => made.plan(region(over)))).toBe(errno);
    expect(made.list()).toEqual(before);
  });

  it('never overlap, whatever is asked', () => {
    const request = fc.record({ slot: fc.integer({ min: -1, max: 5 }), page: fc.bigInt(0n, 40n), pages: fc.bigInt(0n, 8n), readOnly: fc.boolean() });
    fc.assert(fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
      const made = new MemorySlots({ slots: 4, addressBits: 40 });
      for (const { slot, page, pages, readOnly } of requests) {
        try {
          made.commit(made.plan({ slot, guestAddress: page * PAGE, size: pages * PAGE, hostAddress: 0n, readOnly }));
        } catch (error) {
          if (!(error instanceof KvmError)) throw error;
        }
      }
      const list = made.list();
      for (const [n, one] of list.entries()) if (n > 0) expect(one.guestAddress).toBeGreaterThanOrEqual(list[n - 1].guestAddress + list[n - 1].size);
    }));
  });
});

describe('guest debug', () => {
  it('has the kernel\'s control bits', () => {
    expect(controlWord({ enable: true, singleStep: true, softwareBreakpoints: true, hardware: { bcr: [], bvr: [], wcr: [], wvr: [] } })).toBe(0x3_0003);
    expect(controlWord({ enable: false, singleStep: true })).toBe(0);
  });
  it('refuses more than there is, and wider than a register', () => {
    const counts = { breakpoints: 2, watchpoints: 2 };
    const bank = { bcr: [], bvr: [], wcr: [], wvr: [] };
    expect(errnoOf(() => { checkGuestDebug({ enable: true, hardware: { ...bank, bcr: [1n, 1n, 1n] } }, counts); })).toBe('ENOBUFS');
    expect(errnoOf(() => { checkGuestDebug({ enable: true, hardware: { ...bank, wvr: [1n << 64n] } }, counts); })).toBe('EINVAL');
    expect(errnoOf(() => { checkGuestDebug({ enable: false, hardware: { ...bank, wvr: [1n << 64n] } }, counts); })).toBe('none');
  });
});

describe('the ledger', () => {
  const row = (over: Partial<LedgerRow>): LedgerRow => ({ step: 's', phase: 'p', kind: 'context', el: 2, operation: 'write', written: 'A', reached: 'A', verdict: 'ok', icount: 0n, ...over });
  const rows = [
    row({ operation: 'read' }), row({ operation: 'store', written: 'slot' }), row({ operation: 'load', written: 'slot' }), row({ before: 1n, after: 1n }),
    row({ before: 1n, after: 2n, kind: 'debug', phase: 'q' }), row({ operation: 'store', written: 'slot' }), row({ operation: 'store', written: 'slot' }),
  ];

  it('counts register moves by kind and phase', () => {
    const summary = summarise(rows);
    expect([summary.reads, summary.writes]).toEqual([1, 2]);
    expect(summary.byKind.get('context')).toEqual({ reads: 1, writes: 1 });
    expect(summary.byPhase.get('q')?.get('debug')).toEqual({ reads: 0, writes: 1 });
  });
  it('finds writes that change nothing and saves that nobody loads', () => {
    expect(redundantRestores(rows)).toEqual([rows[3]]);
    expect(deadSaves(rows)).toEqual([rows[5]]);
    expect(deadSaves(rows, { final: true })).toEqual([rows[5], rows[6]]);
  });
  it('gives each row its verdict, and most have none', () => {
    expect([...verdicts(rows)]).toEqual([[rows[3], 'redundant-restore'], [rows[5], 'dead-save']]);
    expect(verdicts(rows, { final: true }).get(rows[6])).toBe('dead-save');
  });
  it('holds no write against a row whose value is not known, or that did not happen', () => {
    const { before: _before, ...unknown } = row({ before: 1n, after: 1n });
    expect(redundantRestores([unknown, row({ before: 1n, after: 1n, verdict: 'undefined' })])).toEqual([]);
  });
  it('asks whoever feeds it before it shows rows, and a last time when that ends', () => {
    const ledger = new Ledger();
    let pending = [row({ icount: 1n })];
    const end = ledger.feed(() => { for (const one of pending.splice(0)) ledger.record(one); });
    expect(ledger.rows.map(({ icount }) => icount)).toEqual([1n]);
    pending = [row({ icount: 2n })];
    end();
    pending.push(row({ icount: 3n }));
    end();
    expect(ledger.drain().map(({ icount }) => icount)).toEqual([1n, 2n]);
  });
  it('drops the oldest when it is full, and says so', () => {
    const ledger = new Ledger(10);
    for (let n = 0n; n < 25n; n++) ledger.record(row({ icount: n }));
    expect(ledger.rows.length).toBeLessThanOrEqual(10);
    expect(ledger.rows.at(-1)?.icount).toBe(24n);
    expect(ledger.lost + ledger.rows.length).toBe(25);
  });
});
