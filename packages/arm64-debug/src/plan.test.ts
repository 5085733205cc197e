import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  DBGBCR, auditBreakpoint, auditWatchpoint, breakpointFires, planBreakpoint, planWatchpoint, splitWatchRange, watchedBytes, watchpointFires,
  type DebugState, type ExceptionLevel, type PlanErrorCode, type WatchKind,
} from './index.ts';
import { EMPTY, LAB, OPEN, stateOf } from './test/fixtures.ts';

const BASE = 0x4000_1000n;

function plannedWatch(address: bigint, length: number, kind: WatchKind = 'access', options = {}): { wcr: bigint; wvr: bigint } {
  const plan = planWatchpoint(address, length, kind, options);
  if (!plan.ok) throw new Error(plan.error.message);
  return plan;
}

function refusal(plan: ReturnType<typeof planWatchpoint> | ReturnType<typeof planBreakpoint>): { code: PlanErrorCode; message: string; pieces?: unknown } {
  if (plan.ok) throw new Error('planned, not refused');
  expect(plan.error.message).toBe(`${plan.error.value}: ${plan.error.rule}; ${plan.error.wayOut}`);
  return plan.error;
}

const plain = fc.integer({ min: 0, max: 0x3fff }).map((offset) => BASE + BigInt(offset));

describe('planned breakpoints', () => {
  it('fire at their address and levels and nowhere else, and are regular', () => {
    const sets: readonly (readonly ExceptionLevel[])[] = [[0], [1], [0, 1], [1, 2], [0, 1, 2], [2]];
    fc.assert(fc.property(plain, fc.constantFrom(...sets), fc.constantFrom<ExceptionLevel>(0, 1, 2), fc.constantFrom(-4n, 0n, 4n), (near, levels, el, off) => {
      const address = near & ~3n;
      const plan = planBreakpoint(address, { levels });
      if (!plan.ok) throw new Error(plan.error.message);
      expect(auditBreakpoint(0, plan.bcr, plan.bvr, LAB)).toEqual([]);
      const state = stateOf({ el, registers: { ...EMPTY, bcr: [plan.bcr], bvr: [plan.bvr] } });
      expect(breakpointFires(state, 0, address + off)).toBe(off === 0n && levels.includes(el));
    }));
  });

  it('are the values Linux writes for a user breakpoint', () => {
    expect(planBreakpoint(0x40_0000n, { levels: [0] })).toEqual({ ok: true, bcr: 0x1e5n, bvr: 0x40_0000n });
    expect(planBreakpoint(0xffff_8000_0000_1000n, { levels: [1] })).toMatchObject({ bcr: 0x1e3n });
  });

  it('may link', () => {
    const plan = planBreakpoint(BASE, { link: 5, implementation: LAB });
    expect(plan.ok && DBGBCR.decode(plan.bcr)).toMatchObject({ BT: 1, LBN: 5, E: 1 });
  });

  it('are refused with value, rule and way out', () => {
    expect(refusal(planBreakpoint(BASE + 2n))).toMatchObject({ code: 'address-unaligned', message: 'address 0x40001002: A64 instructions are aligned to 4 bytes; use 0x40001000' });
    const tagged = refusal(planBreakpoint(0x5a00_0000_4000_0000n));
    expect(tagged.code).toBe('address-not-canonical');
    expect(tagged.message).toMatch(/0x40000000 in the lower half, 0xffff000040000000 in the upper/);
    expect(refusal(planBreakpoint(1n << 48n)).code).toBe('address-not-canonical');
    expect(planBreakpoint(1n << 48n, { largeVA: true }).ok).toBe(true);
    expect(refusal(planBreakpoint(-4n)).code).toBe('address-not-canonical');
    const levels = refusal(planBreakpoint(BASE, { levels: [0, 2] }));
    expect(levels.code).toBe('levels-not-expressible');
    expect(levels.message).toMatch(/levels \{EL0, EL2\}.*\{EL0, EL1, EL2\}.*or two units/);
    expect(refusal(planBreakpoint(BASE, { levels: [2], implementation: { ...LAB, EL2: false } })).message).not.toMatch(/use one of.*EL2/);
    const link = refusal(planBreakpoint(BASE, { link: 3, implementation: LAB }));
    expect(link.code).toBe('link-not-context-aware');
    expect(link.message).toMatch(/numbers 4 to 5/);
  });
});

