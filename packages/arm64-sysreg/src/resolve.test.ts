import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCESSOR_ALTERNATIVES, E2H_REDIRECTION, NOT_REDIRECTED, REFERENCE_FEATURES, REGISTERS, REGISTER_LIST, SAME_IN_BOTH_MODES, accessors, compileAccess,
  controlRegisters, encodingOf, isRegisterName, resolve,
} from './index.ts';
import type { AccessContext, Direction, RegisterName, Resolution } from './index.ts';

type State = Partial<Record<RegisterName, bigint>>;

/** A context whose HCR_EL2 decides E2H and TGE; control registers that are not given read 0. */
function at(el: 0 | 1 | 2, state: State = {}, more: Partial<AccessContext> = {}): AccessContext {
  const hcr = state.HCR_EL2 ?? 0n;
  return {
    el, e2h: ((hcr >> 34n) & 1n) === 1n, tge: ((hcr >> 27n) & 1n) === 1n, features: REFERENCE_FEATURES,
    read: (name) => state[name] ?? 0n, ...more,
  };
}
const bit = (...n: number[]): bigint => n.reduce((all, b) => all | (1n << BigInt(b)), 0n);
const E2H = bit(34);
const HOST = bit(34, 27);
const on = (name: string, context: AccessContext, direction: Direction = 'read'): Resolution => resolve(encodingOf(name), context, direction);
const reaches = (register: string, view?: string): object => ({ kind: 'register', register, ...(view ? { view } : {}) });
const traps = (to: 1 | 2, ec = 0x18): object => ({ kind: 'trap', to, ec });
const UNDEFINED = { kind: 'undefined' };

describe('E2H redirection (DDI 0487 D8.1)', () => {
  it('is complete: every redirected name, its alias and its EL2 name', () => {
    expect(Object.keys(E2H_REDIRECTION)).toHaveLength(26);
    for (const [name, { e2h1, alias }] of Object.entries(E2H_REDIRECTION)) {
      const features = new Set([...REFERENCE_FEATURES, 'FEAT_SVE', 'FEAT_TRF']);
      const state: State = { CPTR_EL2: bit(16, 17) };
      const plain = at(2, state, { features });
      const vhe = at(2, { ...state, HCR_EL2: E2H }, { features });
      const host = at(2, { ...state, HCR_EL2: HOST }, { features });
      expect(on(name, plain), name).toEqual(reaches(name));
      expect(on(name, vhe), name).toEqual(reaches(e2h1));
      expect(on(name, host), name).toEqual(reaches(e2h1));
      expect(on(e2h1, vhe), e2h1).toEqual(reaches(e2h1));
      expect(on(alias, plain), alias).toMatchObject(UNDEFINED);
      expect(on(alias, vhe), alias).toEqual(reaches(name));
      expect(on(alias, host, 'write'), alias).toEqual(reaches(name));
      expect(on(alias, at(1, { ...state, HCR_EL2: E2H }, { features })), alias).toMatchObject(UNDEFINED);
      expect(on(alias, at(0, { ...state, HCR_EL2: E2H }, { features })), alias).toMatchObject(UNDEFINED);
    }
  });

  it('accounts for every EL12 and EL02 name', () => {
    const used = new Set(Object.values(E2H_REDIRECTION).map((r) => r.alias as string));
    expect(REGISTER_LIST.filter((r) => r.alias !== undefined && !used.has(r.name)).map((r) => r.name)).toEqual(['ACTLR_EL12']);
  });

  it('leaves every other name alone', () => {
    const features = new Set([...REFERENCE_FEATURES, ...REGISTER_LIST.flatMap((r) => r.feature?.split(/[|&]/) ?? [])]);
    const state: State = { HCR_EL2: HOST, CPTR_EL2: (1n << 64n) - 1n, SPSel: 1n, ICC_SRE_EL2: 1n, ID_AA64DFR0_EL1: bit(12, 13, 14, 15, 20, 21, 22, 23) };
    for (const r of REGISTER_LIST) {
      if (Object.hasOwn(E2H_REDIRECTION, r.name) || r.alias !== undefined) continue;
      const direction = r.access.split(' ')[2] === 'WO' ? 'write' : 'read';
      const result = on(r.name, at(2, state, { features }), direction);
      if (result.kind === 'register') expect(result.register, r.name).toBe(r.name);
    }
    for (const name of NOT_REDIRECTED) if (isRegisterName(name)) expect(Object.hasOwn(E2H_REDIRECTION, name), name).toBe(false);
  });

  it("takes a host's user space to the EL2 timers, a guest's not", () => {
    const open: State = { CNTKCTL_EL1: bit(0, 1, 8, 9), CNTHCTL_EL2: bit(0, 1, 8, 9, 10, 11) };
    expect(on('CNTV_CTL_EL0', at(0, { ...open, HCR_EL2: HOST }))).toEqual(reaches('CNTHV_CTL_EL2'));
    expect(on('CNTP_CVAL_EL0', at(0, { ...open, HCR_EL2: HOST }), 'write')).toEqual(reaches('CNTHP_CVAL_EL2'));
    expect(on('CNTV_CTL_EL0', at(0, { ...open, HCR_EL2: E2H }))).toEqual(reaches('CNTV_CTL_EL0'));
    expect(on('CNTV_CTL_EL0', at(1, { ...open, HCR_EL2: E2H }))).toEqual(reaches('CNTV_CTL_EL0'));
  });

  it('shows EL1 the identification the hypervisor chose', () => {
    expect(on('MIDR_EL1', at(1))).toEqual(reaches('VPIDR_EL2'));
    expect(on('MPIDR_EL1', at(1))).toEqual(reaches('VMPIDR_EL2'));
    expect(on('MPIDR_EL1', at(2))).toEqual(reaches('MPIDR_EL1'));
  });
});

