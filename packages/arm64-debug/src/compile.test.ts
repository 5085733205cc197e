import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  EXCEPTION_LEVELS, breakpointHit, compileBreakpoints, compileWatchpoints, explainBreakpoint, explainWatchpoint, watchpointHit, type AccessKind, type DataAccess,
} from './index.ts';
import { OPEN, anyState, probes, registersOf, stateOf } from './test/fixtures.ts';

const isCanonical = (address: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(56, address)) === address;

describe('compiled breakpoints', () => {
  it('answer as the plain matcher and its explanation do, at every level and mask', () => {
    let hits = 0;
    fc.assert(fc.property(anyState, (state) => {
      const compiled = compileBreakpoints(state);
      for (const el of EXCEPTION_LEVELS) for (const D of [false, true]) for (const pc of probes(state.registers.bvr)) {
        const expected = breakpointHit({ ...state, el, D }, pc);
        expect(compiled.check(pc, el, D)).toBe(expected);
        if (expected === undefined) continue;
        hits++;
        expect(explainBreakpoint({ ...state, el, D }, expected, pc).holds).toBe(true);
        // The promise an engine relies on: without contextual breakpoints, a canonical pc off the list cannot hit.
        if (isCanonical(pc)) expect(compiled.contextual.includes(el) || compiled.addresses.includes(pc & ~3n)).toBe(true);
      }
    }), { numRuns: 150 });
    expect(hits).toBeGreaterThan(100);
  });

  it('list no address in vain and every contextual level truly', () => {
    let listed = 0;
    fc.assert(fc.property(anyState, (state) => {
      const { addresses, contextual, check } = compileBreakpoints(state);
      const hitsSomewhere = (pc: bigint): boolean => EXCEPTION_LEVELS.some((el) => [false, true].some((D) => check(pc, el, D) !== undefined));
      for (const address of addresses) {
        listed++;
        expect(isCanonical(address) && (address & 3n) === 0n).toBe(true);
        expect(hitsSomewhere(address) || hitsSomewhere(address + 2n)).toBe(true);
      }
      for (const el of contextual) expect([false, true].some((D) => check(0x7777_7770n, el, D) !== undefined)).toBe(true);
    }), { numRuns: 200 });
    expect(listed).toBeGreaterThan(20);
  });

  it('are empty when nothing can fire', () => {
    const breakpoints = { 0: { bcr: { E: 1, PMC: 3 }, bvr: 0x4000_0000n }, 5: { bcr: { E: 1, PMC: 3, BT: 2 }, bvr: 0n } };
    const registers = registersOf({ breakpoints });
    expect(compileBreakpoints(stateOf({ registers }))).toMatchObject({ addresses: [0x4000_0000n], contextual: [0, 1] });
    for (const change of [{ MDE: false }, { OSLK: true }]) {
      expect(compileBreakpoints(stateOf({ registers, controls: { ...OPEN, ...change } }))).toMatchObject({ addresses: [], contextual: [] });
    }
  });
});

const kinds: readonly AccessKind[] = ['load', 'store', 'atomic', 'dc-zva', 'dc-ivac', 'prefetch'];

describe('compiled watchpoints', () => {
  it('answer as the plain matcher and its explanation do, at every level and mask', () => {
    let hits = 0;
    const size = fc.constantFrom(1, 2, 4, 8, 16, 32, 64);
    fc.assert(fc.property(anyState, fc.constantFrom(...kinds), size, fc.boolean(), fc.integer({ min: -12, max: 12 }), (state, kind, bytes, unprivileged, offset) => {
      const compiled = compileWatchpoints(state);
      for (const el of EXCEPTION_LEVELS) for (const D of [false, true]) for (const near of probes(state.registers.wvr)) {
        const access: DataAccess = { kind, size: bytes, unprivileged, address: BigInt.asUintN(64, near + BigInt(offset)) };
        const expected = watchpointHit({ ...state, el, D }, access);
        expect(compiled.check(access, el, D)).toEqual(expected);
        if (expected === undefined) continue;
        hits++;
        expect(explainWatchpoint({ ...state, el, D }, expected.n, access).holds).toBe(true);
        expect(expected.far >= expected.allowedFar.low && expected.far <= expected.allowedFar.high).toBe(true);
        if (!isCanonical(expected.firstWatched)) continue;
        expect(compiled.ranges.some(({ start, length }) => BigInt.asUintN(64, expected.firstWatched - start) < BigInt(length))).toBe(true);
      }
    }), { numRuns: 200 });
    expect(hits).toBeGreaterThan(100);
  });

  it('list nothing when nothing can fire, a never-selecting LSC or BAS included', () => {
    const wcr = { E: 1, PAC: 3, LSC: 3, BAS: 0xff };
    const ranges = (change: object, controls = OPEN): readonly unknown[] => compileWatchpoints(stateOf({
      controls, registers: registersOf({ watchpoints: { 0: { wcr: { ...wcr, ...change }, wvr: 0x1000n } } }),
    })).ranges;
    expect(ranges({})).toEqual([{ start: 0x1000n, length: 8 }]);
    for (const change of [{ E: 0 }, { LSC: 0 }, { BAS: 0 }, { MASK: 2 }, { PAC: 0 }]) expect(ranges(change)).toEqual([]);
    expect(ranges({}, { ...OPEN, MDE: false })).toEqual([]);
  });
});
