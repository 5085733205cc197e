import { describe, expect, it } from 'vitest';
import { StopSet } from './watch.ts';

describe('a set of stops', () => {
  it('hits what overlaps, by kind of access', () => {
    const stops = new StopSet(() => undefined);
    const watchpoint = { address: 0x1004n, size: 4, access: 'write' } as const;
    stops.addWatchpoint(watchpoint);
    const hit = (address: bigint, size: number, kind: 'read' | 'write' | 'update'): boolean => stops.hit(address, size, kind) !== undefined;
    expect([hit(0x1000n, 4, 'write'), hit(0x1000n, 5, 'write'), hit(0x1007n, 1, 'write'), hit(0x1008n, 8, 'write')]).toEqual([false, true, true, false]);
    expect([hit(0x1004n, 4, 'read'), hit(0x1004n, 4, 'update')]).toEqual([false, true]);
    stops.removeWatchpoint(watchpoint);
    expect(hit(0x1004n, 4, 'write')).toBe(false);
  });
  it('knows the pages that are watched, both where a watchpoint crosses one', () => {
    const stops = new StopSet(() => undefined);
    stops.addWatchpoint({ address: 0x1ffen, size: 4, access: 'both' });
    expect([0x0n, 0x1000n, 0x2000n, 0x3000n].map((page) => stops.watchesPage(page))).toEqual([false, true, true, false]);
  });
  it('tells of every change, and refuses a watchpoint of no size', () => {
    let changes = 0;
    const stops = new StopSet(() => { changes++; });
    stops.addBreakpoint(4n);
    stops.removeBreakpoint(4n);
    expect(changes).toBe(2);
    expect(() => { stops.addWatchpoint({ address: 0n, size: 0, access: 'read' }); }).toThrow('a watchpoint of 0 bytes; watch at least one');
  });
});
