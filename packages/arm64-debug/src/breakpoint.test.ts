import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { BREAKPOINT_TYPES, DBGBCR, breakpointFires, breakpointHit, explainBreakpoint, obstacles, type DebugState, type ExceptionLevel } from './index.ts';
import { LAB, OPEN, anyState, nearAddress, probes, registersOf, stateOf } from './test/fixtures.ts';

const PC = 0x4000_1000n;
const EVERYWHERE = { E: 1, HMC: 1, SSC: 0, PMC: 3, BAS: 0xf };

/** One unit, and optionally a context unit 5 for links, with the rest of the state. */
function withUnit(n: number, bcr: object, bvr: bigint, change: Partial<DebugState> = {}, target?: { bcr: object; bvr: bigint }): DebugState {
  return stateOf({ registers: registersOf({ breakpoints: { [n]: { bcr: { ...EVERYWHERE, ...bcr }, bvr }, ...(target ? { 5: target } : {}) } }), ...change });
}

const host = { ...OPEN, E2H: true };
const hostUser = { ...OPEN, E2H: true, TGE: true };
const ids = (change: object): DebugState['context'] => ({ ...stateOf().context, contextidrEL1: 0x11, contextidrEL2: 0x22, vmid: 0x133, ...change });

interface ContextRow {
  readonly bvr: bigint;
  readonly types: readonly number[];
  readonly el: ExceptionLevel;
  readonly controls?: DebugState['controls'];
  readonly vmid16?: boolean;
  readonly fires: boolean;
  readonly why: string;
}

/** CONTEXTIDR_EL1 = 0x11, CONTEXTIDR_EL2 = 0x22, VMID = 0x133. `types` lists the unlinked type and the one made for linking. */
const CONTEXTS: readonly ContextRow[] = [
  { types: [2, 3], bvr: 0x11n, el: 0, fires: true, why: 'context ID at EL0 of a guest' },
  { types: [2, 3], bvr: 0x11n, el: 1, fires: true, why: 'context ID at EL1' },
  { types: [2, 3], bvr: 0x11n, el: 2, fires: false, why: 'no context ID at EL2 without E2H' },
  { types: [2, 3], bvr: 0x22n, el: 2, fires: false, why: 'CONTEXTIDR_EL2 is not compared without E2H' },
  { types: [2, 3], bvr: 0x22n, el: 2, controls: host, fires: true, why: 'a host kernel has CONTEXTIDR_EL2' },
  { types: [2, 3], bvr: 0x11n, el: 2, controls: host, fires: false, why: 'not CONTEXTIDR_EL1 in a host kernel' },
  { types: [2, 3], bvr: 0x22n, el: 0, controls: hostUser, fires: true, why: 'host EL0 has CONTEXTIDR_EL2' },
  { types: [2, 3], bvr: 0x11n, el: 0, controls: host, fires: true, why: 'EL0 of a guest of a VHE host' },
  { types: [6, 7], bvr: 0x11n, el: 1, controls: host, fires: true, why: 'CONTEXTIDR_EL1 in a guest' },
  { types: [6, 7], bvr: 0x11n, el: 2, controls: host, fires: false, why: 'CONTEXTIDR_EL1 is nothing to EL2' },
  { types: [6, 7], bvr: 0x11n, el: 0, controls: hostUser, fires: false, why: 'CONTEXTIDR_EL1 is nothing to host EL0' },
  { types: [8, 9], bvr: 0x33n << 32n, el: 1, fires: true, why: '8 bits of VMID' },
  { types: [8, 9], bvr: 0x933n << 32n, el: 0, fires: true, why: 'upper VMID bits do not count without VS' },
  { types: [8, 9], bvr: 0x33n << 32n, el: 1, vmid16: true, fires: false, why: '16 bits of VMID differ' },
  { types: [8, 9], bvr: 0x133n << 32n, el: 1, vmid16: true, fires: true, why: '16 bits of VMID' },
  { types: [8, 9], bvr: 0x33n << 32n, el: 2, fires: false, why: 'no VMID at EL2' },
  { types: [8, 9], bvr: 0x33n << 32n, el: 0, controls: hostUser, fires: false, why: 'no VMID in host EL0' },
  { types: [8, 9], bvr: 0xffff_0033_ffff_ffffn, el: 1, fires: true, why: 'other bits are not compared' },
  { types: [10, 11], bvr: 0x33_0000_0011n, el: 1, fires: true, why: 'VMID and context ID' },
  { types: [10, 11], bvr: 0x33_0000_0012n, el: 1, fires: false, why: 'VMID right, context ID wrong' },
  { types: [10, 11], bvr: 0x34_0000_0011n, el: 1, fires: false, why: 'VMID wrong, context ID right' },
  { types: [12, 13], bvr: 0x22n << 32n, el: 0, fires: true, why: 'CONTEXTIDR_EL2 counts at EL0' },
  { types: [12, 13], bvr: 0x22n << 32n, el: 2, fires: true, why: 'CONTEXTIDR_EL2 counts at EL2' },
  { types: [12, 13], bvr: 0x22n, el: 2, fires: false, why: 'the low half is not CONTEXTIDR_EL2' },
  { types: [14, 15], bvr: 0x22_0000_0011n, el: 1, fires: true, why: 'both context IDs' },
  { types: [14, 15], bvr: 0x23_0000_0011n, el: 1, fires: false, why: 'CONTEXTIDR_EL2 wrong' },
  { types: [14, 15], bvr: 0x22_0000_0011n, el: 2, fires: false, why: 'CONTEXTIDR_EL1 is nothing to EL2' },
];

