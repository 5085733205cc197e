import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { RegisterStore } from './port.ts';
import { IDLE } from './priorities.ts';
import { LIST_REGISTERS, VirtualInterface } from './virtual.ts';

interface Bench {
  readonly face: VirtualInterface;
  readonly store: RegisterStore;
  /** INTIDs that were deactivated physically, in order. */
  readonly deactivated: number[];
}

/** `count` list registers; both groups enabled, nothing masked, the interface on. */
function bench(count = 16): Bench {
  const values = new Map<RegisterName, bigint>([['ICH_VTR_EL2', 0x90b8_0000n | BigInt(count - 1)]]);
  const store: RegisterStore = { get: (name) => values.get(name) ?? 0n, set: (name, value) => { values.set(name, value); } };
  const deactivated: number[] = [];
  const face = new VirtualInterface(store, { exists: (intid) => intid < 288, deactivate: (intid) => { deactivated.push(intid); } });
  face.write('ICH_VMCR_EL2', 0xf800_0003n);
  face.write('ICH_HCR_EL2', 1n);
  return { face, store, deactivated };
}

const EOI = 1n << 41n, HW = 1n << 61n, GROUP1 = 1n << 60n;
const PENDING = 1n, ACTIVE = 2n;
const stateOf = (store: RegisterStore, n: number): bigint => store.get(LIST_REGISTERS[n]) >> 62n;
const put = ({ face }: Bench, n: number, state: bigint, intid: number, priority: number, more = GROUP1): void => {
  face.write(LIST_REGISTERS[n], (state << 62n) | (BigInt(priority) << 48n) | BigInt(intid) | more);
};

