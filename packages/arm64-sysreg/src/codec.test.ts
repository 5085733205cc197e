import { describe, expect, it } from 'vitest';
import * as sysreg from './index.ts';
import { CPTR_EL2, DBGBVR3_EL1, HPFAR_EL2, ID_PFR0_EL1, MDSCR_EL1, SCTLR_EL1, SCTLR_EL12, TTBR0_EL1 } from './index.ts';

describe('typed codecs', () => {
  it('decodes single bits as numbers and wide fields as bigint', () => {
    const mde: number = MDSCR_EL1.decode(1n << 15n).MDE;
    expect(mde).toBe(1);
    const base: bigint = TTBR0_EL1.decode(0x8000_0000n).BADDR;
    expect(base).toBe(0x4000_0000n);
    expect(HPFAR_EL2.encode({ FIPA: 0x12345n })).toBe(0x123450n);
  });

  it('rejects a wrong field name at compile time', () => {
    // @ts-expect-error MDSCR_EL1 has no field NOPE
    expect(MDSCR_EL1.decode(0n).NOPE).toBeUndefined();
    // @ts-expect-error E2H=0 has TFP, not FPEN
    expect(CPTR_EL2.e2h0.decode(0n).FPEN).toBeUndefined();
  });

  it('has one codec per layout where the manual has several, one otherwise', () => {
    expect(CPTR_EL2.e2h1.decode(3n << 20n).FPEN).toBe(3);
    expect(CPTR_EL2.e2h0.decode(1n << 10n).TFP).toBe(1);
    expect(DBGBVR3_EL1.vmid.decode(0x12n << 32n).VMID).toBe(0x12);
    // The other layout of the AArch32 identification registers is UNKNOWN as a whole, so there is nothing to choose.
    expect(ID_PFR0_EL1.decode(0x31n).State1).toBe(3);
    expect(SCTLR_EL12).toBe(SCTLR_EL1);
  });

  it('compiles every layout', () => {
    for (const [name, row] of Object.entries(sysreg.REGISTERS)) {
      for (const [tag, layout] of Object.entries(row.layouts)) expect(() => sysreg.layoutOf(row.name, { tag }), name).not.toThrow(layout.when);
      const made = (sysreg as unknown as Record<string, object>)[name];
      const all = 'decode' in made ? [made] : Object.values(made);
      for (const codec of all as { decode(v: bigint): Record<string, unknown>; names: string[] }[]) {
        expect(Object.keys(codec.decode(0n)), name).toEqual(codec.names);
      }
    }
  });
});
