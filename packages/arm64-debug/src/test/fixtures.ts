/** A core, states and arbitraries for the tests of this package. */
import fc from 'fast-check';
import {
  DBGBCR, DBGWCR, PLAIN_CONTEXT, RESET_CONTROLS, type DebugControls, type DebugImplementation, type DebugRegisters, type DebugState, type ExceptionLevel,
} from '../index.ts';

/** Six breakpoints of which the last two are context-aware, four watchpoints: the shape of a Cortex-A57. */
export const LAB: DebugImplementation = {
  breakpoints: 6, contextAware: 2, watchpoints: 4, EL2: true, VHE: true, debugv8p2: true, aarch32: false, zvaBytes: 64, invalidateBytes: 64,
};

export const EMPTY: DebugRegisters = { bcr: Array(16).fill(0n), bvr: Array(16).fill(0n), wcr: Array(16).fill(0n), wvr: Array(16).fill(0n) };

/** Everything switched on, debug exceptions routed to EL2 and taken from every level. */
export const OPEN: DebugControls = { ...RESET_CONTROLS, OSLK: false, MDE: true, KDE: true, TDE: true };

/** A state with everything switched on, at EL1 with D clear. */
export function stateOf(change: Partial<DebugState> = {}): DebugState {
  return { implementation: LAB, controls: OPEN, context: PLAIN_CONTEXT, registers: EMPTY, el: 1, D: false, ...change };
}

/** Registers with some units set; the others are 0. */
export function registersOf(units: {
  readonly breakpoints?: Readonly<Record<number, { readonly bcr: Parameters<typeof DBGBCR.encode>[0]; readonly bvr: bigint }>>;
  readonly watchpoints?: Readonly<Record<number, { readonly wcr: Parameters<typeof DBGWCR.encode>[0]; readonly wvr: bigint }>>;
}): DebugRegisters {
  const fill = (rows: readonly (readonly [string, bigint])[]): bigint[] => {
    const result = Array<bigint>(16).fill(0n);
    for (const [n, value] of rows) result[Number(n)] = value;
    return result;
  };
  const breakpoints = Object.entries(units.breakpoints ?? {});
  const watchpoints = Object.entries(units.watchpoints ?? {});
  return {
    bcr: fill(breakpoints.map(([n, { bcr }]) => [n, DBGBCR.encode(bcr)])),
    bvr: fill(breakpoints.map(([n, { bvr }]) => [n, bvr])),
    wcr: fill(watchpoints.map(([n, { wcr }]) => [n, DBGWCR.encode(wcr)])),
    wvr: fill(watchpoints.map(([n, { wvr }]) => [n, wvr])),
  };
}

export const anyLevel = fc.constantFrom<ExceptionLevel>(0, 1, 2);

/** Addresses that meet often: few bases, small offsets, sometimes a tag. */
export const nearAddress = fc
  .tuple(fc.constantFrom(0x4000_0000n, 0xffff_8000_0000_0000n, 0x4000_1000n), fc.integer({ min: -9, max: 40 }), fc.constantFrom(0n, 0n, 0x5an))
  .map(([base, offset, tag]) => BigInt.asUintN(64, base + BigInt(offset)) ^ (tag << 56n));

const likelyTrue = fc.constantFrom(true, true, true, true, true, false);
const fewIds = fc.constantFrom(0, 1, 2, 0x101);

export const anyControls: fc.Arbitrary<DebugControls> = fc.record({
  MDE: likelyTrue, KDE: fc.boolean(), SS: fc.boolean(), OSLK: likelyTrue.map((b) => !b), doubleLock: likelyTrue.map((b) => !b),
  TDE: fc.boolean(), TGE: fc.boolean(), E2H: fc.boolean(),
});

