/** What a 32-bit guest has at EL1 beside the rest: banked status registers and registers that AArch64 knows by EL2 names only. */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import { as } from '../debug.ts';
import { AARCH32_BANKED } from '../registers.ts';
import { restore, save } from '../sysreg.ts';
import { DEBUG_DIRTY } from '../../../guest/vcpu-memory.ts';
import type { Step, SwitchContext } from '../../step.ts';

/** Asked of the register, not of memory: it holds what the guest runs with. */
const wide = (c: SwitchContext): boolean => as(c, 'trap-control', () => (c.code.read('HCR_EL2') & HCR_EL2.mask('RW')) !== 0n);
const dirty = ({ code, vcpu }: SwitchContext): boolean => (code.load(vcpu.state, 'debug-flags') & DEBUG_DIRTY) !== 0n;

/** ThumbEE has two registers more, on processors that have it; Armv8 does not (ID_PFR0_EL1.State3 is 0, DDI 0487). */
export const aarch32Restore: Step = {
  id: 'aarch32-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['traps-activate', 'debug-compute'],
  because: 'HCR_EL2 says by now how wide the guest is; on a Cortex-A57 (erratum 852523) these writes may be lost unless they come before the other system registers',
  run: (c) => {
    if (wide(c)) return;
    restore(c, c.vcpu.context, AARCH32_BANKED);
    if (dirty(c)) as(c, 'debug', () => { c.code.restore('DBGVCR32_EL2', c.vcpu.context, 'DBGVCR32_EL2'); });
  },
};

export const aarch32Save: Step = {
  id: 'aarch32-save', phase: 'save-guest', el: 2, kind: 'context',
  because: 'while HCR_EL2 still is the guest\'s, and the flag word still says whether the debug registers are',
  run: (c) => {
    if (wide(c)) return;
    save(c, c.vcpu.context, AARCH32_BANKED);
    if (dirty(c)) as(c, 'debug', () => { c.code.save('DBGVCR32_EL2', c.vcpu.context, 'DBGVCR32_EL2'); });
  },
};
