import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  DBGWCR, describeHit, explainWatchpoint, obstacles, watchedBytes, watchpointFires, watchpointHit, watchpointSyndrome, type AccessKind, type DataAccess, type DebugState,
} from './index.ts';
import { LAB, OPEN, anyState, anyWcr, nearAddress, probes, registersOf, stateOf } from './test/fixtures.ts';

const BASE = 0x4000_1000n;
const ON = { E: 1, HMC: 1, SSC: 0, PAC: 3, LSC: 3, BAS: 0xff };

function watching(wcr: object, wvr: bigint, change: Partial<DebugState> = {}): DebugState {
  return stateOf({ registers: registersOf({ watchpoints: { 0: { wcr: { ...ON, ...wcr }, wvr } } }), ...change });
}

const access = (address: bigint, size: number, kind: AccessKind = 'store', unprivileged = false): DataAccess => ({ kind, address, size, unprivileged });

/** One byte against one watchpoint, bit by bit as the manual words it; shares nothing with the code under test. */
function byteWatched(wcr: bigint, wvr: bigint, address: bigint): boolean {
  const MASK = Number((wcr >> 24n) & 31n);
  const BAS = (wcr >> 5n) & 255n;
  if (MASK === 1 || MASK === 2) return false;
  if (MASK !== 0) return address >> BigInt(MASK) === wvr >> BigInt(MASK);
  if ((wvr & 4n) !== 0n) return address >> 2n === wvr >> 2n && ((BAS >> (address & 3n)) & 1n) === 1n;
  return address >> 3n === wvr >> 3n && ((BAS >> (address & 7n)) & 1n) === 1n;
}

describe('watched bytes', () => {
  it('are those of a byte-by-byte reading', () => {
    const untagged = nearAddress.map((address) => address & ((1n << 48n) - 1n));
    fc.assert(fc.property(anyWcr, untagged.map((a) => a & ~3n), untagged, (wcr, wvr, address) => {
      const runs = watchedBytes(wcr, wvr);
      expect(runs.some(({ start, length }) => address >= start && address < start + BigInt(length))).toBe(byteWatched(wcr, wvr, address));
    }), { numRuns: 2000 });
  });

  it('decide an access exactly by its bytes', () => {
    let hits = 0;
    fc.assert(fc.property(anyWcr, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 80 }), fc.constantFrom(1, 2, 4, 8, 16, 32, 64), (fields, base, at, size) => {
      const wcr = DBGWCR.update(fields, { ...ON, WT: 0 });
      const withMask = DBGWCR.update(wcr, { BAS: DBGWCR.decode(fields).BAS, MASK: DBGWCR.decode(fields).MASK });
      const wvr = (BASE + BigInt(base)) & ~3n;
      const start = BASE + BigInt(at);
      const state = stateOf({ registers: { ...registersOf({}), wcr: [withMask], wvr: [wvr] } });
      const bytes = Array.from({ length: size }, (_, i) => start + BigInt(i));
      const watched = bytes.filter((byte) => byteWatched(withMask, wvr, byte));
      expect(watchpointFires(state, 0, access(start, size))).toBe(watched.length > 0);
      if (watched.length === 0) return;
      hits++;
      const hit = describeHit(state, 0, access(start, size));
      expect(hit.firstWatched).toBe(watched[0]);
      expect(hit.allowedFar.high).toBe(watched.at(-1));
      // FAR: from the lowest byte of the access on that shares a DC ZVA block (64 bytes) with a watched byte.
      expect(hit.far).toBe(bytes.find((byte) => watched.some((w) => w >> 6n === byte >> 6n)));
    }), { numRuns: 2000 });
    expect(hits).toBeGreaterThan(200);
  });

  it('grow with MASK', () => {
    fc.assert(fc.property(fc.integer({ min: 3, max: 30 }), nearAddress, nearAddress, (MASK, wvr, address) => {
      const fires = (wider: number): boolean => watchpointFires(watching({ MASK: wider }, wvr), 0, access(address, 4));
      if (fires(MASK)) expect(fires(MASK + 1)).toBe(true);
    }));
  });

  it('grow with the access', () => {
    fc.assert(fc.property(anyState, fc.nat(31), fc.nat(31), (state, before, after) => {
      for (const near of probes(state.registers.wvr)) {
        if (near < 64n || near >= (1n << 64n) - 64n) continue;
        if (watchpointHit(state, access(near, 4)) === undefined) continue;
        expect(watchpointHit(state, access(near - BigInt(before), 4 + before + after))).toBeDefined();
      }
    }));
  });
});

