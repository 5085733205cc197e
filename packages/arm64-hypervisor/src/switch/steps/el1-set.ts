/**
 * System registers since 2018: by concern, so that with VHE those that only a running guest needs wait from load to put, and a run moves
 * what both worlds share.
 */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Block } from '../../context/block.ts';
import { PSTATE } from '../../guest/guest.ts';
import { DEBUG_OWNER } from '../../guest/debug-owner.ts';
import type { Step, SwitchContext } from '../step.ts';
import { DEBUG_CONTROL, EL1_SET, EL1_SET_GIVEN, USER_SET, named } from './registers.ts';
import type { Moved } from './registers.ts';

const NVHE: readonly AccessorMode[] = ['nvhe'];
const VHE: readonly AccessorMode[] = ['vhe'];

function save({ code }: SwitchContext, block: Block, ...lists: readonly (readonly Moved[])[]): void {
  for (const moved of lists.flat()) code.save(named(code, moved), block, moved.slot);
}

function restore({ code }: SwitchContext, block: Block, ...lists: readonly (readonly Moved[])[]): void {
  for (const moved of lists.flat()) code.restore(named(code, moved), block, moved.slot);
}

/** PSTATE.M of EL2t: this and what is above it are levels that no guest has; M[4] set is AArch32. */
const EL2T = 8n;
const EL2H = 9n;
const M32 = 0x10n;

/**
 * What SPSR_EL2 gets for a PSTATE in memory. One of EL2 or above would have the ERET end in the hypervisor itself, at an address of the
 * guest's choice: it is replaced by a return that is illegal, whose exception comes back here.
 */
export function hardwarePstate(pstate: bigint): bigint {
  const mode = pstate & PSTATE.mode;
  return (mode & M32) === 0n && mode >= EL2T ? EL2H | PSTATE.IL : pstate;
}

function saveReturn({ code, features }: SwitchContext, block: Block, pstate: boolean): void {
  code.save(code.hyp.ELR, block, 'PC');
  if (pstate) code.save(code.hyp.SPSR, block, 'PSTATE');
  if (features.ras) code.save('VDISR_EL2', block, 'DISR_EL1');
}

function restoreReturn({ code, features }: SwitchContext, block: Block, legal: (pstate: bigint) => bigint): void {
  code.restore(code.hyp.ELR, block, 'PC');
  code.write(code.hyp.SPSR, legal(code.load(block, 'PSTATE')), block.owner);
  if (features.ras) code.restore('VDISR_EL2', block, 'DISR_EL1');
}

/** MDSCR_EL1 of the run is what the VMM's debugger made of it where the debug registers are the host's; the guest's own stays in memory. */
function mdscrSlot({ code, vcpu }: SwitchContext, owned: boolean): readonly [Block, string] {
  return owned && code.load(vcpu.state, 'debug-owner') === DEBUG_OWNER.host ? [vcpu.state, 'external-mdscr'] : [vcpu.context, 'MDSCR_EL1'];
}

/** The steps, for the generations with the dirty flag and those with an owner. */
export function el1Steps({ owned }: { readonly owned: boolean }) {
  const hostSave = {
    nvhe: {
      id: 'host-sysregs-save', phase: 'save-host', el: 2, kind: 'context', modes: NVHE,
      because: 'a host at EL1 uses what its guests use: all of it is saved before the first register of the guest; VMPIDR_EL2 is known',
      run: (c) => {
        save(c, c.host.context, EL1_SET, DEBUG_CONTROL, USER_SET);
        saveReturn(c, c.host.context, true);
      },
    },
    vhe: {
      id: 'host-sysregs-save', phase: 'save-host', el: 2, kind: 'context', modes: VHE, after: ['mask-exceptions'],
      because: 'of a host at EL2 only MDSCR_EL1 is in use in both worlds while a vCPU is loaded, and E2H does not redirect it; nothing of it may change with debug exceptions unmasked',
      run: (c) => { save(c, c.host.context, DEBUG_CONTROL); },
    },
  } as const satisfies Record<AccessorMode, Step>;

  const guestRestore = {
    nvhe: {
      id: 'guest-sysregs-restore', phase: 'restore-guest', el: 2, kind: 'context', modes: NVHE, after: ['host-sysregs-save', 'spe-off', ...(owned ? ['host-walks-done'] : [])],
      because: 'before stage 2 and HCR_EL2.VM: a walk by what is left of the host\'s EL1 translation must not go through the guest\'s tables (errata 1319367 and 1319537); the profiling buffer is drained, for its addresses are the host\'s',
      run: (c) => {
        restore(c, c.vcpu.context, EL1_SET_GIVEN);
        c.code.restore('MDSCR_EL1', ...mdscrSlot(c, owned));
        restore(c, c.vcpu.context, USER_SET);
        restoreReturn(c, c.vcpu.context, hardwarePstate);
      },
    },
    vhe: {
      id: 'guest-sysregs-restore', phase: 'restore-guest', el: 2, kind: 'context', modes: VHE, after: ['host-sysregs-save'],
      because: 'the EL1 set is there since load; ELR and SPSR are EL2\'s own, which any exception of the host would have overwritten',
      run: (c) => {
        c.code.restore('MDSCR_EL1', ...mdscrSlot(c, owned));
        restoreReturn(c, c.vcpu.context, hardwarePstate);
      },
    },
  } as const satisfies Record<AccessorMode, Step>;

  const guestSave = {
    nvhe: {
      id: 'guest-sysregs-save', phase: 'save-guest', el: 2, kind: 'context', modes: NVHE, after: ['guest-exit'],
      because: 'before the host\'s come back; PSTATE was saved when the exit was looked at, VMPIDR_EL2 no guest changes',
      run: (c) => {
        save(c, c.vcpu.context, EL1_SET);
        c.code.save('MDSCR_EL1', ...mdscrSlot(c, owned));
        save(c, c.vcpu.context, USER_SET);
        saveReturn(c, c.vcpu.context, false);
      },
    },
    vhe: {
      id: 'guest-sysregs-save', phase: 'save-guest', el: 2, kind: 'context', modes: VHE, after: ['guest-exit'],
      because: 'before the host\'s MDSCR_EL1 is back and before the next exception to EL2 writes ELR',
      run: (c) => {
        c.code.save('MDSCR_EL1', ...mdscrSlot(c, owned));
        saveReturn(c, c.vcpu.context, false);
      },
    },
  } as const satisfies Record<AccessorMode, Step>;

  return { hostSave, guestRestore, guestSave };
}