describe('context breakpoints', () => {
  for (const { types: [alone, target], bvr, el, controls = OPEN, vmid16 = false, fires, why } of CONTEXTS) {
    it(`type ${alone} alone, and address type 1 linked to type ${target}: ${why}`, () => {
      const place = { el, controls, context: ids({ vmid16 }) };
      expect(breakpointFires(withUnit(5, { BT: alone }, bvr, place), 5, PC)).toBe(fires);
      const linked = withUnit(0, { BT: 1, LBN: 5 }, PC, place, { bcr: { E: 1, BT: target }, bvr });
      expect(breakpointFires(linked, 0, PC)).toBe(fires);
      expect(breakpointFires(linked, 0, PC + 4n)).toBe(false);
      // A type made for linking never fires by itself, and a type that stands alone cannot be linked to.
      expect(breakpointFires(withUnit(5, { BT: target }, bvr, place), 5, PC)).toBe(false);
      expect(breakpointFires(withUnit(0, { BT: 1, LBN: 5 }, PC, place, { bcr: { E: 1, BT: alone }, bvr }), 0, PC)).toBe(false);
    });
  }

  it('need a context-aware unit: of six, two', () => {
    for (const { BT, compares, role } of BREAKPOINT_TYPES) {
      if (role !== 'alone') continue;
      const state = (n: number): DebugState => withUnit(n, { BT }, compares.includes('address') ? PC : 0n);
      expect([3, 4, 5].map((n) => breakpointFires(state(n), n, PC))).toEqual([compares.includes('address'), true, true]);
    }
  });

  it('need the register they compare', () => {
    const fires = (BT: number, implementation: Partial<typeof LAB>): boolean =>
      breakpointFires(withUnit(5, { BT, HMC: 0 }, 0n, { implementation: { ...LAB, ...implementation } }), 5, PC);
    expect([2, 6, 8, 10, 12, 14].map((BT) => fires(BT, { EL2: false, VHE: false }))).toEqual([true, false, false, false, false, false]);
    expect([2, 6, 8, 10, 12, 14].map((BT) => fires(BT, { VHE: false, debugv8p2: false }))).toEqual([true, false, true, true, false, false]);
    expect([2, 6, 8, 10, 12, 14].map((BT) => fires(BT, { VHE: false, debugv8p2: true }))).toEqual([true, false, true, true, true, true]);
  });

  it('a link ignores the level fields of its target, and is broken by a disabled, absent or unaware one', () => {
    const target = { bcr: { E: 1, BT: 3, HMC: 1, SSC: 1, PMC: 2, BAS: 0, LBN: 15 }, bvr: 0n };
    expect(breakpointFires(withUnit(0, { BT: 1, LBN: 5 }, PC, {}, target), 0, PC)).toBe(true);
    expect(breakpointFires(withUnit(0, { BT: 1, LBN: 5 }, PC, {}, { ...target, bcr: { ...target.bcr, E: 0 } }), 0, PC)).toBe(false);
    for (const LBN of [0, 3, 6, 15]) expect(breakpointFires(withUnit(0, { BT: 1, LBN }, PC, {}, target), 0, PC)).toBe(false);
  });

  it('mismatch types never fire in AArch64', () => {
    for (const BT of [4, 5]) expect(breakpointFires(withUnit(5, { BT, LBN: 5 }, PC + 4n), 5, PC)).toBe(false);
  });
});

