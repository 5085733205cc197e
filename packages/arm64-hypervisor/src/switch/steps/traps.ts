/** What the guest may not do by itself, and what the host may again. */
import { CPACR_EL1, CPTR_EL2, HCR_EL2, MDCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { Step, SwitchContext } from '../step.ts';

/** CPTR_EL2 without VHE that traps nothing: its RES1 bits (DDI 0487 CPTR_EL2, E2H = 0). TZ is one of them where SVE is absent. */
export const CPTR_RES1 = 0x32ffn;

/** CPTR_EL2 for a guest without VHE: trace, floating point and SVE trap. */
const CPTR_GUEST = CPTR_RES1 | CPTR_EL2.e2h0.mask('TTA') | CPTR_EL2.e2h0.mask('TFP') | CPTR_EL2.e2h0.mask('TZ');

/** Fields of MDCR_EL2 that are the host's in either world: the counters it keeps and its profiling buffer. */
const MDCR_HOST = { nvhe: MDCR_EL2.mask('HPMN') | MDCR_EL2.mask('E2PB'), vhe: MDCR_EL2.mask('HPMN') | MDCR_EL2.mask('E2PB') | MDCR_EL2.mask('TPMS') };

/** Bits of PMUSERENR_EL0 that let EL0 through to a trap to EL2 rather than to EL1. */
export const PMUSERENR_ALL = 0xfn;

/** HSTR_EL2.T15: an AArch32 guest's CP15 registers of the implementation (RES0 where EL1 is AArch64 only). */
export const HSTR_T15 = 1n << 15n;

export function trapsOff(c: SwitchContext): void {
  const { code, mode, vcpu, host, features } = c;
  const kept = vcpu.state.get('hcr');
  // A virtual SError that was delivered is no longer pending: the processor cleared VSE, and the copy must follow.
  if ((kept & HCR_EL2.mask('VSE')) !== 0n) {
    const live = code.read('HCR_EL2') & HCR_EL2.mask('VSE');
    code.store(vcpu.state, 'hcr', (kept & ~HCR_EL2.mask('VSE')) | live);
  }
  // Without VHE the profiling buffer is EL1's again: the guest's value of E2PB was 0.
  const owner = mode === 'nvhe' && features.spe ? MDCR_EL2.mask('E2PB') : 0n;
  code.write('MDCR_EL2', (code.read('MDCR_EL2') & MDCR_HOST[mode]) | owner);
  code.write('HCR_EL2', host.constants.hcr);
  code.write(code.hyp.CPTR, host.constants.cptr);
  if (mode === 'vhe') code.write(code.hyp.VBAR, host.constants.hostVectors);
  code.write('HSTR_EL2', 0n);
  if (features.pmu) code.write('PMUSERENR_EL0', 0n);
}

export const trapsOn: Step = {
  id: 'traps-on', phase: 'activate-traps', el: 2, kind: 'trap-control', after: ['host-sysregs-save'],
  because: 'without VHE, HCR_EL2.TGE and the traps decide what the host itself may reach, so its registers are saved before',
  run: ({ code, mode, vcpu, host, features }) => {
    code.restore('HCR_EL2', vcpu.state, 'hcr');
    if (features.ras && (vcpu.state.get('hcr') & HCR_EL2.mask('VSE')) !== 0n) code.restore('VSESR_EL2', vcpu.state, 'vsesr');
    code.write('HSTR_EL2', HSTR_T15);
    if (features.pmu) {
      code.write('PMSELR_EL0', 0n);
      code.write('PMUSERENR_EL0', PMUSERENR_ALL);
    }
    code.restore('MDCR_EL2', vcpu.state, 'mdcr');
    if (mode === 'nvhe') {
      code.write(code.hyp.CPTR, CPTR_GUEST);
      return;
    }
    // With E2H the register has the layout of CPACR_EL1, and is reached by that name.
    const open = code.read(code.hyp.CPTR);
    code.write(code.hyp.CPTR, (open | CPACR_EL1.mask('TTA')) & ~(CPACR_EL1.mask('FPEN') | CPACR_EL1.mask('ZEN')));
    code.write(code.hyp.VBAR, host.constants.hypVectors);
  },
};

export const trapsOffStep: Step = {
  id: 'traps-off', phase: 'deactivate-traps', el: 2, kind: 'trap-control', after: ['guest-sysregs-save', 'vgic-off', 'fp-live'],
  because: 'the host runs with its own controls; whether FP was used is read from them first, and the interrupt override is taken out of HCR_EL2 before it is replaced',
  run: trapsOff,
};

export const maskExceptions: Step = {
  id: 'mask-exceptions', phase: 'save-host', el: 2, kind: 'mask', modes: ['vhe'],
  when: ({ faithful }) => !faithful.has('unmasked-switch'),
  because: 'an exception in the middle of the switch would find half of either world; without VHE the HVC has masked everything, here nothing has',
  run: ({ code }) => { code.daif('set', 0xf); },
};

export const unmaskExceptions: Step = {
  id: 'unmask-exceptions', phase: 'restore-host', el: 2, kind: 'mask', modes: ['vhe'], after: ['host-sysregs-restore', 'debug-to-host'],
  because: 'debug exceptions and SErrors are the host\'s again once everything of its is back, masked since the guest\'s exception at the latest; interrupts it unmasks itself',
  run: ({ code }) => { code.daif('clear', 0xc); },
};
