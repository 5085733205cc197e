/**
 * Timers. The virtual timer belongs to the guest from load to put: its line comes to the host as an interrupt, which masks it at its
 * controller and tells the VMM. The physical timer and, to the guest, its registers are the host's: accesses trap and are emulated.
 */
import { CNTHCTL_EL2, CNTV_CTL_EL0 } from '@worldswitch/arm64-sysreg';
import type { Step, SwitchContext } from '../step.ts';

const EL1PCTEN = CNTHCTL_EL2.e2h0.mask('EL1PCTEN');
const EL1PCEN = CNTHCTL_EL2.e2h0.mask('EL1PCEN');
/** ENABLE and IMASK; ISTATUS is computed. */
const CTL_KEPT = CNTV_CTL_EL0.mask('ENABLE') | CNTV_CTL_EL0.mask('IMASK');

/** The VM has a virtual timer: KVM_TIMER_ENABLED. */
const enabled = ({ vcpu }: SwitchContext): boolean => vcpu.state.get('timer-enabled') !== 0n;

export function timerTrapsOff({ code, mode }: SwitchContext): void {
  if (mode === 'nvhe') code.write(code.hyp.CNTHCTL, code.read(code.hyp.CNTHCTL) | EL1PCEN | EL1PCTEN);
}

export const timerTrapsOn: Step = {
  id: 'timer-traps-on', phase: 'activate-traps', el: 2, kind: 'timer', modes: ['nvhe'],
  because: 'the host at EL1 uses the physical timer itself, so the trap is set for the guest only; with VHE the bits do not act on the host and are set once, at boot',
  run: ({ code, vcpu }) => {
    // A guest whose physical count is not the host's reads it by a trap.
    const counter = vcpu.state.get('cntpoff') === 0n ? EL1PCTEN : 0n;
    code.write(code.hyp.CNTHCTL, (code.read(code.hyp.CNTHCTL) & ~(EL1PCEN | EL1PCTEN)) | counter);
  },
};

export const timerTrapsOffStep: Step = {
  id: 'timer-traps-off', phase: 'deactivate-traps', el: 2, kind: 'timer', modes: ['nvhe'],
  because: 'gives the host at EL1 its timer back', run: timerTrapsOff,
};

export const vtimerOffsetOn: Step = {
  id: 'vtimer-offset-on', phase: 'load', el: 2, kind: 'timer', when: enabled,
  because: 'the compare value that is loaded next is in the guest\'s time; with another offset it could fire at once. The register is EL2\'s own: without VHE, a call',
  run: ({ code, vcpu }) => { code.restore('CNTVOFF_EL2', vcpu.state, 'cntvoff'); },
};

export const vtimerLoad: Step = {
  id: 'vtimer-load', phase: 'load', el: 1, kind: 'timer', when: enabled, after: ['vtimer-offset-on'],
  because: 'the guest\'s timer runs while the vCPU is loaded, also while the host runs; enabled last, when the compare value is its own',
  run: ({ code, vcpu }) => {
    code.restore(code.el0.CNTV_CVAL, vcpu.state, 'cntv-cval');
    code.isb();
    code.restore(code.el0.CNTV_CTL, vcpu.state, 'cntv-ctl');
  },
};

export const vtimerPut: Step = {
  id: 'vtimer-put', phase: 'put', el: 1, kind: 'timer', when: enabled,
  because: 'no guest, no timer: disabled before the compare value is read, so that nothing fires in between',
  run: ({ code, vcpu }) => {
    code.store(vcpu.state, 'cntv-ctl', code.read(code.el0.CNTV_CTL, 'guest') & CTL_KEPT);
    code.write(code.el0.CNTV_CTL, 0n);
    code.isb();
    code.save(code.el0.CNTV_CVAL, vcpu.state, 'cntv-cval');
  },
};

export const vtimerOffsetOff: Step = {
  id: 'vtimer-offset-off', phase: 'put', el: 2, kind: 'timer', when: enabled, modes: ['nvhe'], after: ['vtimer-put'],
  because: 'a host at EL1 reads its virtual counter with the offset applied; at EL2 with E2H it is not',
  run: ({ code }) => { code.write('CNTVOFF_EL2', 0n); },
};
