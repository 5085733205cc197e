import { describe, expect, it } from 'vitest';
import { DBGBCR0_EL1, DBGWCR0_EL1 } from '@worldswitch/arm64-sysreg';
import { DBGBCR, DBGWCR, RESET_CONTROLS, contextFrom, controlsFrom, taggingFrom } from './index.ts';

// Bit positions as the manual counts them, written out so that a shifted codec shows.
const TBI0 = 1n << 37n, TBI1 = 1n << 38n, TBID0 = 1n << 51n, TBID1 = 1n << 52n;
const TBI = 1n << 20n, TBID = 1n << 29n;
const E2H = 1n << 34n, TGE = 1n << 27n;
const no = { lower: false, upper: false };
const lower = { lower: true, upper: false };
const upper = { lower: false, upper: true };
const both = { lower: true, upper: true };

describe('tagging', () => {
  it('EL0 and EL1 share TCR_EL1; TBID takes instructions out', () => {
    expect(taggingFrom({ TCR_EL1: TBI0 | TBI1 | TBID1, TCR_EL2: 0n, HCR_EL2: 0n })).toEqual({ dataTags: [both, both, no], instructionTags: [lower, lower, no] });
  });
  it('EL2 without E2H has one range', () => {
    expect(taggingFrom({ TCR_EL1: 0n, TCR_EL2: TBI, HCR_EL2: TGE })).toEqual({ dataTags: [no, no, both], instructionTags: [no, no, both] });
    expect(taggingFrom({ TCR_EL1: 0n, TCR_EL2: TBI | TBID, HCR_EL2: 0n }).instructionTags).toEqual([no, no, no]);
    expect(taggingFrom({ TCR_EL1: 0n, TCR_EL2: TBI0 | TBI1, HCR_EL2: 0n }).dataTags).toEqual([no, no, no]);
  });
  it('EL2 with E2H has two, and with TGE takes EL0 along', () => {
    const regs = { TCR_EL1: TBI1, TCR_EL2: TBI0 | TBID0 };
    expect(taggingFrom({ ...regs, HCR_EL2: E2H })).toEqual({ dataTags: [upper, upper, lower], instructionTags: [upper, upper, no] });
    expect(taggingFrom({ ...regs, HCR_EL2: E2H | TGE })).toEqual({ dataTags: [lower, upper, lower], instructionTags: [no, upper, no] });
  });
});

describe('controls', () => {
  const zero = { MDSCR_EL1: 0n, OSLSR_EL1: 0n, MDCR_EL2: 0n, HCR_EL2: 0n };
  const none = { ...RESET_CONTROLS, OSLK: false };
  it('each come from one bit', () => {
    expect(controlsFrom(zero)).toEqual(none);
    expect(controlsFrom({ ...zero, MDSCR_EL1: 1n })).toEqual({ ...none, SS: true });
    expect(controlsFrom({ ...zero, MDSCR_EL1: 1n << 13n })).toEqual({ ...none, KDE: true });
    expect(controlsFrom({ ...zero, MDSCR_EL1: 1n << 15n })).toEqual({ ...none, MDE: true });
    expect(controlsFrom({ ...zero, MDCR_EL2: 1n << 8n })).toEqual({ ...none, TDE: true });
    expect(controlsFrom({ ...zero, HCR_EL2: TGE })).toEqual({ ...none, TGE: true });
    expect(controlsFrom({ ...zero, HCR_EL2: E2H })).toEqual({ ...none, E2H: true });
    expect(controlsFrom({ ...zero, OSLSR_EL1: 0xan })).toEqual(RESET_CONTROLS);
  });
  it('the OS Double Lock yields to a request to keep power', () => {
    expect(controlsFrom({ ...zero, OSDLR_EL1: 1n }).doubleLock).toBe(true);
    expect(controlsFrom({ ...zero, OSDLR_EL1: 1n, DBGPRCR_EL1: 1n }).doubleLock).toBe(false);
  });
});

describe('context', () => {
  it('is read from its registers', () => {
    const raw = { TCR_EL1: TBI0, TCR_EL2: 0n, HCR_EL2: 0n, CONTEXTIDR_EL1: 0xffff_ffffn, CONTEXTIDR_EL2: 0x22n, VTTBR_EL2: 0x0133_0000_4000_0001n, VTCR_EL2: 1n << 19n };
    expect(contextFrom(raw)).toEqual({ contextidrEL1: 0xffff_ffff, contextidrEL2: 0x22, vmid: 0x133, vmid16: true, dataTags: [lower, lower, no], instructionTags: [lower, lower, no] });
  });
});

describe('the comparator codecs', () => {
  it('agree with the register tables on every field they have', () => {
    for (const name of DBGBCR.names) expect(DBGBCR.mask(name)).toBe(DBGBCR0_EL1.mask(name));
    for (const name of DBGWCR.names) expect(DBGWCR.mask(name)).toBe(DBGWCR0_EL1.mask(name));
  });
});
