import { describe, expect, it } from 'vitest';
import { MPIDR, TIMER_CNT, TIMER_CTL, TIMER_CVAL, isCore, nameOfId, systemRegisterOf } from './identifiers.ts';
import { CORE_REGISTERS, STATE_KNOWLEDGE, idOfName } from './state-knowledge.ts';

/** From the kernel's get-reg-list selftest, computed with its headers. */
const KERNEL: Readonly<Record<string, bigint>> = {
  x0: 0x6030_0000_0010_0000n, x1: 0x6030_0000_0010_0002n, x30: 0x6030_0000_0010_003cn, SP_EL0: 0x6030_0000_0010_003en, PC: 0x6030_0000_0010_0040n, PSTATE: 0x6030_0000_0010_0042n,
  SP_EL1: 0x6030_0000_0010_0044n, ELR_EL1: 0x6030_0000_0010_0046n, SPSR_EL1: 0x6030_0000_0010_0048n, SPSR_abt: 0x6030_0000_0010_004an, SPSR_und: 0x6030_0000_0010_004cn,
  SPSR_irq: 0x6030_0000_0010_004en, SPSR_fiq: 0x6030_0000_0010_0050n, V0: 0x6040_0000_0010_0054n, V1: 0x6040_0000_0010_0058n, V31: 0x6040_0000_0010_00d0n,
  FPSR: 0x6020_0000_0010_00d4n, FPCR: 0x6020_0000_0010_00d5n,
  MIDR_EL1: 0x6030_0000_0013_c000n, MPIDR_EL1: 0x6030_0000_0013_c005n, SCTLR_EL1: 0x6030_0000_0013_c080n, ESR_EL1: 0x6030_0000_0013_c290n, FAR_EL1: 0x6030_0000_0013_c300n,
};

describe('identifiers', () => {
  it.each(Object.entries(KERNEL))('%s is the kernel\'s', (name, id) => {
    expect(idOfName(name)).toBe(id);
    expect(STATE_KNOWLEDGE.nameOf(id)).toBe(name);
  });

  it('of the timer have each other\'s encodings, as in the kernel', () => {
    expect([TIMER_CTL, TIMER_CNT, TIMER_CVAL, MPIDR]).toEqual([0x6030_0000_0013_df19n, 0x6030_0000_0013_df1an, 0x6030_0000_0013_df02n, 0x6030_0000_0013_c005n]);
    expect([TIMER_CNT, TIMER_CVAL].map(nameOfId)).toEqual(['TIMER_CNT', 'TIMER_CVAL']);
    expect([TIMER_CNT, TIMER_CVAL].map(systemRegisterOf)).toEqual([undefined, undefined]);
  });

  it('of core registers: 75 of them, each once, none of the list', () => {
    expect(CORE_REGISTERS).toHaveLength(75);
    expect(new Set(CORE_REGISTERS.map(({ id }) => id)).size).toBe(75);
    expect(CORE_REGISTERS.every(({ id }) => isCore(id) && !STATE_KNOWLEDGE.listed(id))).toBe(true);
  });

  it('of the rest are the list\'s: system registers, CCSIDR, firmware', () => {
    const rest = [0x6030_0000_0013_c080n, 0x6020_0000_0011_0001n, 0x6030_0000_0014_0000n, 0x6030_0000_0016_0002n];
    expect(rest.every((id) => STATE_KNOWLEDGE.listed(id))).toBe(true);
    expect(rest.map(nameOfId)).toEqual(['SCTLR_EL1', 'CCSIDR_EL1 of CSSELR 1', 'firmware register 0', 'firmware feature bitmap 2']);
    expect(nameOfId(0x6030_0000_0010_0000n)).toBe('kvm_regs + 0x0');
    expect(nameOfId(0x6080_0000_0015_0000n)).toBe('register 0x6080000000150000');
  });

  it('name what the tables of this package lack by its encoding', () => {
    expect(nameOfId(0x6030_0000_0013_ffffn)).toBe('S3_7_C15_C15_7');
    expect(systemRegisterOf(0x6030_0000_0013_ffffn)).toBeUndefined();
  });

  it('counts of time are for whole states alone', () => {
    expect([TIMER_CNT, 0x6030_0000_0013_df01n, TIMER_CVAL, TIMER_CTL, idOfName('SCTLR_EL1')].map((id) => STATE_KNOWLEDGE.level(id))).toEqual(['full', 'full', 'runtime', 'runtime', 'runtime']);
  });
});
