import { REFERENCE_FEATURES, REGISTERS, REGISTER_LIST, SYSTEM_INSTRUCTIONS, encodingOf, hasFeatures, resolve, syndromes } from '@worldswitch/arm64-sysreg';
import type { Direction, RegisterName } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { SYSTEM_OFF, GUEST_RAM, lab } from '../test/lab.ts';
import type { Lab } from '../test/lab.ts';
import { EMULATED } from './sysregs.ts';

/** One trapped access, and what the guest finds behind it: x5, its pc. */
function access(one: Lab, name: string | number, direction: Direction, value = 0n): { readonly value: bigint; readonly pc: bigint } {
  let found = { value: 0n, pc: 0n };
  const packed = typeof name === 'number' ? name : encodingOf(name);
  one.run((p) => {
    p.x[5] = value;
    return p.take(syndromes.sysreg(packed, 5, direction));
  }, (p) => {
    found = { value: p.x[5], pc: p.pc };
    return { kind: 'budget' };
  });
  return found;
}
const BEHIND = GUEST_RAM + 4n;
const read = (one: Lab, name: string): bigint => access(one, name, 'read').value;

/** What a guest's access at EL1 comes to under the controls that the switch sets, by the rules of the architecture. */
function trapped(mode: 'nvhe' | 'vhe'): readonly { readonly name: string; readonly direction: Direction; readonly packed: number }[] {
  const one = lab(mode);
  let controls: ReadonlyMap<string, bigint> = new Map();
  one.run((p) => {
    controls = new Map(p.registers);
    return SYSTEM_OFF(p);
  });
  const hcr = controls.get('HCR_EL2') ?? 0n;
  const context = {
    el: 1 as const, e2h: (hcr >> 34n & 1n) === 1n, tge: (hcr >> 27n & 1n) === 1n, features: REFERENCE_FEATURES, read: (name: RegisterName) => controls.get(name) ?? 0n,
  };
  const names = [...REGISTER_LIST.filter(({ feature }) => feature === undefined || hasFeatures(REFERENCE_FEATURES, feature)).map(({ name }) => name as string), ...Object.keys(SYSTEM_INSTRUCTIONS)];
  return names.flatMap((name) => (['read', 'write'] as const).map((direction) => ({ name, direction, packed: encodingOf(name) })))
    .filter(({ packed, direction }) => {
      const verdict = resolve(packed, context, direction);
      return verdict.kind === 'trap' && verdict.to === 2 && verdict.ec === 0x18;
    });
}

describe.each(['nvhe', 'vhe'] as const)('registers that trap from a guest, %s', (mode) => {
  /**
   * Left without a row on purpose. Guests do not see these: profiling, pointer authentication keys, context numbers, the CPU interface in
   * system registers. CCSIDR2_EL1 is for cores with AArch32 alone.
   */
  const ABSENT = /^(PMS|PMB|AP[IDG]\wKey|SCXTNUM_|ICC_SRE_EL1$|CCSIDR2_EL1$)/;
  it('have a row, or belong to what guests do not have', () => {
    const missing = trapped(mode).filter(({ packed }) => !EMULATED.has(packed)).map(({ name }) => name);
    expect([...new Set(missing)].filter((name) => !ABSENT.test(name))).toEqual([]);
  });
  it('include those that each control is there for', () => {
    const names = new Set(trapped(mode).map(({ name, direction }) => `${name} ${direction}`));
    // HCR_EL2: TID3, TID2, TVM, TACR, TSW; MDCR_EL2: TDA, TDOSA, TDRA, TPM, TPMCR; CNTHCTL_EL2.
    for (const wanted of [
      'ID_AA64PFR0_EL1 read', 'CTR_EL0 read', 'CCSIDR_EL1 read', 'CSSELR_EL1 write', 'SCTLR_EL1 write', 'TTBR0_EL1 write', 'CONTEXTIDR_EL1 write', 'ACTLR_EL1 read',
      'DC CISW write', 'DBGBCR0_EL1 write', 'DBGWVR3_EL1 read', 'MDSCR_EL1 write', 'OSLAR_EL1 write', 'OSLSR_EL1 read', 'MDRAR_EL1 read', 'PMCR_EL0 read',
      'PMCCNTR_EL0 write', 'CNTP_CVAL_EL0 write', 'CNTP_CTL_EL0 read',
    ]) expect(names, wanted).toContain(wanted);
    // Reading them costs nothing: only writes trap (HCR_EL2.TVM).
    for (const wanted of ['SCTLR_EL1 read', 'TPIDR_EL1 write', 'VBAR_EL1 write', 'CNTVCT_EL0 read', 'CNTV_CTL_EL0 write']) expect(names).not.toContain(wanted);
  });
});

describe('a register without a row', () => {
  it('is UNDEFINED for the guest, and the report is the row that would do it', () => {
    const one = lab();
    one.vcpu.setRegister('VBAR_EL1', 0x4000_8000n);
    expect(access(one, 'LORC_EL1', 'write')).toMatchObject({ pc: 0x4000_8200n });
    expect(one.vcpu.getRegister('ESR_EL1')).toBe(1n << 25n);
    expect(one.reports).toEqual(["add('LORC_EL1', { because: '…', write: () => true }); // exits/sysregs.ts: not emulated, the guest got an UNDEFINED exception"]);
  });
  it('so is the direction that a register lacks', () => {
    const one = lab();
    access(one, 'OSLSR_EL1', 'write');
    expect(one.vcpu.getRegister('ESR_EL1')).toBe(1n << 25n);
  });
});