describe('list registers', () => {
  it('go from pending to active to free, and from active and pending back to pending', () => {
    const b = bench();
    put(b, 3, PENDING, 40, 0xa0);
    expect([b.face.signalled(), b.face.highest(1), b.face.acknowledge(0), b.face.acknowledge(1)]).toEqual([1, 40, 1023, 40]);
    expect([stateOf(b.store, 3), b.face.signalled(), b.face.priorities.running]).toEqual([ACTIVE, undefined, 0xa0]);
    put(b, 3, PENDING | ACTIVE, 40, 0xa0);
    expect(b.face.signalled()).toBeUndefined();
    b.face.complete(1, 40);
    expect([stateOf(b.store, 3), b.face.signalled(), b.face.priorities.running]).toEqual([PENDING, 1, IDLE]);
  });

  it('deactivate the interrupt behind them, at EOIR or at DIR', () => {
    for (const split of [0, 1]) {
      const b = bench();
      b.face.priorities.set('eoiMode', split);
      put(b, 0, PENDING, 27, 0x80, GROUP1 | HW | (30n << 32n));
      b.face.acknowledge(1);
      b.face.complete(1, 27);
      expect(b.deactivated).toEqual(split === 0 ? [30] : []);
      if (split === 1) b.face.deactivate(27);
      expect([b.deactivated, stateOf(b.store, 0), b.face.elrsr & 1n]).toEqual([[30], 0n, 1n]);
    }
  });

  it('return a special INTID without becoming active (IHI 0069, ICV_IAR1_EL1)', () => {
    const b = bench();
    put(b, 0, PENDING, 1023, 0x80);
    put(b, 1, PENDING, 1021, 0x88);
    expect([b.face.acknowledge(1), b.face.acknowledge(1), b.face.priorities.running, stateOf(b.store, 0)]).toEqual([1023, 1021, IDLE, 0n]);
  });

  // IHI 0069, ICH_HCR_EL2.EOIcount: ends that would have deactivated something. QEMU 7.2 counts EOIR with VEOIM = 1 too.
  it.each([[0, 1n, 0n], [1, 0n, 1n]] as const)('with VEOIM %i count ends of what they do not hold', (mode, byEoir, byDir) => {
    const count = ({ store }: Bench): bigint => store.get('ICH_HCR_EL2') >> 27n;
    const b = bench();
    b.face.priorities.set('eoiMode', mode);
    b.face.complete(1, 99);
    expect(count(b), 'nothing was active').toBe(0n);
    b.face.priorities.set('active1', 1 << 5);
    b.face.complete(1, 99);
    expect(count(b)).toBe(byEoir);
    b.face.deactivate(98);
    expect(count(b)).toBe(byEoir + byDir);
    b.face.priorities.set('active1', 1 << 5);
    b.face.complete(1, 9000);
    b.face.deactivate(9000);
    expect(count(b), 'LPIs do not count').toBe(byEoir + byDir);
  });

  it('wrap the count of ends without touching the rest', () => {
    const b = bench();
    b.face.write('ICH_HCR_EL2', 0xf800_0005n);
    b.face.priorities.set('active1', 1);
    b.face.complete(1, 99);
    expect(b.store.get('ICH_HCR_EL2')).toBe(5n);
  });

  it('end an LPI by EOIR in both modes', () => {
    const b = bench();
    b.face.priorities.set('eoiMode', 1);
    put(b, 0, PENDING, 9000, 0x80);
    expect(b.face.acknowledge(1)).toBe(9000);
    b.face.complete(1, 9000);
    expect(stateOf(b.store, 0)).toBe(0n);
  });

  it('are those that ICH_VTR_EL2 counts', () => {
    const b = bench(4);
    put(b, 4, PENDING, 40, 0);
    expect([b.face.signalled(), b.face.elrsr]).toEqual([undefined, 0xfn]);
  });

  const entry = fc.record({ state: fc.bigInt({ min: 0n, max: 3n }), intid: fc.integer({ min: 16, max: 60 }), level: fc.nat({ max: 31 }), group: fc.boolean(), hw: fc.boolean(), eoi: fc.boolean() });

  it('signal the most urgent pending one, the first of equals, and say what is free', () => {
    fc.assert(fc.property(fc.array(entry, { minLength: 16, maxLength: 16 }), fc.nat({ max: 3 }), (entries, enables) => {
      const b = bench();
      b.face.write('ICH_VMCR_EL2', 0xf800_0000n | BigInt(enables));
      entries.forEach(({ state, intid, level, group, hw, eoi }, n) => { put(b, n, state, intid, level << 3, (group ? GROUP1 : 0n) | (hw ? HW : 0n) | (eoi ? EOI : 0n)); });
      const candidates = entries.filter(({ state, group, level }) => state === PENDING && ((enables >> Number(group)) & 1) === 1 && level < 31);
      const best = candidates.find(({ level }) => level === Math.min(...candidates.map((c) => c.level)));
      expect(b.face.signalled()).toBe(best === undefined ? undefined : Number(best.group));
      if (best !== undefined) expect(b.face.acknowledgeable(best.group ? 1 : 0)).toBe(best.intid);
      expect(b.face.eisr & b.face.elrsr).toBe(0n);
      entries.forEach(({ state, hw, eoi }, n) => {
        const bit = 1n << BigInt(n);
        expect(((b.face.eisr | b.face.elrsr) & bit) !== 0n).toBe(state === 0n);
        expect((b.face.eisr & bit) !== 0n).toBe(state === 0n && !hw && eoi);
      });
    }));
  });

  it('serve a whole load in order of priority, nested or not, and end empty', () => {
    fc.assert(fc.property(fc.uniqueArray(entry, { selector: ({ intid }) => intid, maxLength: 16 }), fc.boolean(), (entries, split) => {
      const b = bench();
      b.face.priorities.set('eoiMode', split ? 1 : 0);
      const load = entries.filter(({ level }) => level < 31);
      load.forEach(({ intid, level, group, hw }, n) => { put(b, n, PENDING, intid, level << 3, (group ? GROUP1 : 0n) | (hw ? HW | (BigInt(intid) << 32n) : 0n)); });
      const served: number[] = [];
      for (let group = b.face.signalled(); group !== undefined; group = b.face.signalled()) {
        const intid = b.face.acknowledge(group);
        served.push(intid);
        b.face.complete(group, intid);
        if (split) b.face.deactivate(intid);
      }
      const levels = served.map((intid) => load.find((e) => e.intid === intid)?.level ?? -1);
      expect(levels).toEqual([...levels].sort((x, y) => x - y));
      expect([served.length, b.face.elrsr, b.face.priorities.running, b.store.get('ICH_HCR_EL2')]).toEqual([load.length, 0xffffn, IDLE, 1n]);
      expect([...b.deactivated].sort()).toEqual(load.filter(({ hw }) => hw).map(({ intid }) => intid).sort());
    }));
  });
});

