import { describe, expect, it } from 'vitest';
import { DBGBCR, DBGWCR, auditBreakpoint, auditWatchpoint } from './index.ts';
import { LAB } from './test/fixtures.ts';

const B = { E: 1, PMC: 3, BAS: 0xf };
const W = { E: 1, PAC: 3, LSC: 3, BAS: 0xff };

/** One irregular setting per row; the id is all that is found. */
const BREAKPOINTS: readonly (readonly [string, number, object, bigint, object?])[] = [
  ['levels-reserved', 0, { PMC: 0 }, 0n],
  ['levels-reserved', 0, { HMC: 1, SSC: 1 }, 0n],
  ['type-reserved', 0, { BT: 4 }, 0n],
  ['type-reserved', 5, { BT: 6 }, 0n, { VHE: false }],
  ['type-needs-context-aware', 0, { BT: 2 }, 0n],
  ['bas-reserved', 0, { BAS: 1 }, 0n, { aarch32: true }],
  ['address-not-extended', 0, {}, 0x5a00_0000_0000_1000n],
  ['link-not-context-aware', 0, { BT: 1, LBN: 3 }, 0n],
];

const WATCHPOINTS: readonly (readonly [string, object, bigint])[] = [
  ['levels-reserved', { PAC: 0 }, 0n],
  ['mask-reserved', { MASK: 1 }, 0n],
  ['mask-reserved', { MASK: 2 }, 0n],
  ['mask-bas', { MASK: 3, BAS: 0x0f }, 0n],
  ['mask-address', { MASK: 4 }, 8n],
  ['bas-not-adjacent', { BAS: 0b101 }, 0n],
  ['word-aligned-form', { BAS: 0xf }, 4n],
  ['address-not-extended', {}, 0x5a00_0000_0000_1000n],
  ['link-not-context-aware', { WT: 1, LBN: 0 }, 0n],
];

describe('audits', () => {
  for (const [id, n, change, bvr, core = {}] of BREAKPOINTS) {
    it(`breakpoint: ${id} ${JSON.stringify(change)}`, () => {
      expect(auditBreakpoint(n, DBGBCR.encode({ ...B, ...change }), bvr, { ...LAB, ...core }).map((found) => found.id)).toEqual([id]);
    });
  }
  for (const [id, change, wvr] of WATCHPOINTS) {
    it(`watchpoint: ${id} ${JSON.stringify(change)}`, () => {
      expect(auditWatchpoint(0, DBGWCR.encode({ ...W, ...change }), wvr, LAB).map((found) => found.id)).toEqual([id]);
    });
  }
  it('word-aligned form with BAS[7:4]', () => {
    expect(auditWatchpoint(0, DBGWCR.encode(W), 4n, LAB).map((found) => found.id)).toEqual(['word-aligned-form', 'bas-high-half']);
  });
  it('find nothing in regular settings', () => {
    expect(auditBreakpoint(0, DBGBCR.encode(B), 0xffff_8000_0000_0000n, LAB)).toEqual([]);
    expect(auditBreakpoint(5, DBGBCR.encode({ ...B, BT: 3, PMC: 0 }), 0x5a00_0000_0000_0001n, LAB)).toEqual([]);
    for (const BAS of [0x01, 0x18, 0xf0, 0xff, 0]) expect(auditWatchpoint(0, DBGWCR.encode({ ...W, BAS }), 0n, LAB)).toEqual([]);
  });
});
