import { describe, expect, it } from 'vitest';
import { DebuggerError, StopTable, type Stop, type StopTarget } from './index.ts';

function target(limits?: StopTarget['limits'], refuse?: (stops: readonly Stop[]) => boolean): StopTarget & { inForce: readonly Stop[] } {
  return {
    regime: limits ? 'virtual' : 'machine', instructionAlignment: 4, ...(limits && { limits }), inForce: [],
    cost: (request) => (request.kind === 'breakpoint' ? { breakpoints: 1, watchpoints: 0 } : { breakpoints: 0, watchpoints: Math.ceil(request.length / 8) }),
    apply(stops) {
      if (refuse?.(stops) === true) throw new Error('the target refuses');
      this.inForce = stops;
    },
  };
}

describe('stops', () => {
  it('are refused as a whole: unaligned, out of range, unknown', () => {
    const table = new StopTable(target());
    expect(() => table.add({ kind: 'breakpoint', address: 0x1002n })).toThrow('breakpoint at 0x1002: an instruction begins at a multiple of 4; use 0x1000 or 0x1004');
    expect(() => table.add({ kind: 'watchpoint', address: 8n, length: 0, access: 'read' })).toThrow('at least one byte');
    expect(() => table.add({ kind: 'watchpoint', address: (1n << 64n) - 4n, length: 8, access: 'read' })).toThrow('within 64 bits');
    expect(() => { table.remove(7); }).toThrow('stop 7: no stop has this number; there are none');
    expect(table.stops).toEqual([]);
  });
  it('have no limit outside the worlds, and that of the hardware inside', () => {
    const outside = new StopTable(target());
    for (let n = 0; n < 100; n++) outside.add({ kind: 'breakpoint', address: BigInt(n * 4) });
    expect(outside.stops.length).toBe(100);
    const hardware = target({ breakpoints: 2, watchpoints: 2 });
    const inside = new StopTable(hardware);
    inside.add({ kind: 'breakpoint', address: 0n });
    const second = inside.add({ kind: 'breakpoint', address: 4n });
    const code = (act: () => unknown): string => {
      try { act(); } catch (error) { if (error instanceof DebuggerError) return `${error.code}: ${error.rule}`; }
      return 'accepted';
    };
    expect(code(() => inside.add({ kind: 'breakpoint', address: 8n }))).toBe('no-slots: ENOBUFS: the processor has 2');
    expect(hardware.inForce.map(({ address }) => address)).toEqual([0n, 4n]);
    // One watchpoint of 17 bytes takes three registers, one of 16 takes two.
    expect(code(() => inside.add({ kind: 'watchpoint', address: 0n, length: 17, access: 'both' }))).toContain('no-slots');
    expect(code(() => inside.add({ kind: 'watchpoint', address: 0n, length: 16, access: 'both' }))).toBe('accepted');
    // A disabled stop takes none.
    inside.enable(second.id, false);
    expect(code(() => inside.add({ kind: 'breakpoint', address: 8n }))).toBe('accepted');
    expect(code(() => { inside.enable(second.id, true); })).toContain('no-slots');
  });
  it('stay as they were where the target refuses', () => {
    const table = new StopTable(target(undefined, (stops) => stops.some(({ address }) => address === 8n)));
    table.add({ kind: 'breakpoint', address: 4n });
    expect(() => table.add({ kind: 'breakpoint', address: 8n })).toThrow('refuses');
    expect(table.stops.map(({ id }) => id)).toEqual([1]);
    expect(table.add({ kind: 'breakpoint', address: 12n }).id).toBe(2);
  });
  it('count the hits that are theirs', () => {
    const table = new StopTable(target());
    table.add({ kind: 'watchpoint', address: 0x100n, length: 4, access: 'write' });
    expect(table.hit({ kind: 'watchpoint', address: 0xfen, length: 8, access: 'write' })).toMatchObject({ id: 1, hits: 1 });
    expect(table.hit({ kind: 'watchpoint', address: 0x104n, length: 4, access: 'write' })).toBeUndefined();
    expect(table.hit({ kind: 'watchpoint', address: 0x100n, length: 4, access: 'read' })).toBeUndefined();
    expect(table.hit({ kind: 'breakpoint', address: 0x100n })).toBeUndefined();
    expect(table.stops[0].hits).toBe(1);
  });
});
