/** Traps since 2018: those that do not concern a host at EL2 wait from load to put with VHE; HCR_EL2 has its interrupt routing from the start. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { CPACR_EL1, CPTR_EL2, HCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { Step, SwitchContext } from '../step.ts';
import { FP_OWNER } from './fp-owner.ts';
import { CPTR_RES1, HSTR_T15, PMUSERENR_ALL } from './traps.ts';

const NVHE: readonly AccessorMode[] = ['nvhe'];
const VHE: readonly AccessorMode[] = ['vhe'];

const VSE = HCR_EL2.mask('VSE');
/** Physical interrupts to EL2; virtual ones as the VMM's lines say, or the list registers. */
const ROUTED = HCR_EL2.mask('IMO') | HCR_EL2.mask('FMO');
const FPEN = CPACR_EL1.mask('FPEN');
const ZEN = CPACR_EL1.mask('ZEN');
const TTA = CPACR_EL1.mask('TTA');
const GUEST_CPTR = CPTR_RES1 | CPTR_EL2.e2h0.mask('TTA');
const NO_FP = CPTR_EL2.e2h0.mask('TFP') | CPTR_EL2.e2h0.mask('TZ');

function commonOn({ code, vcpu, features }: SwitchContext): void {
  code.write('HSTR_EL2', HSTR_T15);
  if (features.pmu) {
    code.write('PMSELR_EL0', 0n);
    code.save('PMUSERENR_EL0', vcpu.state, 'host-pmuserenr', 'host');
    code.write('PMUSERENR_EL0', PMUSERENR_ALL);
  }
  code.save('MDCR_EL2', vcpu.state, 'host-mdcr', 'host');
  code.restore('MDCR_EL2', vcpu.state, 'mdcr');
}

function commonOff({ code, vcpu, features }: SwitchContext): void {
  code.restore('MDCR_EL2', vcpu.state, 'host-mdcr', 'host');
  code.write('HSTR_EL2', 0n);
  if (features.pmu) code.restore('PMUSERENR_EL0', vcpu.state, 'host-pmuserenr', 'host');
}

function hcrOn({ code, vcpu, features }: SwitchContext): void {
  const hcr = code.load(vcpu.state, 'hcr');
  code.write('HCR_EL2', hcr | ROUTED | code.load(vcpu.state, 'irq-lines'));
  if (features.ras && (hcr & VSE) !== 0n) code.restore('VSESR_EL2', vcpu.state, 'vsesr');
}

/** A virtual SError that was delivered is no longer pending: the processor cleared VSE, and the copy must follow. */
function keepVirtualSerror({ code, vcpu }: SwitchContext): void {
  const kept = vcpu.state.get('hcr');
  if ((kept & VSE) !== 0n) code.store(vcpu.state, 'hcr', (kept & ~VSE) | (code.read('HCR_EL2') & VSE));
}

const guestHasFp = ({ code, vcpu }: SwitchContext): boolean => code.load(vcpu.state, 'fp-owner') === FP_OWNER.guest;

export const trapsOnLate: Readonly<Record<AccessorMode, Step>> = {
  nvhe: {
    id: 'traps-on', phase: 'activate-traps', el: 2, kind: 'trap-control', modes: NVHE, after: ['stage2-on'],
    because: 'HCR_EL2.VM turns the guest\'s stage 2 on, so its tables and everything of its EL1 must be there; CPTR_EL2 traps floating point until the guest has it',
    run: (c) => {
      const { code, host } = c;
      hcrOn(c);
      commonOn(c);
      code.write(code.hyp.CPTR, guestHasFp(c) ? GUEST_CPTR : GUEST_CPTR | NO_FP);
      code.write('VBAR_EL2', host.constants.hypVectors);
    },
  },
  vhe: {
    id: 'traps-on', phase: 'activate-traps', el: 2, kind: 'trap-control', modes: VHE, after: ['mask-exceptions', 'stage2-on'],
    because: 'clearing TGE is what makes EL1 the guest\'s: last of all, after stage 2 (erratum 1165522); the vectors belong to the guest for the run only',
    run: (c) => {
      const { code, host } = c;
      hcrOn(c);
      const open = (code.read(code.hyp.CPTR) | TTA) & ~ZEN;
      code.write(code.hyp.CPTR, guestHasFp(c) ? open | FPEN : open & ~FPEN);
      code.write(code.hyp.VBAR, host.constants.hypVectors);
    },
  },
};

/** The traps of a run off, as on the way back and in a panic. */
export function trapsOffLateRun(c: SwitchContext): void {
  const { code, mode, host } = c;
  keepVirtualSerror(c);
  if (mode === 'nvhe') commonOff(c);
  code.write('HCR_EL2', host.constants.hcr);
  code.write(code.hyp.CPTR, host.constants.cptr);
  if (mode === 'vhe') code.write(code.hyp.VBAR, host.constants.hostVectors);
  else code.write('VBAR_EL2', host.constants.callVectors);
}

export const trapsOffLate: Readonly<Record<AccessorMode, Step>> = {
  nvhe: {
    id: 'traps-off', phase: 'deactivate-traps', el: 2, kind: 'trap-control', modes: NVHE,
    because: 'the host runs with its own controls, and what it had in MDCR_EL2 and PMUSERENR_EL0 is what it gets; its next call comes by its own vectors', run: trapsOffLateRun,
  },
  vhe: {
    id: 'traps-off', phase: 'deactivate-traps', el: 2, kind: 'trap-control', modes: VHE,
    because: 'with TGE set again EL1 means nothing to the host; the vectors are its kernel\'s before anything is unmasked', run: trapsOffLateRun,
  },
};

export const trapsCommonOn: Step = {
  id: 'traps-common-on', phase: 'load', el: 2, kind: 'trap-control', modes: VHE,
  because: 'these act below EL2 only, where nothing of a VHE host runs while a vCPU is loaded: once for any number of runs',
  run: commonOn,
};

export const trapsCommonOff: Step = {
  id: 'traps-common-off', phase: 'put', el: 2, kind: 'trap-control', modes: VHE,
  because: 'the host\'s own processes may use counters again, with the permissions they had',
  run: commonOff,
};
