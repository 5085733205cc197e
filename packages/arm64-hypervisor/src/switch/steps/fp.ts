/** Floating point, lazily: the guest's registers come when it first uses them. */
import { CPACR_EL1, CPTR_EL2, EC, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import type { Block } from '../../context/block.ts';
import type { HostedCode } from '../code.ts';
import type { Step, SwitchContext } from '../step.ts';

const FPEN = CPACR_EL1.mask('FPEN');
const TFP = CPTR_EL2.e2h0.mask('TFP');

export function saveFp(code: HostedCode, block: Block): void {
  for (let n = 0; n < 32; n++) code.saveVector(n, block);
  code.save('FPSR', block, 'FPSR');
  code.save('FPCR', block, 'FPCR');
}

export function restoreFp(code: HostedCode, block: Block): void {
  for (let n = 0; n < 32; n++) code.restoreVector(n, block);
  code.restore('FPSR', block, 'FPSR');
  code.restore('FPCR', block, 'FPCR');
}

/** Opens floating point for both worlds: at EL2 too, where the trap acts as well. */
function open({ code, mode }: SwitchContext): void {
  const control = code.read(code.hyp.CPTR);
  code.write(code.hyp.CPTR, mode === 'vhe' ? control | FPEN : control & ~TFP);
  code.isb();
}

export const fpLazy: Step = {
  id: 'fp-lazy', phase: 'exit', el: 2, kind: 'fp', after: ['vector'],
  because: 'most rounds never touch V registers; the first use traps, the registers are exchanged in the vector, and the guest repeats its instruction',
  when: ({ scratch }) => scratch.exit?.code === 'sync' && decodeSyndrome(scratch.exit.esr).ec === EC.FP_ASIMD,
  run: (c) => {
    open(c);
    saveFp(c.code, c.host.context);
    restoreFp(c.code, c.vcpu.context);
    c.scratch.handled = 'vector';
    c.code.depart('eret');
  },
};

export const fpLive: Step = {
  id: 'fp-live', phase: 'save-guest', el: 2, kind: 'fp', after: ['guest-exit'],
  because: 'the trap control still says whether the guest used floating point; it is gone once the host\'s is back',
  run: ({ code, mode, scratch }) => {
    const control = code.read(code.hyp.CPTR);
    scratch.fpLive = mode === 'vhe' ? (control & FPEN) !== 0n : (control & TFP) === 0n;
  },
};

export const fpToHost: Step = {
  id: 'fp-to-host', phase: 'restore-host', el: 2, kind: 'fp', after: ['fp-live', 'traps-off'], when: ({ scratch }) => scratch.fpLive,
  because: 'V registers of both worlds are exchanged back, with the trap open as the host has it',
  run: ({ code, vcpu, host }) => {
    saveFp(code, vcpu.context);
    restoreFp(code, host.context);
  },
};
