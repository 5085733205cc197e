import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EC, EXCEPTION_CLASSES, FAULT_STATUS, ISS, ISS_LAYOUTS, VECTOR_OFFSETS, decodeSyndrome, describeEsr, encodeSyndrome, encodingOf, exceptionClassName, explainEsr,
  syndromes, sysregIss,
} from './index.ts';
import type { Syndrome } from './index.ts';

describe('the tables', () => {
  it('have the 47 classes, 23 layouts and 37 fault codes of the manual', () => {
    expect(Object.keys(EXCEPTION_CLASSES)).toHaveLength(47);
    expect(Object.keys(ISS_LAYOUTS)).toHaveLength(23);
    expect(Object.keys(ISS)).toEqual(Object.keys(ISS_LAYOUTS));
    expect(Object.keys(FAULT_STATUS)).toHaveLength(37);
    expect(new Set(Object.values(EC)).size).toBe(47);
    expect(exceptionClassName(0x24)).toBe('DABT_LOW');
    expect(exceptionClassName(0x02)).toBeUndefined();
    expect(VECTOR_OFFSETS.lower64.sync).toBe(0x400);
  });

  it('account for the 25 bits of every ISS layout once', () => {
    for (const [name, row] of Object.entries(ISS_LAYOUTS) as [string, { fields: Record<string, number | readonly [number, number]>; res0?: readonly (readonly [number, number])[] }][]) {
      const ranges = [...Object.values(row.fields).map((f) => (typeof f === 'number' ? [f, f] as const : f)), ...(row.res0 ?? [])];
      const count = new Array<number>(25).fill(0);
      for (const [high, low] of ranges) for (let i = low; i <= high; i++) count[i]++;
      expect(count.every((c) => c === 1), name).toBe(true);
    }
  });
});

describe('builders', () => {
  // Each value is what the architecture gives for the event; several are quoted by Linux and QEMU sources and logs.
  const cases: readonly (readonly [string, Syndrome, bigint])[] = [
    ['unknown', syndromes.unknown(), 0x0200_0000n],
    ['wfi', syndromes.wfx('wfi'), 0x07e0_0000n],
    ['wfe', syndromes.wfx('wfe'), 0x07e0_0001n],
    ['fp', syndromes.fp(), 0x1fe0_0000n],
    ['svc #0', syndromes.svc(0), 0x5600_0000n],
    ['hvc #0', syndromes.hvc(0), 0x5a00_0000n],
    ['smc #0', syndromes.smc(0), 0x5e00_0000n],
    ['brk #0x800', syndromes.brk(0x800), 0xf200_0800n],
    ['write translation fault level 1 from the same level', syndromes.dataAbort({ lower: false, dfsc: 5, write: true }), 0x9600_0045n],
    ['read translation fault level 0 from below', syndromes.dataAbort({ lower: true, dfsc: 4, write: false }), 0x9200_0004n],
    ['str w1 at stage 2, level 1', syndromes.dataAbort({ lower: true, dfsc: 5, write: true, transfer: { size: 4, signExtend: false, register: 1, wide: false, acquireRelease: false } }), 0x9381_0045n],
    ['ldrsb x3 at stage 2, level 2', syndromes.dataAbort({ lower: true, dfsc: 6, write: false, transfer: { size: 1, signExtend: true, register: 3, wide: true, acquireRelease: false } }), 0x9323_8006n],
    ['stage 2 on a stage 1 walk', syndromes.dataAbort({ lower: true, dfsc: 7, write: false, s1ptw: true }), 0x9200_0087n],
    ['instruction abort level 3', syndromes.instructionAbort({ lower: true, ifsc: 7 }), 0x8200_0007n],
    ['breakpoint from below', syndromes.breakpoint({ lower: true }), 0xc200_0022n],
    ['breakpoint at the same level', syndromes.breakpoint({ lower: false }), 0xc600_0022n],
    ['step', syndromes.softwareStep({ lower: true, exclusive: false }), 0xcb00_0022n],
    ['step over ldxr', syndromes.softwareStep({ lower: true, exclusive: true }), 0xcb00_0062n],
    ['step with nothing stepped', syndromes.softwareStep({ lower: true }), 0xca00_0022n],
    ['watchpoint write', syndromes.watchpoint({ lower: true, write: true }), 0xd200_0062n],
    ['pc alignment', syndromes.pcAlignment(), 0x8a00_0000n],
    ['sp alignment', syndromes.spAlignment(), 0x9a00_0000n],
    ['illegal state', syndromes.illegalState(), 0x3a00_0000n],
    ['eretab', syndromes.eret('eretab'), 0x6a00_0003n],
    ['serror', syndromes.serror(), 0xbe00_0000n],
    // mrs x3, id_aa64pfr0_el1: op0 3, op1 0, CRn 0, CRm 4, op2 0
    ['mrs x3, id_aa64pfr0_el1', syndromes.sysreg(encodingOf('ID_AA64PFR0_EL1'), 3, 'read'), 0x6230_0069n],
  ];
  for (const [name, built, esr] of cases) {
    it(name, () => {
      expect(encodeSyndrome(built).toString(16)).toBe(esr.toString(16));
      expect(decodeSyndrome(esr)).toMatchObject(built);
    });
  }

  it('pack the access a trap reports so that its numbers come back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 31 }), fc.boolean(), (packed, rt, read) => {
      const s = ISS.sys64.decode(BigInt(sysregIss(packed, rt, read ? 'read' : 'write')));
      expect((s.Op0 << 14) | (s.Op1 << 11) | (s.CRn << 7) | (s.CRm << 3) | s.Op2).toBe(packed);
      expect([s.Rt, s.Direction]).toEqual([rt, read ? 1 : 0]);
    }));
  });

  it('keep a watchpoint number where the architecture puts it', () => {
    const { WPT, WPTV } = ISS.wp.decode(BigInt(syndromes.watchpoint({ lower: true, write: false, number: 3 }).iss));
    expect([WPT, WPTV]).toEqual([3, 1]);
  });
});

