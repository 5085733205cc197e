/**
 * The assembly for both modes: the same steps, with the accessors of the mode, and on VHE without what a host at EL2 does not lose. Frames
 * and arrays have what the worlds share apart from what only EL1 has.
 */
import { CPACR_EL1, CPTR_EL2 } from '@worldswitch/arm64-sysreg';
import { keepCounters } from './traps.ts';
import { FRAME_EL1, FRAME_RETURN, FRAME_STACK, SHARED_ALTERNATIVES, SHARED_MDSCR, SYSREGS_ALTERNATIVES } from '../registers.ts';
import { restore, save } from '../sysreg.ts';
import type { Moved } from '../registers.ts';
import type { Step, SwitchContext } from '../../step.ts';

const HSTR_T15 = 1n << 15n;
const TTA = { nvhe: CPTR_EL2.e2h0.mask('TTA'), vhe: CPACR_EL1.mask('TTA') } as const;

// Frames

export const hostStackSave: Step = {
  id: 'host-stack-save', phase: 'save-host', el: 2, kind: 'context',
  because: 'SP_EL0 is one register for all levels: a kernel has its current task in it, at EL2 as at EL1',
  run: (c) => { save(c, c.host.context, FRAME_STACK); },
};

export const hostEl1Save: Step = {
  id: 'host-el1-save', phase: 'save-host', el: 2, kind: 'context', modes: ['nvhe'],
  because: 'where a host at EL1 goes on, and its EL1; one at EL2 has called a function and comes back from it',
  run: (c) => { save(c, c.host.context, [...FRAME_RETURN, ...FRAME_EL1]); },
};

export const guestEl1Restore: Step = {
  id: 'guest-el1-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['host-el1-save'],
  because: 'ELR and SPSR twice: of the level below by EL12 names with VHE, of this level by EL1 names, which E2H turns round',
  run: (c) => { restore(c, c.vcpu.context, [...FRAME_RETURN, ...FRAME_EL1]); },
};

export const guestStackRestore: Step = {
  id: 'guest-stack-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['mask-exceptions', 'host-stack-save'],
  because: 'what both worlds have comes in its own half of the frame',
  run: (c) => { restore(c, c.vcpu.context, FRAME_STACK); },
};

export const guestStackSave: Step = {
  id: 'guest-stack-save', phase: 'save-guest', el: 2, kind: 'context', after: ['guest-stack-restore'],
  because: 'before the host\'s comes into it',
  run: (c) => { save(c, c.vcpu.context, FRAME_STACK); },
};

export const guestEl1Save: Step = {
  id: 'guest-el1-save', phase: 'save-guest', el: 2, kind: 'context', after: ['guest-el1-restore'],
  because: 'where the guest stopped is in this level\'s ELR and SPSR, which the next exception overwrites',
  run: (c) => { save(c, c.vcpu.context, [...FRAME_RETURN, ...FRAME_EL1]); },
};

export const hostEl1Restore: Step = {
  id: 'host-el1-restore', phase: 'restore-host', el: 2, kind: 'context', modes: ['nvhe'], after: ['guest-el1-save'],
  because: 'the ERET to a host at EL1 takes its return state from here',
  run: (c) => { restore(c, c.host.context, [...FRAME_RETURN, ...FRAME_EL1]); },
};

export const hostStackRestore: Step = {
  id: 'host-stack-restore', phase: 'restore-host', el: 2, kind: 'context', after: ['guest-stack-save'],
  because: 'the kernel asks for its current task as soon as it goes on',
  run: (c) => { restore(c, c.host.context, FRAME_STACK); },
};

// The array

/** What a host at EL2 shares with its guests. */
const shared = ({ faithful }: SwitchContext): readonly Moved[] => (faithful.has('unshared-mdscr') ? SHARED_ALTERNATIVES : [...SHARED_MDSCR, ...SHARED_ALTERNATIVES]);

export function restoreHostByMode(c: SwitchContext): void {
  restore(c, c.host.context, c.mode === 'vhe' ? shared(c) : SYSREGS_ALTERNATIVES);
}

export const hostAllSave: Step = {
  id: 'host-all-save', phase: 'save-host', el: 2, kind: 'context', modes: ['nvhe'],
  because: 'a host at EL1 has its world in the registers that the guest is about to get',
  run: (c) => { save(c, c.host.context, SYSREGS_ALTERNATIVES); },
};

export const hostSharedSave: Step = {
  id: 'host-shared-save', phase: 'save-host', el: 2, kind: 'context', modes: ['vhe'],
  because: 'of the 22 a host at EL2 loses only those that E2H does not redirect and that it uses: thread pointers, ACTLR_EL1, and the debug controls',
  run: (c) => { save(c, c.host.context, shared(c)); },
};

export const guestAllRestore: Step = {
  id: 'guest-all-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['mask-exceptions', 'stage2-on'],
  because: 'in either mode the guest has all of EL1, with VHE by EL12 names',
  run: (c) => { restore(c, c.vcpu.context, SYSREGS_ALTERNATIVES); },
};

export const guestAllSave: Step = {
  id: 'guest-all-save', phase: 'save-guest', el: 2, kind: 'context', after: ['guest-all-restore'],
  because: 'before anything of the host overwrites it',
  run: (c) => { save(c, c.vcpu.context, SYSREGS_ALTERNATIVES); },
};

export const hostAllRestore: Step = {
  id: 'host-all-restore', phase: 'restore-host', el: 2, kind: 'context', modes: ['nvhe'], after: ['guest-all-save', 'stage2-off'],
  because: 'the host\'s translation must not be walked under the guest\'s stage 2',
  run: restoreHostByMode,
};

export const hostSharedRestore: Step = {
  id: 'host-shared-restore', phase: 'restore-host', el: 2, kind: 'context', modes: ['vhe'], after: ['guest-all-save'],
  because: 'the kernel goes on with its thread pointers; with the guest\'s MDSCR_EL1 it would go on with the guest\'s debug events',
  run: restoreHostByMode,
};

// Traps

export const trapsByMode: Step = {
  id: 'traps-by-mode', phase: 'activate-traps', el: 2, kind: 'trap-control', after: ['mask-exceptions'],
  because: 'with VHE the trap of trace is in the format of CPACR_EL1, by which name it is reached, and the vectors are the hypervisor\'s for the run alone',
  run: ({ code, mode, vcpu, host }) => {
    code.restore('HCR_EL2', vcpu.state, 'hcr');
    if (mode === 'vhe') {
      code.write(code.hyp.VBAR, host.constants.hypVectors);
      code.write(code.hyp.CPTR, code.read(code.hyp.CPTR) | TTA.vhe);
    } else code.write(code.hyp.CPTR, TTA.nvhe);
    code.write('HSTR_EL2', HSTR_T15);
    code.restore('MDCR_EL2', vcpu.state, 'mdcr');
  },
};

export function trapsOffByMode(c: SwitchContext): void {
  const { code, mode, host } = c;
  code.write('HCR_EL2', host.constants.hcr);
  code.write(code.hyp.CPTR, mode === 'vhe' ? code.read(code.hyp.CPTR) & ~TTA.vhe : 0n);
  code.write('HSTR_EL2', 0n);
  keepCounters(c);
  if (mode === 'vhe') code.write(code.hyp.VBAR, host.constants.hostVectors);
}

export const trapsOffByModeStep: Step = {
  id: 'traps-off-by-mode', phase: 'deactivate-traps', el: 2, kind: 'trap-control', after: ['aarch32-save'],
  because: 'a host at EL2 has TGE set while it runs, so that its user programs are its own, and its own vectors back',
  run: trapsOffByMode,
};