describe('spot checks, one per class of check', () => {
  it('levels and directions', () => {
    expect(on('SCTLR_EL1', at(0))).toMatchObject(UNDEFINED);
    expect(on('SCTLR_EL2', at(1))).toMatchObject(UNDEFINED);
    expect(on('SCTLR_EL3', at(2))).toMatchObject(UNDEFINED);
    expect(on('MIDR_EL1', at(2), 'write')).toMatchObject(UNDEFINED);
    expect(on('ICC_EOIR1_EL1', at(2, { ICC_SRE_EL2: 1n }), 'read')).toMatchObject(UNDEFINED);
    expect(on('CNTFRQ_EL0', at(1), 'write')).toMatchObject(UNDEFINED);
    expect(on('CNTFRQ_EL0', at(2), 'write')).toEqual(reaches('CNTFRQ_EL0'));
  });

  it('EC 0x18 to EL2 by HCR_EL2, with the syndrome of the access', () => {
    const hcr = { HCR_EL2: bit(26, 31) }; // TVM
    expect(on('TTBR0_EL1', at(1, hcr), 'read')).toEqual(reaches('TTBR0_EL1'));
    // op0 3, op2 0, op1 0, CRn 2, Rt 5, CRm 0, write
    expect(resolve(encodingOf('TTBR0_EL1'), at(1, hcr, { rt: 5 }), 'write')).toEqual({
      kind: 'trap', to: 2, ec: 0x18, iss: 0x30_08a0, because: 'HCR_EL2.TVM=1',
    });
    expect(on('ID_AA64PFR0_EL1', at(1, { HCR_EL2: bit(18) }))).toMatchObject(traps(2));
    expect(on('ACTLR_EL1', at(1, { HCR_EL2: bit(21) }))).toMatchObject(traps(2));
    expect(on('CTR_EL0', at(1, { HCR_EL2: bit(17) }))).toMatchObject(traps(2));
  });

  it('EL0 by an EL1 control: to EL1, to EL2 under TGE, by the EL2 control for a host', () => {
    expect(on('CTR_EL0', at(0))).toMatchObject(traps(1)); // UCT=0
    expect(on('CTR_EL0', at(0, { HCR_EL2: bit(27) }))).toMatchObject(traps(2));
    expect(on('CTR_EL0', at(0, { SCTLR_EL1: bit(15) }))).toEqual(reaches('CTR_EL0'));
    expect(on('CTR_EL0', at(0, { SCTLR_EL1: bit(15), HCR_EL2: bit(17) }))).toMatchObject(traps(2)); // TID2
    expect(on('CTR_EL0', at(0, { SCTLR_EL2: bit(15), HCR_EL2: HOST | bit(17) }))).toEqual(reaches('CTR_EL0'));
    expect(on('DAIF', at(0, { SCTLR_EL1: bit(9) }))).toEqual(reaches('DAIF'));
    expect(on('DAIF', at(0, { SCTLR_EL1: bit(9), HCR_EL2: HOST }))).toMatchObject(traps(2));
  });

  it('floating-point control: EC 7, EC 0 when TGE reroutes', () => {
    expect(on('FPCR', at(1))).toMatchObject({ ...traps(1, 7), iss: 0x1e0_0000 });
    expect(on('FPCR', at(0))).toMatchObject(traps(1, 7));
    expect(on('FPCR', at(0, { HCR_EL2: bit(27) }))).toMatchObject({ ...traps(2, 0), iss: 0 });
    expect(on('FPCR', at(1, { CPACR_EL1: bit(20, 21), CPTR_EL2: bit(10) }))).toMatchObject(traps(2, 7));
    expect(on('FPCR', at(1, { CPACR_EL1: bit(20, 21), CPTR_EL2: bit(10), HCR_EL2: E2H }))).toMatchObject(traps(2, 7)); // FPEN=0
    expect(on('FPCR', at(2, { CPTR_EL2: bit(20, 21), HCR_EL2: E2H }))).toEqual(reaches('FPCR'));
    expect(on('FPCR', at(2, { CPTR_EL2: bit(10) }))).toMatchObject(traps(2, 7));
  });

  it('CNTHCTL_EL2 by its layout', () => {
    expect(on('CNTPCT_EL0', at(1))).toMatchObject(traps(2));
    expect(on('CNTPCT_EL0', at(1, { CNTHCTL_EL2: bit(0) }))).toEqual(reaches('CNTPCT_EL0'));
    expect(on('CNTPCT_EL0', at(1, { CNTHCTL_EL2: bit(0), HCR_EL2: E2H }))).toMatchObject(traps(2));
    expect(on('CNTPCT_EL0', at(1, { CNTHCTL_EL2: bit(10), HCR_EL2: E2H }))).toEqual(reaches('CNTPCT_EL0'));
    expect(on('CNTP_CTL_EL0', at(1, { CNTHCTL_EL2: bit(0) }))).toMatchObject(traps(2));
    expect(on('CNTP_CTL_EL0', at(1, { CNTHCTL_EL2: bit(1) }))).toEqual(reaches('CNTP_CTL_EL0'));
  });

  it('debug registers: MDCR_EL2, the implemented count, the comms channel', () => {
    const dfr = { ID_AA64DFR0_EL1: bit(12, 14) | (3n << 20n) }; // 6 breakpoints, 4 watchpoints
    expect(on('DBGBCR5_EL1', at(1, dfr))).toEqual(reaches('DBGBCR5_EL1'));
    expect(on('DBGBCR6_EL1', at(2, dfr))).toMatchObject(UNDEFINED);
    expect(on('DBGWCR3_EL1', at(2, dfr))).toEqual(reaches('DBGWCR3_EL1'));
    expect(on('DBGWCR4_EL1', at(1, dfr))).toMatchObject(UNDEFINED);
    for (const b of [8, 9]) expect(on('DBGBCR0_EL1', at(1, { ...dfr, MDCR_EL2: bit(b) }))).toMatchObject(traps(2));
    expect(on('OSLAR_EL1', at(1, { MDCR_EL2: bit(10) }), 'write')).toMatchObject(traps(2));
    expect(on('MDCCSR_EL0', at(0, { MDSCR_EL1: bit(12) }))).toMatchObject(traps(1));
    expect(on('DBGDTRTX_EL0', at(0), 'write')).toEqual(reaches('DBGDTRTX_EL0'));
    expect(on('DBGDTRRX_EL0', at(0), 'read')).toEqual(reaches('DBGDTRRX_EL0'));
  });

  it('the PMU: user enable bits, then TPM', () => {
    expect(on('PMCCNTR_EL0', at(0))).toMatchObject(traps(1));
    expect(on('PMCCNTR_EL0', at(0, { PMUSERENR_EL0: bit(2) }), 'read')).toEqual(reaches('PMCCNTR_EL0'));
    expect(on('PMCCNTR_EL0', at(0, { PMUSERENR_EL0: bit(2) }), 'write')).toMatchObject(traps(1));
    expect(on('PMCCNTR_EL0', at(0, { PMUSERENR_EL0: bit(0), MDCR_EL2: bit(6) }))).toMatchObject(traps(2));
    const six: State = { PMUSERENR_EL0: bit(3), PMCR_EL0: 6n << 11n };
    expect(on('PMEVCNTR5_EL0', at(0, six))).toEqual(reaches('PMEVCNTR5_EL0'));
    expect(on('PMEVCNTR6_EL0', at(2, six))).toMatchObject(UNDEFINED);
  });

  it('the GIC CPU interface: SRE, ICH_HCR_EL2, the virtual interface, none without GICv3', () => {
    const sre: State = { ICC_SRE_EL1: 1n, ICC_SRE_EL2: bit(0, 3) };
    expect(on('ICC_PMR_EL1', at(1))).toMatchObject(traps(1));
    expect(on('ICC_PMR_EL1', at(1, sre))).toEqual(reaches('ICC_PMR_EL1'));
    expect(on('ICC_PMR_EL1', at(1, { ...sre, HCR_EL2: bit(4) }))).toEqual(reaches('ICC_PMR_EL1', 'virtual'));
    expect(on('ICC_IAR1_EL1', at(1, { ...sre, HCR_EL2: bit(3) }))).toEqual(reaches('ICC_IAR1_EL1'));
    expect(on('ICC_SGI1R_EL1', at(1, { ...sre, HCR_EL2: bit(4) }), 'write')).toMatchObject(traps(2));
    expect(on('ICC_SRE_EL1', at(1))).toMatchObject(traps(2));
    const vtr: State = { ...sre, ICH_VTR_EL2: (5n << 26n) | 3n }; // 6 preemption bits, 4 list registers
    expect(on('ICH_LR3_EL2', at(2, vtr))).toEqual(reaches('ICH_LR3_EL2'));
    expect(on('ICH_LR4_EL2', at(2, vtr))).toMatchObject(UNDEFINED);
    expect(on('ICH_AP1R1_EL2', at(2, vtr))).toEqual(reaches('ICH_AP1R1_EL2'));
    expect(on('ICH_AP1R2_EL2', at(2, vtr))).toMatchObject(UNDEFINED);
    expect(on('ICC_AP0R0_EL1', at(2, vtr))).toEqual(reaches('ICC_AP0R0_EL1'));
    expect(on('ICC_AP0R1_EL1', at(2, vtr))).toMatchObject(UNDEFINED);
    expect(on('ICC_PMR_EL1', at(2, sre, { features: new Set() }))).toMatchObject({ kind: 'undefined', because: 'ICC_PMR_EL1 needs FEAT_GICv3' });
  });

  it('the stack pointer in use', () => {
    expect(on('SP_EL0', at(1))).toMatchObject(UNDEFINED);
    expect(on('SP_EL0', at(2, { SPSel: 1n }))).toEqual(reaches('SP_EL0'));
    expect(on('SP_EL1', at(2))).toEqual(reaches('SP_EL1'));
  });

  it('controls whose feature is missing do nothing', () => {
    const terr = at(1, { HCR_EL2: bit(36) });
    expect(on('ERRIDR_EL1', terr)).toMatchObject(traps(2));
    expect(on('CNTVCT_EL0', at(1, { CNTHCTL_EL2: bit(13) }))).toEqual(reaches('CNTVCT_EL0')); // EL1TVCT needs FEAT_ECV
  });

  it('system instructions', () => {
    expect(on('AT S1E1R', at(1), 'write')).toEqual({ kind: 'instruction', instruction: 'AT S1E1R' });
    expect(on('AT S1E1R', at(0), 'write')).toMatchObject(UNDEFINED);
    expect(on('AT S12E1R', at(1), 'write')).toMatchObject(UNDEFINED);
    expect(on('TLBI VMALLE1', at(1, { HCR_EL2: bit(25) }), 'write')).toMatchObject(traps(2));
    expect(on('TLBI ALLE2', at(2), 'write')).toMatchObject({ kind: 'instruction' });
    expect(on('TLBI ALLE3', at(2), 'write')).toMatchObject(UNDEFINED);
    expect(on('DC ZVA', at(0), 'write')).toMatchObject(traps(1));
    expect(on('DC ZVA', at(0, { SCTLR_EL1: bit(14), HCR_EL2: bit(28) }), 'write')).toMatchObject(traps(2));
    expect(on('DC ZVA', at(0, { SCTLR_EL2: bit(14), HCR_EL2: HOST | bit(28) }), 'write')).toMatchObject({ kind: 'instruction' });
    expect(on('TLBI VAE1NXS', at(1), 'write')).toMatchObject({ kind: 'undefined', because: 'TLBI VAE1NXS needs FEAT_XS' });
    expect(on('AT S1E1R', at(1), 'read')).toMatchObject(UNDEFINED);
  });

  it('encodings without a row', () => {
    expect(on('S3_0_C0_C7_7', at(1))).toEqual({ kind: 'zero' });
    expect(on('S3_0_C0_C7_7', at(1, { HCR_EL2: bit(18) }))).toMatchObject(traps(2));
    expect(on('S3_0_C0_C7_7', at(2), 'write')).toMatchObject(UNDEFINED);
    expect(on('S3_0_C0_C7_7', at(0))).toMatchObject(UNDEFINED);
    expect(on('S3_0_C0_C7_7', at(0, {}, { features: new Set(['FEAT_IDST']) }))).toMatchObject(traps(1));
    expect(on('S3_1_C15_C2_0', at(1))).toMatchObject(UNDEFINED);
    expect(on('S3_1_C15_C2_0', at(1, { HCR_EL2: bit(20) }))).toMatchObject(traps(2)); // TIDCP
    expect(on('S3_1_C15_C2_0', at(2, { HCR_EL2: bit(20) }))).toMatchObject(UNDEFINED);
    expect(on('RNDR', at(0))).toMatchObject(UNDEFINED);
    expect(on('RNDR', at(0, {}, { features: new Set(['FEAT_RNG']) }))).toEqual(reaches('RNDR'));
    expect(on('RMR_EL1', at(1))).toMatchObject({ kind: 'undefined', because: 'EL2 implemented' });
  });
});

