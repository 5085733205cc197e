/**
 * Debug registers in sets of their own, and a pointer that says which of them the guest gets: its own, or that of a debugger in the VMM.
 * Sets have room for 16 of a kind; what is moved is what the processor has. MDCCINT_EL1 stays among the system registers.
 */
import { guestSet, restoreSet, saveSet } from '../debug.ts';
import { clearFlags, dirty, guestDebugRestore, guestDebugSave, hostDebugRestore, hostDebugSave } from './debug-array.ts';
import type { Step } from '../../step.ts';

export const hostSetSave: Step = {
  ...hostDebugSave, id: 'host-set-save',
  because: 'only if the guest is to have the registers; the vCPU keeps the host\'s for the length of the run, next to the set that replaces them',
  run: (c) => { if (dirty(c)) saveSet(c, c.vcpu.hostDebugState, c.host.context); },
};

export const guestSetRestore: Step = {
  ...guestDebugRestore, id: 'guest-set-restore', after: ['host-set-save'],
  because: 'from where debug-ptr points. That is a pointer of the host\'s kernel, which EL2 must convert before it can follow it',
  run: (c) => { if (dirty(c)) restoreSet(c, guestSet(c), c.vcpu.context); },
};

export const guestSetSave: Step = {
  ...guestDebugSave, id: 'guest-set-save', after: ['guest-set-restore'],
  because: 'back to where they came from: the pointer is put back to the guest\'s own set only after the run',
  run: (c) => { if (dirty(c)) saveSet(c, guestSet(c), c.vcpu.context); },
};

export const hostSetRestore: Step = {
  ...hostDebugRestore, id: 'host-set-restore', after: ['guest-set-save', 'aarch32-save'],
  run: (c) => {
    if (!dirty(c)) return;
    clearFlags(c);
    restoreSet(c, c.vcpu.hostDebugState, c.host.context);
  },
};
