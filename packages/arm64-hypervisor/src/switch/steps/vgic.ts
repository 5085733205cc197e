/**
 * Interrupts of the guest. There is no virtual interrupt controller in hardware here: the VMM's two lines go to HCR_EL2.VI and VF, and
 * physical interrupts come to EL2.
 */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { Step } from '../step.ts';

const OVERRIDE = HCR_EL2.mask('IMO') | HCR_EL2.mask('FMO');

export const vgicOn: Step = {
  id: 'vgic-on', phase: 'activate-traps', el: 2, kind: 'vgic', after: ['traps-on'],
  because: 'adds to the HCR_EL2 that the traps have just written: physical interrupts to EL2, virtual ones as the VMM\'s lines say',
  run: ({ code, vcpu }) => {
    const lines = code.load(vcpu.state, 'irq-lines');
    code.write('HCR_EL2', code.read('HCR_EL2') | OVERRIDE | lines);
  },
};

export const vgicOff: Step = {
  id: 'vgic-off', phase: 'deactivate-traps', el: 2, kind: 'vgic',
  because: 'the host\'s interrupts are its own again; with VHE and TGE the override would make no difference, without VHE it would take them to EL2',
  run: ({ code }) => { code.write('HCR_EL2', code.read('HCR_EL2') & ~OVERRIDE); },
};