describe('maintenance', () => {
  // ICH_MISR_EL2, bit by bit (IHI 0069, ICH_MISR_EL2): what asks for it, and what is the case.
  it.each([
    ['EOI', 0, 0n, (b: Bench) => { b.face.write('ICH_LR0_EL2', EOI); }],
    ['underflow', 1, 1n << 1n, () => {}],
    ['list register entry not present', 2, 1n << 2n, (b: Bench) => { b.face.write('ICH_HCR_EL2', b.store.get('ICH_HCR_EL2') | (1n << 27n)); }],
    ['none pending', 3, 1n << 3n, () => {}],
    ['group 0 enabled', 4, 1n << 4n, () => {}],
    ['group 0 disabled', 5, 1n << 5n, (b: Bench) => { b.face.priorities.set('enable0', 0); }],
    ['group 1 enabled', 6, 1n << 6n, () => {}],
    ['group 1 disabled', 7, 1n << 7n, (b: Bench) => { b.face.priorities.set('enable1', 0); }],
  ] as const)('%s is bit %i, and needs ICH_HCR_EL2.En to interrupt', (_name, bit, ask, make) => {
    const b = bench();
    b.face.write('ICH_HCR_EL2', 1n | ask);
    make(b);
    expect([b.face.misr, b.face.maintenance]).toEqual([1n << BigInt(bit), true]);
    b.face.write('ICH_HCR_EL2', b.store.get('ICH_HCR_EL2') & ~1n);
    expect([b.face.misr, b.face.maintenance]).toEqual([1n << BigInt(bit), false]);
    b.face.write('ICH_HCR_EL2', 1n);
    b.face.write('ICH_LR0_EL2', 0n);
    expect([b.face.misr, b.face.maintenance]).toEqual([0n, false]);
  });

  it('underflow is fewer than two in use', () => {
    const b = bench();
    b.face.write('ICH_HCR_EL2', 3n);
    put(b, 0, PENDING, 40, 0);
    expect(b.face.misr).toBe(2n);
    put(b, 9, ACTIVE, 41, 0);
    expect(b.face.misr).toBe(0n);
  });
});

describe('what the hypervisor writes', () => {
  it('loses the bits that are not there', () => {
    const b = bench();
    const written = (name: RegisterName): bigint => {
      b.face.write(name, 0xffff_ffff_ffff_ffffn);
      return b.store.get(name);
    };
    // Measured: 0xf0000002 in ICH_VMCR_EL2 reads 0xf04c000a.
    b.face.write('ICH_VMCR_EL2', 0xf000_0002n);
    expect(b.store.get('ICH_VMCR_EL2')).toBe(0xf04c_000an);
    expect(['ICH_HCR_EL2', 'ICH_VMCR_EL2', 'ICH_LR0_EL2', 'ICH_AP0R0_EL2'].map((name) => written(name as RegisterName)))
      .toEqual([0xf800_5cffn, 0xf8fc_021bn, 0xf0f8_1fff_00ff_ffffn, 0xffff_ffffn]);
  });
});
