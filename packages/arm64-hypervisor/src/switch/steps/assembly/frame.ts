/**
 * The frames of the assembly: general registers, and with them the stack pointers and where either world goes on. Without VHE the frame of
 * the host has the same registers as the guest's.
 */
import { kernHypVa } from '../kern-hyp-va.ts';
import { FRAME_EL1, FRAME_RETURN, FRAME_STACK } from '../registers.ts';
import { restore, save } from '../sysreg.ts';
import type { Block } from '../../../context/block.ts';
import type { HostedCode } from '../../code.ts';
import type { Step } from '../../step.ts';

/** x19 to x28, the frame pointer and the link register: what a call preserves (AAPCS64). */
const CALLEE_SAVED = Array.from({ length: 12 }, (_, n) => 19 + n);
const ALL = Array.from({ length: 31 }, (_, n) => n);

function store(code: HostedCode, block: Block, registers: readonly number[]): void {
  for (const n of registers) code.store(block, `x${n}`, code.processor.general(n));
}

function load(code: HostedCode, block: Block, registers: readonly number[]): void {
  for (const n of registers) code.processor.setGeneral(n, code.load(block, `x${n}`));
}

export const vcpuPointer: Step = {
  id: 'vcpu-pointer', phase: 'save-host', el: 2, kind: 'handle',
  because: 'the kernel passes its own pointer; converted, it stays in TPIDR_EL2, which the guest cannot reach, and is all that the vectors have to go by',
  run: (c) => { c.code.write('TPIDR_EL2', kernHypVa(c, c.vcpu.kernelAddress)); },
};

export const hostGeneralSave: Step = {
  id: 'host-general-save', phase: 'save-host', el: 2, kind: 'general',
  because: 'what the host\'s caller expects to find again; the rest is the callee\'s to lose',
  run: ({ code, host }) => { store(code, host.context, CALLEE_SAVED); },
};

export const hostFrameSave: Step = {
  id: 'host-frame-save', phase: 'save-host', el: 2, kind: 'context',
  because: 'a host at EL1 was interrupted there like any guest: its stack, its return state and what its last exception left are in these registers',
  run: (c) => { save(c, c.host.context, [...FRAME_STACK, ...FRAME_RETURN, ...FRAME_EL1]); },
};

export const guestFrameRestore: Step = {
  id: 'guest-frame-restore', phase: 'restore-guest', el: 2, kind: 'context', after: ['host-frame-save'],
  because: 'last before the general registers: from here on an exception at EL2 would lose where the guest goes on',
  run: (c) => { restore(c, c.vcpu.context, [...FRAME_EL1, ...FRAME_STACK, ...FRAME_RETURN]); },
};

export const guestGeneralRestore: Step = {
  id: 'guest-general-restore', phase: 'enter', el: 2, kind: 'general', after: ['host-general-save', 'guest-frame-restore'],
  because: 'the code needs them itself until it leaves by ERET; everything else is the guest\'s by now',
  run: ({ code, vcpu }) => {
    load(code, vcpu.context, ALL);
    code.depart('eret');
  },
};

export const guestGeneralSave: Step = {
  id: 'guest-general-save', phase: 'save-guest', el: 2, kind: 'general', after: ['trap-vector'],
  because: 'the code can do nothing without registers; the first four have been on the stack of EL2 since the vector',
  run: ({ code, vcpu }) => { store(code, vcpu.context, ALL); },
};

export const guestFrameSave: Step = {
  id: 'guest-frame-save', phase: 'save-guest', el: 2, kind: 'context',
  because: 'where the guest stopped is in ELR_EL2 and SPSR_EL2, which the next exception to EL2 overwrites',
  run: (c) => { save(c, c.vcpu.context, [...FRAME_STACK, ...FRAME_RETURN, ...FRAME_EL1]); },
};

export const hostFrameRestore: Step = {
  id: 'host-frame-restore', phase: 'restore-host', el: 2, kind: 'context', after: ['guest-frame-save'],
  because: 'the ERET that ends it all takes the host\'s return state from here, so nothing of EL2 comes behind it',
  run: (c) => { restore(c, c.host.context, [...FRAME_EL1, ...FRAME_STACK, ...FRAME_RETURN]); },
};

export const hostGeneralRestore: Step = {
  id: 'host-general-restore', phase: 'restore-host', el: 2, kind: 'general', after: ['guest-general-save'],
  because: 'the host goes on behind its call, and finds the way in its link register',
  run: ({ code, host }) => { load(code, host.context, CALLEE_SAVED); },
};

export const hostReturn: Step = {
  id: 'host-return', phase: 'restore-host', el: 2, kind: 'vector', modes: ['nvhe'], after: ['host-general-restore'],
  because: 'the host called by HVC from EL1, and is returned to; at EL2 a plain return does it',
  run: ({ code }) => { code.depart('eret'); },
};
