/** The array of system registers, moved whole: 22 of either world. */
import { SYSREGS_2015 } from '../registers.ts';
import { restore, save } from '../sysreg.ts';
import type { Step, SwitchContext } from '../../step.ts';

export function restoreHostArray(c: SwitchContext): void {
  restore(c, c.host.context, SYSREGS_2015);
}

export const hostArraySave: Step = {
  id: 'host-array-save', phase: 'save-host', el: 2, kind: 'context',
  because: 'a host at EL1 has its world in the registers that the guest is about to get',
  run: (c) => { save(c, c.host.context, SYSREGS_2015); },
};

export const guestArrayRestore: Step = {
  id: 'guest-array-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['host-array-save', 'stage2-on'],
  because: 'with stage 2 on, so that no walk by the guest\'s tables can go where only the host may',
  run: (c) => { restore(c, c.vcpu.context, SYSREGS_2015); },
};

export const guestArraySave: Step = {
  id: 'guest-array-save', phase: 'save-guest', el: 2, kind: 'context',
  because: 'before anything of the host overwrites it',
  run: (c) => { save(c, c.vcpu.context, SYSREGS_2015); },
};

export const hostArrayRestore: Step = {
  id: 'host-array-restore', phase: 'restore-host', el: 2, kind: 'context', after: ['guest-array-save', 'stage2-off'],
  because: 'the host\'s translation must not be walked under the guest\'s stage 2',
  run: restoreHostArray,
};