describe('resolve as a whole', () => {
  const names = REGISTER_LIST.map((r) => r.name);
  const controls = [...controlRegisters()];
  const words = fc.record(Object.fromEntries(controls.map((n) => [n, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })])));
  const level = fc.constantFrom(0 as const, 1 as const, 2 as const);

  it('has a well-formed verdict for every encoding, level and random control state, and never throws', () => {
    fc.assert(fc.property(words, fc.boolean(), (state, everything) => {
      const features = everything ? new Set([...REFERENCE_FEATURES, ...REGISTER_LIST.flatMap((r) => r.feature?.split(/[|&]/) ?? [])]) : REFERENCE_FEATURES;
      for (const el of [0, 1, 2] as const) {
        const context = at(el, state, { features, rt: 7 });
        for (let packed = 0; packed <= 0xffff; packed++) {
          for (const direction of ['read', 'write'] as const) {
            const verdict = resolve(packed, context, direction);
            if (verdict.kind === 'register' && !Object.hasOwn(REGISTERS, verdict.register)) throw new Error(`${packed}: reaches ${verdict.register}`);
            if (verdict.kind === 'trap' && (verdict.to < Math.max(el, 1) || verdict.iss < 0 || verdict.iss > 0x1ff_ffff)) throw new Error(`${packed}: trap to ${verdict.to}`);
            if (el === 0 && verdict.kind === 'trap' && verdict.to === 1 && context.tge) throw new Error(`${packed}: trap to EL1 with TGE=1`);
          }
        }
      }
    }), { numRuns: 6 });
  });

  it('depends on nothing but the registers it declares', () => {
    fc.assert(fc.property(fc.constantFrom(...names), fc.constantFrom('read' as const, 'write' as const), level, words, words, (name, direction, el, a, b) => {
      const access = compileAccess(encodingOf(name), direction);
      const declared = new Set<string>(access.dependsOn[el]);
      const touched = new Set<string>();
      const watching = (state: State): AccessContext => ({ ...at(el, state), read: (n) => { touched.add(n); return state[n] ?? 0n; } });
      const mixed = Object.fromEntries(controls.map((n) => [n, declared.has(n) ? a[n] : b[n]])) as State;
      // E2H and TGE always come from the same HCR_EL2; a verdict that reads them has to declare it.
      expect(access.verdict(watching(mixed))).toEqual(access.verdict(watching(a as State)));
      for (const n of touched) expect(declared).toContain(n);
    }), { numRuns: 3000 });
  });

  it('names the control registers of the whole table', () => {
    expect(controls.sort()).toEqual([
      'CNTHCTL_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'CPTR_EL2', 'HCR_EL2', 'ICC_CTLR_EL1', 'ICC_SRE_EL1', 'ICC_SRE_EL2', 'ICH_HCR_EL2', 'ICH_VTR_EL2',
      'ID_AA64DFR0_EL1', 'MDCR_EL2', 'MDSCR_EL1', 'PMCR_EL0', 'PMUSERENR_EL0', 'SCTLR_EL1', 'SCTLR_EL2', 'SPSel',
    ]);
  });
});