describe('address breakpoints', () => {
  it('compare bits 63:2', () => {
    for (let n = 2; n < 64; n++) expect(breakpointFires(withUnit(0, {}, PC ^ (1n << BigInt(n))), 0, PC)).toBe(false);
    expect(breakpointFires(withUnit(0, {}, PC | 3n), 0, PC)).toBe(true);
  });

  it('ignore the top byte where it is a tag, by half of the address space and level', () => {
    const instructionTags = [{ lower: false, upper: true }, { lower: true, upper: false }, { lower: false, upper: false }] as const;
    const high = 0xffff_8000_0000_1000n;
    const fires = (el: ExceptionLevel, bvr: bigint, pc: bigint): boolean => breakpointFires(withUnit(0, {}, bvr, { el, context: { ...stateOf().context, instructionTags } }), 0, pc);
    expect(fires(1, PC | (0x5an << 56n), PC)).toBe(true);
    expect(fires(0, PC | (0x5an << 56n), PC)).toBe(false);
    expect(fires(0, high ^ (0x5an << 56n), high)).toBe(true);
    expect(fires(1, high ^ (0x5an << 56n), high)).toBe(false);
    expect(fires(2, high ^ (0x5an << 56n), high)).toBe(false);
    expect(fires(1, PC ^ (1n << 55n), PC)).toBe(false);
  });

  it('BAS counts only where AArch32 exists', () => {
    const fires = (BAS: number, aarch32: boolean, pc = PC): boolean => breakpointFires(withUnit(0, { BAS }, PC, { implementation: { ...LAB, aarch32 } }), 0, pc);
    expect([0, 3, 12, 15, 1].map((BAS) => fires(BAS, true))).toEqual([false, true, false, true, false]);
    expect([0, 3, 12, 15, 1].map((BAS) => fires(BAS, true, PC + 2n))).toEqual([false, false, true, true, false]);
    expect([0, 3, 12, 15, 1].map((BAS) => fires(BAS, false))).toEqual([true, true, true, true, true]);
  });

  it('Linux: a kernel breakpoint of a VHE host fires at EL1 and EL2, one of nVHE at EL1, a user one at EL0', () => {
    const levels = (bcr: object): readonly number[] => ([0, 1, 2] as const).filter((el) => breakpointFires(withUnit(0, { HMC: 0, ...bcr }, PC, { el }), 0, PC));
    expect(levels({ PMC: 1, HMC: 1 })).toEqual([1, 2]);
    expect(levels({ PMC: 1 })).toEqual([1]);
    expect(levels({ PMC: 2 })).toEqual([0]);
  });

  it('the lowest number is reported', () => {
    const registers = registersOf({ breakpoints: { 1: { bcr: EVERYWHERE, bvr: PC }, 3: { bcr: EVERYWHERE, bvr: PC } } });
    expect(breakpointHit(stateOf({ registers }), PC)).toBe(1);
    expect(breakpointHit(stateOf({ registers }), PC + 4n)).toBeUndefined();
  });
});

describe('explanations of breakpoints', () => {
  it('name exactly what is in the way', () => {
    const blocked = (change: Partial<DebugState>, bcr: object = {}): readonly string[] => obstacles(explainBreakpoint(withUnit(0, bcr, PC, change), 0, PC)).map((leaf) => leaf.what);
    expect(blocked({})).toEqual([]);
    expect(blocked({ controls: { ...OPEN, MDE: false } })).toEqual(['breakpoints and watchpoints are enabled']);
    expect(blocked({ controls: { ...OPEN, OSLK: true } })).toEqual(['the OS Lock is unlocked']);
    expect(blocked({}, { E: 0 })).toEqual(['breakpoint 0 is enabled']);
    expect(blocked({ el: 2 }, { HMC: 0 })).toEqual(['HMC, SSC and PMC cover EL2']);
    expect(blocked({ el: 2, D: true })).toContain('debug exceptions are not masked');
    expect(blocked({}, { BT: 1, LBN: 2 })).toEqual(['breakpoint 2 is implemented and context-aware']);
    expect(obstacles(explainBreakpoint(stateOf(), 9, PC)).map((leaf) => leaf.what)).toEqual(['breakpoint 9 is implemented']);
  });

  it('cite the manual throughout and hold exactly when no leaf is in the way', () => {
    fc.assert(fc.property(anyState, fc.nat(9), nearAddress, (state, n, pc) => {
      const tree = explainBreakpoint(state, n, pc);
      expect(tree.holds).toBe(obstacles(tree).length === 0);
      const citations = (node: typeof tree): readonly string[] => [node.because, ...node.children.flatMap(citations)];
      for (const because of citations(tree)) expect(because).toMatch(/^DDI 0487 D\d/);
    }));
  });

  it('refuse numbers that are none and addresses beyond 64 bits', () => {
    expect(() => explainBreakpoint(stateOf(), -1, 0n)).toThrow(/breakpoint -1/);
    expect(() => explainBreakpoint(stateOf(), 0.5, 0n)).toThrow(RangeError);
    expect(() => explainBreakpoint(stateOf(), 0, -4n)).toThrow(/asUintN/);
    expect(() => explainBreakpoint(stateOf(), 0, 1n << 64n)).toThrow(RangeError);
  });
});

describe('the disabling conditions', () => {
  it('each silences a breakpoint that fires', () => {
    let fired = 0;
    fc.assert(fc.property(anyState, (state) => {
      for (const pc of probes(state.registers.bvr)) for (let n = 0; n < state.implementation.breakpoints; n++) {
        if (!breakpointFires(state, n, pc)) continue;
        fired++;
        for (const change of [{ MDE: false }, { OSLK: true }, { doubleLock: true }]) {
          expect(breakpointFires({ ...state, controls: { ...state.controls, ...change } }, n, pc)).toBe(false);
        }
        const bcr = state.registers.bcr.map((value, i) => (i === n ? DBGBCR.update(value, { E: 0 }) : value));
        expect(breakpointFires({ ...state, registers: { ...state.registers, bcr } }, n, pc)).toBe(false);
      }
    }));
    expect(fired).toBeGreaterThan(20);
  });
});
