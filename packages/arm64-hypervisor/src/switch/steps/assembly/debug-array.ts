/** Debug registers in the array of system registers: the host's in the host's, the guest's in the guest's. */
import { MDSCR_EL1 } from '@worldswitch/arm64-sysreg';
import { bankSizes } from '../debug.ts';
import { debugRegister } from '../registers.ts';
import { DEBUG_DIRTY } from '../../../guest/vcpu-memory.ts';
import type { Block } from '../../../context/block.ts';
import type { Step, SwitchContext } from '../../step.ts';

/** Whether the guest has debug events enabled: then its debug registers must be in hardware. */
const IN_USE = MDSCR_EL1.mask('KDE') | MDSCR_EL1.mask('MDE');

function save(c: SwitchContext, block: Block): void {
  for (const [bank, count] of bankSizes(c)) {
    for (let n = 0; n < count; n++) c.code.save(debugRegister(bank, n), block, debugRegister(bank, n));
  }
  c.code.save('MDCCINT_EL1', block, 'MDCCINT_EL1');
}

function restore(c: SwitchContext, block: Block): void {
  for (const [bank, count] of bankSizes(c)) {
    for (let n = 0; n < count; n++) c.code.restore(debugRegister(bank, n), block, debugRegister(bank, n));
  }
  c.code.restore('MDCCINT_EL1', block, 'MDCCINT_EL1');
}

/** The flag word says whether anything is to be done; asked anew on each occasion. */
export const dirty = ({ code, vcpu }: SwitchContext): boolean => (code.load(vcpu.state, 'debug-flags') & DEBUG_DIRTY) !== 0n;

export const debugCompute: Step = {
  id: 'debug-compute', phase: 'save-host', el: 2, kind: 'debug',
  because: 'a guest that has debug events enabled needs its registers in hardware from its first instruction, not only after it has touched one',
  run: ({ code, vcpu }) => {
    // The whole word, in which there is no other flag yet; without a reason to set it, it is as an earlier trap has left it.
    if ((code.load(vcpu.context, 'MDSCR_EL1') & IN_USE) !== 0n) code.store(vcpu.state, 'debug-flags', DEBUG_DIRTY);
  },
};

export const hostDebugSave: Step = {
  id: 'host-debug-save', phase: 'save-host', el: 2, kind: 'debug', after: ['debug-compute'],
  because: 'only if the guest is to have the registers; while it is not, they stay the host\'s and the guest\'s accesses trap',
  run: (c) => { if (dirty(c)) save(c, c.host.context); },
};

export const guestDebugRestore: Step = {
  id: 'guest-debug-restore', phase: 'restore-guest', el: 2, kind: 'debug', after: ['host-debug-save'],
  because: 'late, so that as little as possible of the switch runs with them; from EL2 they could be hit only with KDE set and debug exceptions unmasked',
  run: (c) => { if (dirty(c)) restore(c, c.vcpu.context); },
};

export const guestDebugSave: Step = {
  id: 'guest-debug-save', phase: 'save-guest', el: 2, kind: 'debug', after: ['guest-debug-restore'],
  because: 'the guest could write them without a trap, so memory is behind',
  run: (c) => { if (dirty(c)) save(c, c.vcpu.context); },
};

/** Not the flag alone: there is no other in the word. */
export function clearFlags({ code, vcpu }: SwitchContext): void {
  code.store(vcpu.state, 'debug-flags', 0n);
}

export const hostDebugRestore: Step = {
  id: 'host-debug-restore', phase: 'restore-host', el: 2, kind: 'debug', after: ['guest-debug-save', 'aarch32-save'],
  because: 'last of the debug steps, for it clears the flag that the others ask for: the whole word, in which there is no other yet',
  run: (c) => {
    if (!dirty(c)) return;
    clearFlags(c);
    restore(c, c.host.context);
  },
};