/** The host's registers of a run, back: what the panic path brings back too. */
export function restoreHostSet(c: SwitchContext): void {
  if (c.mode === 'vhe') {
    restore(c, c.host.context, DEBUG_CONTROL);
    return;
  }
  restore(c, c.host.context, EL1_SET_GIVEN, DEBUG_CONTROL, USER_SET);
  restoreReturn(c, c.host.context, (pstate) => pstate);
}

export const hostSetRestore: Readonly<Record<AccessorMode, Step>> = {
  nvhe: {
    id: 'host-sysregs-restore', phase: 'restore-host', el: 2, kind: 'context', modes: NVHE, after: ['guest-sysregs-save', 'stage2-off', 'traps-off'],
    because: 'the host\'s translation comes back only when no guest stage 2 is under it', run: restoreHostSet,
  },
  vhe: {
    id: 'host-sysregs-restore', phase: 'restore-host', el: 2, kind: 'context', modes: VHE, after: ['guest-sysregs-save'],
    because: 'the host\'s MDE, KDE and SS, before debug exceptions can be taken again', run: restoreHostSet,
  },
};

/** With VHE, at load and put: what a host at EL2 does not use, or only its processes do. */
export const LOAD: readonly Step[] = [
  {
    id: 'host-user-save', phase: 'load', el: 2, kind: 'context', modes: VHE,
    because: 'the thread registers of EL0 are those of the host\'s process until the guest\'s replace them',
    run: (c) => { save(c, c.host.context, USER_SET); },
  },
  {
    id: 'guest-user-restore', phase: 'load', el: 2, kind: 'context', modes: VHE, after: ['host-user-save'],
    because: 'the host\'s kernel does not use them, so the guest\'s may stay until the vCPU is put',
    run: (c) => { restore(c, c.vcpu.context, USER_SET); },
  },
  {
    id: 'guest-el1-restore', phase: 'load', el: 2, kind: 'context', modes: VHE,
    because: 'with E2H and TGE nothing of EL1 acts on the host: its names reach EL2\'s registers, so the guest\'s may stay through any number of runs',
    run: (c) => { restore(c, c.vcpu.context, EL1_SET_GIVEN); },
  },
];

export const PUT: readonly Step[] = [
  {
    id: 'guest-el1-save', phase: 'put', el: 2, kind: 'context', modes: VHE,
    because: 'another vCPU may be loaded next; emulation changed these registers in the processor',
    run: (c) => { save(c, c.vcpu.context, EL1_SET); },
  },
  {
    id: 'guest-user-save', phase: 'put', el: 2, kind: 'context', modes: VHE,
    because: 'before the thread registers of the host\'s process are back',
    run: (c) => { save(c, c.vcpu.context, USER_SET); },
  },
  {
    id: 'host-user-restore', phase: 'put', el: 2, kind: 'context', modes: VHE, after: ['guest-user-save'],
    because: 'the host\'s process may run next',
    run: (c) => { restore(c, c.host.context, USER_SET); },
  },
];

/** Slots of the EL1 and EL0 sets: what is in the processor from load to put with VHE. */
export const LOADED_SLOTS: readonly string[] = [...EL1_SET_GIVEN, ...USER_SET].map(({ slot }) => slot);

/** SP_EL0 is the host's `current`, at EL2 as at EL1: exchanged last and first. */
export const hostStackSave: Step = {
  id: 'host-sp-save', phase: 'enter', el: 2, kind: 'context',
  because: 'SP_EL0 holds the host\'s current task, which its kernel needs until the very entry',
  run: ({ code, host }) => { code.save('SP_EL0', host.context, 'SP_EL0'); },
};
export const guestStackRestore: Step = {
  id: 'guest-sp-restore', phase: 'enter', el: 2, kind: 'context', after: ['host-sp-save', 'pending-check'],
  because: 'once it is certain that the guest is entered; an entry that is put off leaves the host its own',
  run: ({ code, vcpu }) => { code.restore('SP_EL0', vcpu.context, 'SP_EL0'); },
};
export const stackExchange: Step = {
  id: 'sp-exchange', phase: 'exit', el: 2, kind: 'context', after: ['vector'],
  because: 'the host\'s kernel code needs its current task again before it does anything else',
  run: ({ code, host, vcpu }) => {
    code.save('SP_EL0', vcpu.context, 'SP_EL0');
    code.restore('SP_EL0', host.context, 'SP_EL0');
  },
};