export const anyImplementation: fc.Arbitrary<DebugImplementation> = fc
  .record({
    breakpoints: fc.integer({ min: 2, max: 8 }), contextAware: fc.integer({ min: 1, max: 4 }), watchpoints: fc.integer({ min: 2, max: 4 }),
    EL2: likelyTrue, VHE: fc.boolean(), debugv8p2: fc.boolean(), aarch32: fc.boolean(), zvaBytes: fc.constantFrom(16, 64), invalidateBytes: fc.constantFrom(32, 64, 2048),
  })
  .map((core) => ({ ...core, contextAware: Math.min(core.contextAware, core.breakpoints), VHE: core.VHE && core.EL2 }));

const tags = fc.record({ lower: fc.boolean(), upper: fc.boolean() });

export const anyContext = fc.record({
  contextidrEL1: fewIds, contextidrEL2: fewIds, vmid: fewIds, vmid16: fc.boolean(),
  instructionTags: fc.tuple(tags, tags, tags), dataTags: fc.tuple(tags, tags, tags),
});

// Mostly the defined level rows, so that units fire often enough to compare anything.
const levelFields = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom({ HMC: 0, SSC: 0, PxC: 3 }, { HMC: 1, SSC: 0, PxC: 3 }, { HMC: 0, SSC: 0, PxC: 1 }, { HMC: 1, SSC: 3, PxC: 0 }) },
  { weight: 1, arbitrary: fc.record({ HMC: fc.nat(1), SSC: fc.nat(3), PxC: fc.nat(3) }) },
);

const anyBcr = fc
  .tuple(levelFields, fc.record({ E: fc.constantFrom(1, 1, 1, 0), BAS: fc.constantFrom(15, 15, 3, 12, 1), LBN: fc.nat(8), BT: fc.oneof(fc.constantFrom(0, 1), fc.nat(15)) }))
  .map(([{ HMC, SSC, PxC }, rest]) => DBGBCR.encode({ ...rest, HMC, SSC, PMC: PxC }));

const contextValue = fc.tuple(fewIds, fewIds, fewIds).map(([low, vmid, high]) => BigInt(low) | (BigInt(vmid) << 32n) | (BigInt(high) << 32n));

export const anyWcr = fc
  .tuple(levelFields, fc.record({
    E: fc.constantFrom(1, 1, 1, 0), LSC: fc.constantFrom(3, 2, 1, 0, 3), BAS: fc.oneof(fc.constantFrom(0xff, 0x0f, 0xf0, 0x18, 1), fc.nat(255)),
    LBN: fc.nat(8), WT: fc.constantFrom(0, 0, 1), MASK: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 12 }) }, { weight: 1, arbitrary: fc.nat(31) }),
  }))
  .map(([{ HMC, SSC, PxC }, rest]) => DBGWCR.encode({ ...rest, HMC, SSC, PAC: PxC }));

export const anyRegisters: fc.Arbitrary<DebugRegisters> = fc.record({
  bcr: fc.array(anyBcr, { minLength: 8, maxLength: 8 }),
  bvr: fc.array(fc.oneof(nearAddress.map((a) => a & ~3n), contextValue), { minLength: 8, maxLength: 8 }),
  wcr: fc.array(anyWcr, { minLength: 4, maxLength: 4 }),
  wvr: fc.array(nearAddress.map((a) => a & ~3n), { minLength: 4, maxLength: 4 }),
});

export const anyState: fc.Arbitrary<DebugState> = fc.record({
  implementation: anyImplementation, controls: anyControls, context: anyContext, registers: anyRegisters, el: anyLevel, D: fc.boolean(),
});

/** Program counters worth trying in a state: each breakpoint value as it is, canonical, with another tag, and off by some bytes. */
export function probes(values: readonly bigint[]): readonly bigint[] {
  const ones = (1n << 64n) - 1n;
  return [...new Set(values.flatMap((value) => {
    const low = value & ((1n << 56n) - 1n);
    const canonical = (value >> 55n) & 1n ? low | (0xffn << 56n) : low;
    return [value & ~3n, value & ~3n & canonical, canonical & ~3n, (canonical ^ (0x3cn << 56n)) & ~3n, (canonical & ~3n) + 2n, BigInt.asUintN(64, canonical + 4n) & ones & ~3n];
  }))];
}
