/** System registers of the two contexts: saved whole for the guest and for a host at EL1, 8 of them for a host at EL2. */
import type { Block } from '../../context/block.ts';
import { DEFERRED_SERROR, FULL_CONTEXT, VHE_HOST_CONTEXT, named } from './registers.ts';
import type { Moved } from './registers.ts';
import type { Step, SwitchContext } from '../step.ts';

export function save({ code }: SwitchContext, block: Block, registers: readonly Moved[]): void {
  for (const moved of registers) code.save(named(code, moved), block, moved.slot);
}

export function restore({ code }: SwitchContext, block: Block, registers: readonly Moved[]): void {
  for (const moved of registers) code.restore(named(code, moved), block, moved.slot);
}

const FULL_WITH_RAS: readonly Moved[] = [...FULL_CONTEXT, ...DEFERRED_SERROR];
const guestRegisters = ({ features }: SwitchContext): readonly Moved[] => (features.ras ? FULL_WITH_RAS : FULL_CONTEXT);
const hostRegisters = (c: SwitchContext): readonly Moved[] => (c.mode === 'vhe' ? VHE_HOST_CONTEXT : guestRegisters(c));

export function restoreHostSysregs(c: SwitchContext): void {
  restore(c, c.host.context, hostRegisters(c));
}

/** Makes the vCPU known to the vectors. */
export const setRunningVcpu: Step = {
  id: 'running-vcpu', phase: 'save-host', el: 2, kind: 'vector',
  because: 'the vectors find the vCPU through the host context that TPIDR_EL2 points to; it must be there before the first exception of the guest',
  run: ({ code, host, vcpu }) => { code.store(host.context, 'running-vcpu', vcpu.address); },
};

export const saveHostSysregs: Step = {
  id: 'host-sysregs-save', phase: 'save-host', el: 2, kind: 'context',
  because: 'the guest is given the same registers; ELR and SPSR hold where the host goes on, and the guest\'s entry needs them',
  run: (c) => { save(c, c.host.context, hostRegisters(c)); },
};

export const restoreGuestSysregs: Step = {
  id: 'guest-sysregs-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['host-sysregs-save', 'stage2-on'],
  because: 'overwrites what the host had, so the host is saved first; the guest\'s TTBRs go in when stage 2 already is the guest\'s, so that no walk mixes the two',
  run: (c) => { restore(c, c.vcpu.context, guestRegisters(c)); },
};

export const saveGuestSysregs: Step = {
  id: 'guest-sysregs-save', phase: 'save-guest', el: 2, kind: 'context', after: ['guest-exit'],
  because: 'before anything of the host overwrites them; with VHE the EL12 names need E2H, which never changes, so traps may still be the guest\'s',
  run: (c) => { save(c, c.vcpu.context, guestRegisters(c)); },
};

export const restoreHostSysregsStep: Step = {
  id: 'host-sysregs-restore', phase: 'restore-host', el: 2, kind: 'context', after: ['guest-sysregs-save', 'stage2-off', 'traps-off'],
  because: 'the host\'s translation comes back only when no guest stage 2 is under it',
  run: restoreHostSysregs,
};