interface Row {
  readonly why: string;
  readonly wcr?: object;
  readonly wvr?: bigint;
  readonly access: DataAccess;
  readonly fires: boolean;
  readonly far?: bigint;
}

const ROWS: readonly Row[] = [
  { why: 'MASK=3 is a doubleword', wcr: { MASK: 3 }, access: access(BASE + 7n, 1), fires: true },
  { why: 'MASK=12 ends at the page', wcr: { MASK: 12 }, access: access(BASE + 0xfffn, 1), fires: true },
  { why: 'MASK=12 does not reach the next page', wcr: { MASK: 12 }, access: access(BASE + 0x1000n, 8), fires: false },
  { why: 'MASK=31 covers 2 GiB', wcr: { MASK: 31 }, wvr: 0n, access: access(0x7fff_ffffn, 1), fires: true },
  { why: 'MASK=31 ends at 2 GiB', wcr: { MASK: 31 }, wvr: 0n, access: access(0x8000_0000n, 1), fires: false },
  { why: 'reserved MASK=1', wcr: { MASK: 1 }, access: access(BASE, 8), fires: false },
  { why: 'reserved MASK=2', wcr: { MASK: 2 }, access: access(BASE, 8), fires: false },
  { why: 'BAS=0 selects nothing', wcr: { BAS: 0 }, access: access(BASE, 8), fires: false },
  { why: 'one byte in the middle', wcr: { BAS: 0x08 }, access: access(BASE + 3n, 1), fires: true },
  { why: 'next to that byte', wcr: { BAS: 0x08 }, access: access(BASE + 4n, 4), fires: false },
  { why: 'an unaligned word that begins below the watched byte; FAR lies below it', wcr: { BAS: 0x08 }, access: access(BASE + 1n, 4), fires: true, far: BASE + 1n },
  { why: 'an unaligned access that crosses into the doubleword', wcr: { BAS: 0x01 }, access: access(BASE - 3n, 8), fires: true, far: BASE },
  { why: 'word-aligned form watches the upper word', wcr: { BAS: 0x03 }, wvr: BASE + 4n, access: access(BASE + 4n, 1), fires: true },
  { why: 'word-aligned form does not watch the lower word', wcr: { BAS: 0x03 }, wvr: BASE + 4n, access: access(BASE, 4), fires: false },
  { why: 'word-aligned form ignores BAS[7:4]', wcr: { BAS: 0xf0 }, wvr: BASE + 4n, access: access(BASE, 16), fires: false },
  { why: 'the second register of a pair', wcr: { BAS: 0xff }, wvr: BASE + 8n, access: access(BASE, 16), fires: true, far: BASE },
  { why: 'a pair across a DC ZVA block: FAR may not leave the block of the watched byte', wcr: { BAS: 0xff }, wvr: BASE + 64n, access: access(BASE + 56n, 16), fires: true, far: BASE + 64n },
  { why: 'DC ZVA writes its whole block', wcr: { BAS: 0x01 }, wvr: BASE, access: { kind: 'dc-zva', address: BASE + 0x3fn }, fires: true, far: BASE + 0x3fn },
  { why: 'DC ZVA does not write the block above', wcr: { BAS: 0x01 }, wvr: BASE + 0x40n, access: { kind: 'dc-zva', address: BASE + 0x3fn }, fires: false },
  { why: 'DC ZVA is not a load', wcr: { LSC: 1 }, access: { kind: 'dc-zva', address: BASE }, fires: false },
  { why: 'DC IVAC counts as a store', wcr: { LSC: 2 }, access: { kind: 'dc-ivac', address: BASE + 0x11n }, fires: true, far: BASE + 0x11n },
  { why: 'other maintenance', access: access(BASE, 8, 'maintenance'), fires: false },
  { why: 'AT and TLBI', access: access(BASE, 8, 'translation'), fires: false },
  { why: 'PRFM', access: access(BASE, 8, 'prefetch'), fires: false },
  { why: 'a store-exclusive that fails', access: access(BASE, 8, 'failed-store-exclusive'), fires: false },
  { why: 'LSC=1 sees loads', wcr: { LSC: 1 }, access: access(BASE, 8, 'load'), fires: true },
  { why: 'LSC=1 does not see stores', wcr: { LSC: 1 }, access: access(BASE, 8, 'store'), fires: false },
  { why: 'LSC=2 does not see loads', wcr: { LSC: 2 }, access: access(BASE, 8, 'load'), fires: false },
  { why: 'an atomic is a load', wcr: { LSC: 1 }, access: access(BASE, 8, 'atomic'), fires: true },
  { why: 'an atomic is a store', wcr: { LSC: 2 }, access: access(BASE, 8, 'atomic'), fires: true },
  { why: 'LSC=0 sees nothing', wcr: { LSC: 0 }, access: access(BASE, 8, 'atomic'), fires: false },
  { why: 'PAC=01 does not see LDTR at EL1', wcr: { HMC: 0, PAC: 1 }, access: access(BASE, 8, 'load', true), fires: false },
  { why: 'PAC=01 sees LDR at EL1', wcr: { HMC: 0, PAC: 1 }, access: access(BASE, 8, 'load'), fires: true },
  { why: 'PAC=10 sees LDTR at EL1', wcr: { HMC: 0, PAC: 2 }, access: access(BASE, 8, 'load', true), fires: true },
  { why: 'PAC=10 does not see LDR at EL1', wcr: { HMC: 0, PAC: 2 }, access: access(BASE, 8, 'load'), fires: false },
  { why: 'the end of memory', wvr: 0xffff_ffff_ffff_fff8n, access: access(0xffff_ffff_ffff_ffffn, 1), fires: true },
];

