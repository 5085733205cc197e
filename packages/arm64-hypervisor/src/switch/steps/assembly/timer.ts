/**
 * The virtual timer, in hardware from entry to exit only: between two runs it is off, and the host's own timer stands in for it. Whether the
 * VM has a timer at all is a word of the VM's, KVM_TIMER_ENABLED.
 */
import { CNTHCTL_EL2, CNTV_CTL_EL0 } from '@worldswitch/arm64-sysreg';
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { FaultName } from '../../faults.ts';
import type { Step, SwitchContext } from '../../step.ts';

const ENABLE = CNTV_CTL_EL0.mask('ENABLE');
/** ISTATUS is computed. */
const CTL_KEPT = ENABLE | CNTV_CTL_EL0.mask('IMASK');

/** Bits by which EL1 reaches the physical counter and the physical timer, where CNTHCTL_EL2 has them in a mode. */
function permissions(mode: AccessorMode, faithful: ReadonlySet<FaultName>): { readonly counter: bigint; readonly timer: bigint } {
  const { e2h0, e2h1 } = CNTHCTL_EL2;
  return mode === 'vhe' && !faithful.has('timer-bits')
    ? { counter: e2h1.mask('EL1PCTEN'), timer: e2h1.mask('EL1PTEN') }
    : { counter: e2h0.mask('EL1PCTEN'), timer: e2h0.mask('EL1PCEN') };
}

/** CNTHCTL_EL2 while the host runs: EL1 may use both. */
export function hostTimerControl(mode: AccessorMode, faithful: ReadonlySet<FaultName>): bigint {
  const { counter, timer } = permissions(mode, faithful);
  return counter | timer;
}

const enabled = ({ code, vcpu }: SwitchContext): boolean => code.load(vcpu.state, 'timer-enabled') !== 0n;

export const timerRestore: Step = {
  id: 'timer-restore', phase: 'activate-traps', el: 2, kind: 'timer',
  because: 'the compare value is in the guest\'s time, so the offset comes first; enabled behind a barrier, when the value is its own, so that it cannot fire on another\'s',
  run: (c) => {
    const { code, mode, faithful, vcpu } = c;
    const { counter, timer } = permissions(mode, faithful);
    code.write('CNTHCTL_EL2', (code.read('CNTHCTL_EL2') | counter) & ~timer);
    if (!enabled(c)) return;
    code.restore('CNTVOFF_EL2', vcpu.state, 'cntvoff');
    code.restore(code.el0.CNTV_CVAL, vcpu.state, 'cntv-cval');
    code.isb();
    code.write(code.el0.CNTV_CTL, code.load(vcpu.state, 'cntv-ctl') & CTL_KEPT);
  },
};

export const timerSave: Step = {
  id: 'timer-save', phase: 'deactivate-traps', el: 2, kind: 'timer', after: ['timer-restore'],
  because: 'disabled before the compare value is read, and before the offset that it is relative to goes; a host at EL1 counts without one',
  run: (c) => {
    const { code, mode, faithful, vcpu } = c;
    if (enabled(c)) {
      const control = code.read(code.el0.CNTV_CTL, 'guest') & CTL_KEPT;
      code.store(vcpu.state, 'cntv-ctl', control);
      code.write(code.el0.CNTV_CTL, control & ~ENABLE);
      code.isb();
      code.save(code.el0.CNTV_CVAL, vcpu.state, 'cntv-cval');
    }
    const { counter, timer } = permissions(mode, faithful);
    code.write('CNTHCTL_EL2', code.read('CNTHCTL_EL2') | counter | timer);
    if (mode === 'nvhe') code.write('CNTVOFF_EL2', 0n);
  },
};
