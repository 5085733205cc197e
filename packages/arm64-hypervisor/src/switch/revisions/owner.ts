/** The switch of Linux 6.14 and later: debug registers have an owner, the host's floating point is always in memory, stage 2 is loaded with VHE. */
import { CPU_CONTEXT } from '../../context/layout.ts';
import { placed } from '../step.ts';
import type { Revision } from '../step.ts';
import { aarch32Steps, fpexcEnable, fpexcSave } from '../steps/aarch32.ts';
import { guestUnprofiledLoaded } from '../steps/debug.ts';
import { ownerToGuest, ownerToHost, speDisable, speEnable } from '../steps/debug-owner.ts';
import { LOAD, LOADED_SLOTS, PUT, el1Steps, guestStackRestore, hostSetRestore, hostStackSave, stackExchange } from '../steps/el1-set.ts';
import { exitSyndrome, guestPstateSave, pendingCheck, runningVcpuByMode, serrorCheck, vectorLate } from '../steps/entry-late.ts';
import { faultInfoLate, guestEnter, guestExit, returnToHost } from '../steps/entry.ts';
import { fpBarrier, fpFirstUseFree, fpHostSave, fpPutFree } from '../steps/fp-owner.ts';
import { panicRestoreLate } from '../steps/panic-late.ts';
import { panicReport, panicReturn } from '../steps/panic.ts';
import { stage2Load, stage2OffLate, stage2OnLate, translationDone } from '../steps/stage2-late.ts';
import { timerTrapsOffStep, timerTrapsOn, vtimerLoad, vtimerOffsetOff, vtimerOffsetOn, vtimerPut } from '../steps/timer.ts';
import { trapsCommonOff, trapsCommonOn, trapsOffLate, trapsOnLate } from '../steps/traps-late.ts';
import { maskExceptions, unmaskExceptions } from '../steps/traps.ts';
import { VGIC_FLUSH, VGIC_LOAD, VGIC_OFF, VGIC_ON, VGIC_PUT, VGIC_SYNC } from '../steps/vgic-interface.ts';

const { hostSave, guestRestore, guestSave } = el1Steps({ owned: true });
const [aarch32Load, aarch32Put] = aarch32Steps('vhe', ['load', 'put'], [[], []]);
const [aarch32In, aarch32Out] = aarch32Steps('nvhe', ['restore-guest', 'save-guest'], [['host-sysregs-save'], ['guest-sysregs-save']]);

const running = runningVcpuByMode;

export const OWNER: Revision = {
  name: 'owner',
  about: 'The debug registers are nobody\'s, the guest\'s or the host\'s, decided when the vCPU is loaded; no dirty flag (Linux 6.14 on)',
  modes: ['nvhe', 'vhe'],
  layout: CPU_CONTEXT,
  guestDebug: 'owner',
  ownCallVectors: true,
  // A VHE host has its per-processor pointer in TPIDR_EL2 by now, and TGE keeps VTTBR_EL2 from acting on it.
  leaves: (mode) => (mode === 'vhe' ? ['TPIDR_EL1', 'VTTBR_EL2'] : []),
  loaded: (mode) => new Set(mode === 'vhe' ? [...LOADED_SLOTS, 'mdcr'] : []),
  steps: [
    ...VGIC_LOAD, vtimerOffsetOn, vtimerLoad, stage2Load, running.load, LOAD[0], aarch32Load, LOAD[1], LOAD[2], trapsCommonOn, guestUnprofiledLoaded, fpHostSave,
    ...VGIC_FLUSH, maskExceptions, hostSave.nvhe, hostSave.vhe, running.nvhe, speDisable, translationDone('in'),
    aarch32In, guestRestore.nvhe,
    stage2OnLate.nvhe, fpexcEnable, trapsOnLate.nvhe, trapsOnLate.vhe, VGIC_ON, timerTrapsOn,
    guestRestore.vhe, placed(ownerToGuest, 'mask-exceptions'),
    hostStackSave, pendingCheck, guestStackRestore, placed(guestEnter, 'guest-sysregs-restore', 'guest-sp-restore'),
    vectorLate, guestExit, stackExchange, serrorCheck,
    guestPstateSave, exitSyndrome, fpFirstUseFree, faultInfoLate,
    guestSave.nvhe, guestSave.vhe, aarch32Out, translationDone('out'),
    timerTrapsOffStep, VGIC_OFF, trapsOffLate.nvhe, trapsOffLate.vhe, stage2OffLate,
    fpBarrier, placed(hostSetRestore.nvhe, 'guest-sysregs-save', 'stage2-off', 'traps-off', 'guest-walks-done'), hostSetRestore.vhe, fpexcSave, placed(ownerToHost), speEnable, running.clear, placed(unmaskExceptions, 'host-sysregs-restore', 'debug-to-host', 'traps-off'),
    placed(returnToHost, 'no-running-vcpu', 'spe-on', 'debug-to-host', 'timer-traps-off', 'vgic-interface-off', 'fpexc-save', 'aarch32-save'), ...VGIC_SYNC,
    trapsCommonOff, ...PUT, aarch32Put, fpPutFree, running.put, vtimerPut, vtimerOffsetOff, ...VGIC_PUT,
    panicReport, panicRestoreLate.nvhe, panicRestoreLate.vhe, panicReturn,
  ],
};