describe('emulated registers', () => {
  it('keep debug registers in the guest\'s own set, and make it one that is switched', () => {
    const one = lab();
    expect(access(one, 'DBGBVR3_EL1', 'write', 0x1234n).pc).toBe(BEHIND);
    expect(one.vcpu.getRegister('DBGBVR3_EL1')).toBe(0x1234n);
    // The entry after the access had the registers exchanged.
    expect(one.processor.executed.some(({ op, reached }) => op === 'msr' && reached === 'DBGBVR3_EL1')).toBe(true);
  });
  it('lock and unlock the guest\'s OS lock in memory alone', () => {
    const one = lab();
    const boot = one.processor.executed.filter(({ reached }) => reached === 'OSLAR_EL1').length;
    access(one, 'OSLAR_EL1', 'write', 1n);
    // OSLSR_EL1: OSLK is bit 1, OSLM 0b10 is bit 3.
    expect(one.vcpu.getRegister('OSLSR_EL1')).toBe(0xan);
    expect(one.processor.executed.filter(({ reached }) => reached === 'OSLAR_EL1').length).toBe(boot);
  });
  it('hide what guests do not have, and show the rest of the host\'s core', () => {
    const own = (name: RegisterName): bigint => lab().processor.get(name);
    // EL2 11:8, EL3 15:12, GIC 27:24, SVE 35:32; PMUVer 11:8, TraceVer 7:4, PMSVer 35:32; VH 11:8, LO 19:16.
    // CSV2 and CSV3, 63:56, say that nothing is done ahead of time that could be seen.
    expect(read(lab(), 'ID_AA64PFR0_EL1')).toBe((own('ID_AA64PFR0_EL1') & ~0xf_0f00_ff00n) | (0x11n << 56n));
    expect(read(lab(), 'ID_AA64DFR0_EL1')).toBe(own('ID_AA64DFR0_EL1') & ~0xf_0000_0ff0n);
    expect(read(lab(), 'ID_AA64MMFR1_EL1')).toBe(own('ID_AA64MMFR1_EL1') & ~0xf_0f00n);
    expect(read(lab(), 'ID_AA64MMFR0_EL1')).toBe(own('ID_AA64MMFR0_EL1'));
    // Pointer authentication: APA 7:4, API 11:8, GPA 27:24, GPI 31:28. A CSV2 of 2 has SCXTNUM_ELx, 1 has not.
    const one = lab();
    one.processor.registers.set('ID_AA64ISAR1_EL1', 0xffff_ffff_ffffn);
    one.processor.registers.set('ID_AA64PFR0_EL1', 2n << 56n);
    let found: readonly bigint[] = [];
    one.run((p) => p.take(syndromes.sysreg(encodingOf('ID_AA64ISAR1_EL1'), 5, 'read')), (p) => p.take(syndromes.sysreg(encodingOf('ID_AA64PFR0_EL1'), 6, 'read')), (p) => {
      found = [p.x[5], p.x[6]];
      return SYSTEM_OFF(p);
    });
    expect(found).toEqual([0xffff_00ff_f00fn, 0x11n << 56n]);
  });
  it('answer reserved identification registers with zero, and let nobody write', () => {
    // op0 3, op1 0, CRn 0, CRm 7, op2 7.
    const reserved = (3 << 14) | (7 << 3) | 7;
    expect(EMULATED.has(reserved)).toBe(true);
    expect(access(lab(), reserved, 'read', 0x55n)).toEqual({ value: 0n, pc: BEHIND });
    const one = lab();
    access(one, reserved, 'write');
    expect(one.vcpu.getRegister('ESR_EL1')).toBe(1n << 25n);
  });
  it('stop watching translation registers once the guest has caches and MMU on', () => {
    const one = lab();
    const tvm = (): bigint => one.processor.get('HCR_EL2') >> 26n & 1n;
    let before = 2n;
    let after = 2n;
    one.run((p) => {
      before = tvm();
      p.x[5] = 0x30d0_0805n;
      return p.take(syndromes.sysreg(encodingOf('SCTLR_EL1'), 5, 'write'));
    }, (p) => {
      after = tvm();
      return SYSTEM_OFF(p);
    });
    expect([before, after]).toEqual([1n, 0n]);
    expect(one.vcpu.getRegister('SCTLR_EL1')).toBe(0x30d0_0805n);
  });
  it('run the physical timer in memory: ISTATUS, TVAL signed, compare value as written (DDI 0487 D12.2.4)', () => {
    const one = lab();
    one.processor.registers.set('CNTPCT_EL0', 1000n);
    access(one, 'CNTP_TVAL_EL0', 'write', 0xffff_fff6n);
    expect(read(one, 'CNTP_CVAL_EL0')).toBe(990n);
    access(one, 'CNTP_CTL_EL0', 'write', 7n);
    expect(read(one, 'CNTP_CTL_EL0')).toBe(7n);
    access(one, 'CNTP_CVAL_EL0', 'write', 2000n);
    expect([read(one, 'CNTP_CTL_EL0'), read(one, 'CNTP_TVAL_EL0')]).toEqual([3n, 1000n]);
  });
  it('are the guest\'s: nothing that is written reaches the host\'s register of that name', () => {
    for (const { name } of REGISTER_LIST.filter(({ group }) => group === 'pmu')) {
      const one = lab('vhe');
      const before = one.processor.get(name);
      access(one, name, 'write', 0xffn);
      if (!['PMSELR_EL0', 'PMUSERENR_EL0'].includes(name)) expect(one.processor.get(name), name).toBe(before);
      expect(REGISTERS[name].group).toBe('pmu');
    }
  });
});
