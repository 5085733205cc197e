/** Floating point, eagerly: 32 vectors, FPSR and FPCR of either world with every round, used or not. */
import type { Block } from '../../../context/block.ts';
import type { HostedCode } from '../../code.ts';
import type { Step } from '../../step.ts';

function save(code: HostedCode, block: Block): void {
  for (let n = 0; n < 32; n++) code.saveVector(n, block);
  code.save('FPSR', block, 'FPSR');
  code.save('FPCR', block, 'FPCR');
}

function restore(code: HostedCode, block: Block): void {
  for (let n = 0; n < 32; n++) code.restoreVector(n, block);
  code.restore('FPSR', block, 'FPSR');
  code.restore('FPCR', block, 'FPCR');
}

export const hostFpSave: Step = {
  id: 'host-fp-save', phase: 'save-host', el: 2, kind: 'fp',
  because: 'nothing traps floating point, so the guest may overwrite it with its first instruction',
  run: ({ code, host }) => { save(code, host.context); },
};

export const guestFpRestore: Step = {
  id: 'guest-fp-restore', phase: 'restore-guest', el: 2, kind: 'fp', after: ['host-fp-save'],
  because: 'the guest finds its own, whether it looks or not',
  run: ({ code, vcpu }) => { restore(code, vcpu.context); },
};

export const guestFpSave: Step = {
  id: 'guest-fp-save', phase: 'save-guest', el: 2, kind: 'fp',
  because: 'nobody knows whether the guest used it',
  run: ({ code, vcpu }) => { save(code, vcpu.context); },
};

export const hostFpRestore: Step = {
  id: 'host-fp-restore', phase: 'restore-host', el: 2, kind: 'fp', after: ['guest-fp-save'],
  because: 'the host\'s tasks have theirs in these registers',
  run: ({ code, host }) => { restore(code, host.context); },
};
