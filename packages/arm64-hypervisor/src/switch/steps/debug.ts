/** Breakpoint and watchpoint registers: one hook each way, each asking once whether anything is to be done. */
import { ID_AA64DFR0_EL1 } from '@worldswitch/arm64-sysreg';
import type { Block } from '../../context/block.ts';
import { DEBUG_DIRTY } from '../../guest/vcpu-memory.ts';
import { kernHypVa } from './kern-hyp-va.ts';
import { debugRegister } from './registers.ts';
import type { Step, StepKind, SwitchContext } from '../step.ts';

const BANKS = ['BCR', 'BVR', 'WCR', 'WVR'] as const;

/** How many there are of each, read anew each time: the code keeps no state of its own at EL2. */
function counts(c: SwitchContext): { breakpoints: number; watchpoints: number } {
  const dfr0 = as(c, 'id', () => ID_AA64DFR0_EL1.decode(c.code.read('ID_AA64DFR0_EL1')));
  return { breakpoints: dfr0.BRPs + 1, watchpoints: dfr0.WRPs + 1 };
}

/** Counts what `f` does as another kind than the step's. */
export function as<T>({ code }: SwitchContext, kind: StepKind, f: () => T): T {
  const { place } = code;
  code.place = { ...place, kind };
  try {
    return f();
  } finally {
    code.place = place;
  }
}

export function bankSizes(c: SwitchContext): readonly (readonly ['BCR' | 'BVR' | 'WCR' | 'WVR', number])[] {
  const { breakpoints, watchpoints } = counts(c);
  return BANKS.map((bank) => [bank, bank.startsWith('B') ? breakpoints : watchpoints] as const);
}

export function saveSet(c: SwitchContext, set: Block, context: Block): void {
  const { code } = c;
  for (const [bank, count] of bankSizes(c)) {
    for (let n = 0; n < count; n++) code.save(debugRegister(bank, n), set, `${bank.toLowerCase()}${n}`);
  }
  code.save('MDCCINT_EL1', context, 'MDCCINT_EL1');
}

export function restoreSet(c: SwitchContext, set: Block, context: Block): void {
  const { code } = c;
  for (const [bank, count] of bankSizes(c)) {
    for (let n = 0; n < count; n++) code.restore(debugRegister(bank, n), set, `${bank.toLowerCase()}${n}`);
  }
  code.restore('MDCCINT_EL1', context, 'MDCCINT_EL1');
}

const flags = ({ code, vcpu }: SwitchContext): bigint => code.load(vcpu.state, 'debug-flags');
/** The set that debug-ptr names, for EL2. */
export const guestSet = (c: SwitchContext): Block => c.vcpu.debugSet(kernHypVa(c, c.code.load(c.vcpu.state, 'debug-ptr')));

export function debugToHost(c: SwitchContext): void {
  const dirty = flags(c);
  if ((dirty & DEBUG_DIRTY) === 0n) return;
  saveSet(c, guestSet(c), c.vcpu.context);
  restoreSet(c, c.vcpu.hostDebugState, c.host.context);
  // Only its own bit: the word may come to hold others.
  c.code.store(c.vcpu.state, 'debug-flags', dirty & ~DEBUG_DIRTY);
}

export const debugToGuest: Step = {
  id: 'debug-to-guest', phase: 'restore-guest', el: 2, kind: 'debug', after: ['guest-sysregs-restore'],
  because: 'no debug exception can be taken from EL2 while KDE acts for the guest\'s target or exceptions are masked, so the set may change late; debug-ptr says whose it is',
  run: (c) => {
    if ((flags(c) & DEBUG_DIRTY) === 0n) return;
    saveSet(c, c.vcpu.hostDebugState, c.host.context);
    restoreSet(c, guestSet(c), c.vcpu.context);
  },
};

export const debugToHostStep: Step = {
  id: 'debug-to-host', phase: 'restore-host', el: 2, kind: 'debug', after: ['host-sysregs-restore'],
  because: 'with the host\'s MDSCR_EL1 back; profiling, which resumes with it, uses the host\'s translation',
  run: debugToHost,
};

function stopAndDrain({ code, vcpu }: SwitchContext): void {
  code.save('PMSCR_EL1', vcpu.state, 'host-pmscr', 'host');
  code.write('PMSCR_EL1', 0n);
  code.isb();
  code.psb();
  code.dsb('nsh');
}

export const speOff: Step = {
  id: 'spe-off', phase: 'save-host', el: 2, kind: 'spe', modes: ['nvhe'], when: ({ features, faithful }) => features.spe && !faithful.has('late-drain'),
  because: 'the host\'s profiling buffer is written through its EL1 translation, so it is drained while that is still in force: before any guest register is loaded',
  run: stopAndDrain,
};

/** Where the code of late 2017 has it: at the head of the hook that switches to the guest's debug registers. */
export const speOffLate: Step = {
  id: 'spe-off-late', phase: 'restore-guest', el: 2, kind: 'spe', modes: ['nvhe'], after: ['guest-sysregs-restore', 'traps-on'],
  when: ({ features, faithful }) => features.spe && faithful.has('late-drain'),
  because: 'one hook each way holds everything of debug; that the buffer is EL2\'s by now (MDCR_EL2.E2PB is 0) and the EL1 registers are the guest\'s was overlooked',
  run: stopAndDrain,
};

/** Sampling below EL2 follows PMSCR_EL1 whoever owns the buffer, and nothing of a VHE host has ever written that. */
export const guestUnprofiled: Step = {
  id: 'guest-unprofiled', phase: 'restore-guest', el: 2, kind: 'spe', modes: ['vhe'],
  when: ({ features, faithful }) => features.spe && !faithful.has('profiled-guest'),
  because: 'the host\'s buffer is EL2\'s and stays on while the guest runs, whose samples PMSCR_EL1 allows or not; its value after reset is UNKNOWN',
  run: ({ code }) => { code.write(code.el1.PMSCR, 0n); },
};

/** The same for as long as the vCPU is loaded; the guest's own accesses trap, so that it stays 0. */
export const guestUnprofiledLoaded: Step = { ...guestUnprofiled, phase: 'load' };

export const speOn: Step = {
  id: 'spe-on', phase: 'restore-host', el: 2, kind: 'spe', modes: ['nvhe'], after: ['host-sysregs-restore'], when: ({ features }) => features.spe,
  because: 'the buffer is written through the host\'s translation again, which must be back',
  run: ({ code, vcpu }) => { code.restore('PMSCR_EL1', vcpu.state, 'host-pmscr', 'host'); },
};