describe('accessors', () => {
  const features = new Set([...REFERENCE_FEATURES, 'FEAT_SVE', 'FEAT_TRF']);
  const state: State = { CPTR_EL2: bit(16, 17) };

  it('reach what they say at EL2 in their mode, by the rules of resolve', () => {
    for (const mode of ['nvhe', 'vhe'] as const) {
      const context = at(2, { ...state, HCR_EL2: mode === 'vhe' ? HOST : 0n }, { features });
      const bound = accessors({ mode });
      for (const family of [bound.el1, bound.el0, bound.hyp]) {
        for (const accessor of Object.values(family)) {
          expect(resolve(accessor.encoding, context, 'read'), `${mode} ${accessor.written}`).toEqual(reaches(accessor.reached));
        }
      }
    }
  });

  it('spell the guest by EL12 and EL02 under VHE only', () => {
    expect(accessors({ mode: 'vhe' }).el1.SCTLR).toMatchObject({ written: 'SCTLR_EL12', reached: 'SCTLR_EL1' });
    expect(accessors({ mode: 'nvhe' }).el1.SCTLR).toMatchObject({ written: 'SCTLR_EL1', reached: 'SCTLR_EL1' });
    expect(accessors({ mode: 'vhe' }).el0.CNTV_CTL.written).toBe('CNTV_CTL_EL02');
    expect(accessors({ mode: 'vhe' }).hyp.CPTR).toMatchObject({ written: 'CPACR_EL1', reached: 'CPTR_EL2' });
    expect(accessors({ mode: 'nvhe' }).hyp.VBAR).toMatchObject({ written: 'VBAR_EL2', reached: 'VBAR_EL2' });
    // @ts-expect-error MDSCR_EL1 has one name in both modes
    expect(accessors({ mode: 'vhe' }).el1.MDSCR).toBeUndefined();
  });

  it('cover every redirected register once per family, and nothing that has one name', () => {
    expect(ACCESSOR_ALTERNATIVES).toHaveLength(2 * 26);
    for (const name of SAME_IN_BOTH_MODES) {
      expect(Object.hasOwn(E2H_REDIRECTION, name), name).toBe(false);
      expect(ACCESSOR_ALTERNATIVES.some((r) => r.nvhe === name || r.vhe === name), name).toBe(false);
    }
  });
});