describe('watchpoints', () => {
  for (const { why, wcr = {}, wvr = BASE, access: a, fires, far } of ROWS) {
    it(why, () => {
      const hit = watchpointHit(watching(wcr, wvr), a);
      expect(hit !== undefined).toBe(fires);
      if (far !== undefined) expect(hit?.far).toBe(far);
    });
  }

  it('ignore a tag on either side where the level tags data addresses, and keep it in FAR', () => {
    const dataTags = [{ lower: true, upper: false }, { lower: false, upper: false }, { lower: false, upper: false }] as const;
    const context = { ...stateOf().context, dataTags };
    const tagged = BASE | (0x5an << 56n);
    expect(watchpointHit(watching({}, BASE, { context, el: 0 }), access(tagged, 4))?.far).toBe(tagged);
    expect(watchpointFires(watching({}, tagged, { context, el: 0 }), 0, access(BASE, 4))).toBe(true);
    expect(watchpointFires(watching({}, BASE, { context, el: 1 }), 0, access(tagged, 4))).toBe(false);
    // An unprivileged access from EL1 is made in the EL1&0 regime; its tagging is that of EL0.
    expect(watchpointFires(watching({}, BASE, { context, el: 1 }), 0, access(tagged, 4, 'load', true))).toBe(true);
    expect(watchpointFires(watching({}, BASE, { context, el: 0 }), 0, access(tagged ^ (1n << 55n), 4))).toBe(false);
  });

  it('link to a context breakpoint, compared at the current level even for unprivileged accesses', () => {
    const linked = (bvr: bigint, WT: number): DebugState => stateOf({
      context: { ...stateOf().context, contextidrEL1: 7 },
      registers: registersOf({ breakpoints: { 5: { bcr: { E: 1, BT: 3 }, bvr } }, watchpoints: { 0: { wcr: { ...ON, WT, LBN: 5 }, wvr: BASE } } }),
    });
    for (const unprivileged of [false, true]) {
      expect(watchpointFires(linked(7n, 1), 0, access(BASE, 4, 'load', unprivileged))).toBe(true);
      expect(watchpointFires(linked(8n, 1), 0, access(BASE, 4, 'load', unprivileged))).toBe(false);
      expect(watchpointFires(linked(8n, 0), 0, access(BASE, 4, 'load', unprivileged))).toBe(true);
    }
    expect(watchpointFires({ ...linked(7n, 1), el: 2 }, 0, access(BASE, 4))).toBe(false);
    expect(watchpointFires({ ...linked(7n, 1), el: 2 }, 0, access(BASE, 4, 'load', true))).toBe(false);
  });

  it('report WnR and CM', () => {
    const report = (LSC: number, kind: AccessKind): readonly number[] => {
      const hit = watchpointHit(watching({ LSC }, BASE), access(BASE, 4, kind))!;
      return [hit.WnR, hit.CM];
    };
    expect(report(3, 'load')).toEqual([0, 0]);
    expect(report(3, 'store')).toEqual([1, 0]);
    expect(report(3, 'dc-zva')).toEqual([1, 0]);
    expect(report(3, 'dc-ivac')).toEqual([1, 1]);
    // An atomic reports 0 when a plain read would have fired.
    expect(report(3, 'atomic')).toEqual([0, 0]);
    expect(report(2, 'atomic')).toEqual([1, 0]);
    expect(watchpointSyndrome(1, 2, watchpointHit(watching({}, BASE), access(BASE, 4, 'dc-ivac'))!)).toBe(0xd200_0162n);
  });

  it('explain what is in the way', () => {
    const blocked = (a: DataAccess, wcr: object = {}, change: Partial<DebugState> = {}): readonly string[] => [...new Set(obstacles(explainWatchpoint(watching(wcr, BASE, change), 0, a)).map((leaf) => leaf.what))];
    expect(blocked(access(BASE, 4))).toEqual([]);
    expect(blocked(access(BASE + 8n, 4))).toEqual(['a byte of the access is watched']);
    expect(blocked(access(BASE, 4, 'load'), { LSC: 2 })).toEqual(['it reads, and loads are watched', 'it writes, and stores are watched']);
    expect(blocked(access(BASE, 4), { HMC: 0, PAC: 2 })).toEqual(['HMC, SSC and PAC cover EL1']);
    expect(blocked(access(BASE, 4), {}, { controls: { ...OPEN, MDE: false } })).toEqual(['breakpoints and watchpoints are enabled']);
    expect(obstacles(explainWatchpoint(stateOf(), 4, access(BASE, 4))).map((leaf) => leaf.what)).toEqual(['watchpoint 4 is implemented']);
  });

  it('refuse what no instruction does', () => {
    expect(() => explainWatchpoint(stateOf(), 0, access(BASE, 0))).toThrow(/store of 0 bytes at 0x40001000: an access covers 1 to 2048/);
    expect(() => explainWatchpoint(stateOf(), 0, { kind: 'load', address: BASE })).toThrow(RangeError);
    expect(() => explainWatchpoint(stateOf(), 0, access(-1n, 1))).toThrow(/asUintN/);
    expect(() => explainWatchpoint(stateOf(), -1, access(BASE, 1))).toThrow(/watchpoint -1/);
    expect(() => describeHit(watching({}, BASE), 0, access(BASE + 8n, 4))).toThrow(/touches no watched byte/);
  });

  it('DC IVAC takes its size from the core', () => {
    const far = (invalidateBytes: number): bigint | undefined =>
      watchpointHit(watching({}, BASE, { implementation: { ...LAB, invalidateBytes } }), { kind: 'dc-ivac', address: BASE + 0x7f0n })?.far;
    expect([64, 1024, 2048].map(far)).toEqual([undefined, undefined, BASE + 0x7f0n]);
  });
});
