/**
 * Floating point from load to put: whose values the V registers hold is remembered between runs, so a guest that uses them traps once for
 * each time it is loaded. The host's are saved when they are in the way (Linux 6.1), or always before (6.14 on).
 */
import { CPACR_EL1, CPTR_EL2, EC, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { restoreFp, saveFp } from './fp.ts';
import type { Step, SwitchContext } from '../step.ts';

/** Values of `fp-owner`. `free`: the registers hold the host's, and they are in memory too. */
export const FP_OWNER = { host: 0n, guest: 1n, free: 2n } as const;

const FPEN = CPACR_EL1.mask('FPEN');
const TFP = CPTR_EL2.e2h0.mask('TFP');

const owner = ({ code, vcpu }: SwitchContext): bigint => code.load(vcpu.state, 'fp-owner');

/** EL2's own use traps as well, so the trap goes first. */
function open({ code, mode }: SwitchContext): void {
  const control = code.read(code.hyp.CPTR);
  code.write(code.hyp.CPTR, mode === 'vhe' ? control | FPEN : control & ~TFP);
  code.isb();
}

const firstUse: Omit<Step, 'run'> = {
  id: 'fp-first-use', phase: 'fixup', el: 2, kind: 'fp',
  because: 'most rounds never touch V registers; the first use traps, and the guest repeats its instruction without the host having seen anything of it',
  when: ({ scratch }) => scratch.exit?.code === 'sync' && scratch.exit.serror !== true && decodeSyndrome(scratch.exit.esr).ec === EC.FP_ASIMD,
};

function toGuest({ code, vcpu, scratch }: SwitchContext): void {
  restoreFp(code, vcpu.context);
  if ((vcpu.state.get('hcr') & RW) === 0n) code.restore('FPEXC32_EL2', vcpu.context, 'FPEXC32_EL2');
  code.store(vcpu.state, 'fp-owner', FP_OWNER.guest);
  scratch.handled = 'fixup';
}

/** The host's values are put away if they are in the way. */
export const fpFirstUse: Step = {
  ...firstUse,
  run: (c) => {
    open(c);
    if (owner(c) === FP_OWNER.host) saveFp(c.code, c.host.context);
    toGuest(c);
  },
};

/** They are in memory already, always (`fpHostSave`): nobody asks. */
export const fpFirstUseFree: Step = {
  ...firstUse,
  run: (c) => {
    open(c);
    toGuest(c);
  },
};

/** HCR_EL2.RW: the guest's EL1 is AArch64. */
const RW = 1n << 31n;

export const fpHostSave: Step = {
  id: 'fp-host-save', phase: 'load', el: 1, kind: 'fp',
  because: 'the host\'s kernel saves its task\'s registers by itself, always: what is in the processor may be overwritten without asking',
  run: ({ code, vcpu, host }) => {
    saveFp(code, host.context);
    code.store(vcpu.state, 'fp-owner', FP_OWNER.free);
  },
};

function guestToMemory(c: SwitchContext): boolean {
  const { code, vcpu, host } = c;
  if (owner(c) !== FP_OWNER.guest) return false;
  saveFp(code, vcpu.context);
  restoreFp(code, host.context);
  return true;
}

export const fpPut: Step = {
  id: 'fp-put', phase: 'put', el: 1, kind: 'fp',
  because: 'the next task or vCPU expects its own; a guest that never used them has left the host\'s where they are',
  run: (c) => { if (guestToMemory(c)) c.code.store(c.vcpu.state, 'fp-owner', FP_OWNER.host); },
};

/** Where every load says anew whose the registers are. */
export const fpPutFree: Step = { ...fpPut, run: guestToMemory };

export const fpBarrier: Step = {
  id: 'fp-barrier', phase: 'restore-host', el: 2, kind: 'fp', modes: ['vhe'], after: ['traps-off'],
  because: 'the trap of floating point acts on EL2 too: that it is open must be certain before anything there uses it',
  run: ({ code }) => { code.isb(); },
};