describe('planned watchpoints', () => {
  it('watch exactly the requested bytes, and are regular', () => {
    let planned = 0;
    const length = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 3, max: 14 }).map((n) => 2 ** n), fc.integer({ min: 1, max: 100 }));
    const aligned = fc.tuple(plain, fc.nat(12)).map(([address, n]) => address & ~((1n << BigInt(n)) - 1n));
    fc.assert(fc.property(aligned, length, (address, bytes) => {
      const plan = planWatchpoint(address, bytes, 'access');
      if (!plan.ok) return;
      planned++;
      expect(watchedBytes(plan.wcr, plan.wvr)).toEqual([{ start: address, length: bytes }]);
      expect(auditWatchpoint(0, plan.wcr, plan.wvr, LAB)).toEqual([]);
    }), { numRuns: 500 });
    expect(planned).toBeGreaterThan(100);
  });

  it('are planned whenever one unit can watch exactly those bytes', () => {
    for (let offset = 0n; offset < 16n; offset++) for (let length = 1; length <= 32; length++) {
      const inDoubleword = (offset & 7n) + BigInt(length) <= 8n;
      const alignedPower = [8, 16, 32].includes(length) && offset % BigInt(length) === 0n;
      expect(planWatchpoint(BASE + offset, length, 'read').ok).toBe(inDoubleword || alignedPower);
    }
  });

  it('look for what was asked', () => {
    const fires = (kind: WatchKind, access: 'load' | 'store'): boolean => {
      const { wcr, wvr } = plannedWatch(BASE, 4, kind);
      const state: DebugState = stateOf({ registers: { ...EMPTY, wcr: [wcr], wvr: [wvr] }, controls: OPEN });
      return watchpointFires(state, 0, { kind: access, address: BASE, size: 4 });
    };
    expect([fires('read', 'load'), fires('read', 'store')]).toEqual([true, false]);
    expect([fires('write', 'load'), fires('write', 'store')]).toEqual([false, true]);
    expect([fires('access', 'load'), fires('access', 'store')]).toEqual([true, true]);
  });

  it('reach from one byte to 2 GiB', () => {
    expect(plannedWatch(BASE + 7n, 1, 'write', { levels: [0] })).toMatchObject({ wcr: 0x1015n, wvr: BASE });
    expect(plannedWatch(0x8000_0000n, 2 ** 31, 'read', { levels: [1] })).toMatchObject({ wcr: 0x1f00_1febn, wvr: 0x8000_0000n });
  });

  it('are refused with the pieces that would do', () => {
    const error = refusal(planWatchpoint(BASE + 6n, 4, 'write'));
    expect(error).toMatchObject({ code: 'crosses-doubleword', pieces: [{ start: BASE + 6n, length: 2 }, { start: BASE + 8n, length: 2 }] });
    expect(error.message).toBe('4 bytes at 0x40001006: up to 8 bytes must lie inside one aligned doubleword; use 2 watchpoints (2 at 0x40001006, 2 at 0x40001008)');
    expect(refusal(planWatchpoint(BASE, 24, 'write'))).toMatchObject({ code: 'length-not-power-of-two', pieces: [{ start: BASE, length: 16 }, { start: BASE + 16n, length: 8 }] });
    expect(refusal(planWatchpoint(BASE + 8n, 16, 'write'))).toMatchObject({ code: 'range-unaligned', pieces: [{ length: 8 }, { length: 8 }] });
    expect(refusal(planWatchpoint(0n, 2 ** 32, 'write'))).toMatchObject({ code: 'length-too-long', pieces: [{ length: 2 ** 31 }, { length: 2 ** 31 }] });
    for (const length of [0, -1, 1.5, Number.NaN, Infinity]) expect(refusal(planWatchpoint(BASE, length, 'write')).code).toBe('length-invalid');
    expect(refusal(planWatchpoint(0xffff_ffff_ffff_fffcn, 8, 'write')).code).toBe('address-not-canonical');
    expect(refusal(planWatchpoint(0x0000_ffff_ffff_fffcn, 8, 'write')).code).toBe('address-not-canonical');
    expect(refusal(planWatchpoint(BASE, 8, 'write', { levels: [] })).code).toBe('levels-not-expressible');
    expect(refusal(planWatchpoint(BASE, 8, 'write', { link: 0, implementation: LAB })).code).toBe('link-not-context-aware');
  });

  it('in pieces cover the range exactly, each piece plannable', () => {
    fc.assert(fc.property(plain, fc.integer({ min: 1, max: 5000 }), (address, length) => {
      let next = address;
      for (const piece of splitWatchRange(address, length)) {
        expect(piece.start).toBe(next);
        expect(planWatchpoint(piece.start, piece.length, 'access').ok).toBe(true);
        next += BigInt(piece.length);
      }
      expect(next).toBe(address + BigInt(length));
    }));
    expect(() => splitWatchRange(0n, 0)).toThrow(/at least one byte/);
  });
});