describe('describeEsr', () => {
  it('draws the tree of a data abort', () => {
    expect(describeEsr(0x9600_0045n)).toBe([
      'ESR 0x96000045',
      '├─ EC 0x25 DABT_CUR',
      '│  ├─ ELR: the instruction itself',
      '│  └─ FAR: valid',
      '├─ IL 1  32-bit instruction, or not applicable',
      '└─ ISS 0x45',
      '   ├─ ISV 0x0  23:14 valid',
      '   ├─ SAS 0x0  0 byte, 1 halfword, 2 word, 3 doubleword',
      '   ├─ SSE 0x0  sign extend',
      '   ├─ SRT 0x0  transfer register',
      '   ├─ SF 0x0  1 = 64-bit register',
      '   ├─ AR 0x0  acquire/release',
      '   ├─ VNCR 0x0  FEAT_NV2',
      '   ├─ SET_or_LST 0x0  FEAT_RAS severity on sync external abort',
      '   ├─ FnV 0x0',
      '   ├─ EA 0x0',
      '   ├─ CM 0x0  cache maintenance or AT',
      '   ├─ S1PTW 0x0',
      '   ├─ WnR 0x1  1 write',
      '   └─ DFSC 0x5  translation fault, level 1',
    ].join('\n'));
  });

  it('names the access of a trap', () => {
    const esr = (name: string, direction: 'read' | 'write'): string => describeEsr(encodeSyndrome(syndromes.sysreg(encodingOf(name), 3, direction)));
    expect(esr('SCTLR_EL1', 'write')).toContain('msr SCTLR_EL1, x3');
    expect(esr('DBGDTRRX_EL0', 'read')).toContain('mrs x3, DBGDTRRX_EL0');
    expect(esr('TLBI VAE1IS', 'write')).toContain('tlbi vae1is, x3');
    expect(esr('S3_1_C15_C2_0', 'read')).toContain('mrs x3, S3_1_C15_C2_0');
  });

  it('has words for every value', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
      expect(explainEsr(value).children.length).toBe(3);
    }), { numRuns: 2000 });
    expect(describeEsr(0x0a00_0000n)).toContain('EC 0x02 unallocated');
  });
});
