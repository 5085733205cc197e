/** The guest's stage 2 translation. */
import type { Step } from '../step.ts';

export const stage2On: Step = {
  id: 'stage2-on', phase: 'activate-traps', el: 2, kind: 'stage2', after: ['traps-on'],
  because: 'HCR_EL2.VM is set already, but no translation of EL1 happens at EL2; the tables must be there before the guest\'s TTBRs are',
  run: ({ code, vcpu }) => { code.restore('VTTBR_EL2', vcpu.state, 'vttbr'); },
};

export const stage2Off: Step = {
  id: 'stage2-off', phase: 'deactivate-traps', el: 2, kind: 'stage2', after: ['traps-off'],
  because: 'VTTBR_EL2 = 0 tells the vectors that an HVC is the host\'s, and keeps a host at EL1 from running under the guest\'s tables',
  run: ({ code }) => { code.write('VTTBR_EL2', 0n); },
};
