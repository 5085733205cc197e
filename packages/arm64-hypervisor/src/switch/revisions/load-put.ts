/** The switch of Linux 6.1: with VHE, what a host at EL2 does not use stays the guest's from load to put. */
import { CPU_CONTEXT } from '../../context/layout.ts';
import { placed } from '../step.ts';
import type { Revision } from '../step.ts';
import { aarch32Steps, fpexcEnable, fpexcSave } from '../steps/aarch32.ts';
import { debugToGuest, debugToHostStep, guestUnprofiledLoaded, speOff, speOn } from '../steps/debug.ts';
import { LOAD, LOADED_SLOTS, PUT, el1Steps, guestStackRestore, hostSetRestore, hostStackSave, stackExchange } from '../steps/el1-set.ts';
import { exitSyndrome, guestPstateSave, noRunningVcpu, pendingCheck, runningVcpu, serrorCheck, vectorLate } from '../steps/entry-late.ts';
import { faultInfoLate, guestEnter, guestExit, returnToHost } from '../steps/entry.ts';
import { fpFirstUse, fpPut } from '../steps/fp-owner.ts';
import { panicRestoreLate } from '../steps/panic-late.ts';
import { panicReport, panicReturn } from '../steps/panic.ts';
import { stage2OffLate, stage2OnLate } from '../steps/stage2-late.ts';
import { timerTrapsOffStep, timerTrapsOn, vtimerLoad, vtimerOffsetOff, vtimerOffsetOn, vtimerPut } from '../steps/timer.ts';
import { trapsCommonOff, trapsCommonOn, trapsOffLate, trapsOnLate } from '../steps/traps-late.ts';
import { maskExceptions, unmaskExceptions } from '../steps/traps.ts';
import { VGIC_FLUSH, VGIC_LOAD, VGIC_OFF, VGIC_ON, VGIC_PUT, VGIC_SYNC } from '../steps/vgic-interface.ts';

const { hostSave, guestRestore, guestSave } = el1Steps({ owned: false });
const [aarch32Load, aarch32Put] = aarch32Steps('vhe', ['load', 'put'], [[], []]);
const [aarch32In, aarch32Out] = aarch32Steps('nvhe', ['restore-guest', 'save-guest'], [['host-sysregs-save'], ['guest-sysregs-save']]);

export const LOAD_PUT: Revision = {
  name: 'load-put',
  about: 'With VHE the EL1 and EL0 registers of the guest are moved when its vCPU is loaded and put, and a run moves what both worlds use (Linux 6.1)',
  modes: ['nvhe', 'vhe'],
  layout: CPU_CONTEXT,
  guestDebug: 'dirty',
  ownCallVectors: true,
  // A VHE host has its per-processor pointer in TPIDR_EL2 by now, and TGE keeps VTTBR_EL2 from acting on it.
  leaves: (mode) => (mode === 'vhe' ? ['TPIDR_EL1', 'VTTBR_EL2'] : []),
  loaded: (mode) => new Set(mode === 'vhe' ? [...LOADED_SLOTS, 'mdcr'] : []),
  steps: [
    ...VGIC_LOAD, vtimerOffsetOn, vtimerLoad, LOAD[0], aarch32Load, LOAD[1], LOAD[2], trapsCommonOn, guestUnprofiledLoaded,
    ...VGIC_FLUSH, maskExceptions, hostSave.nvhe, hostSave.vhe, runningVcpu, speOff,
    aarch32In, guestRestore.nvhe,
    stage2OnLate.nvhe, stage2OnLate.vhe, fpexcEnable, trapsOnLate.nvhe, trapsOnLate.vhe, VGIC_ON, timerTrapsOn,
    guestRestore.vhe, placed(debugToGuest, 'mask-exceptions'),
    hostStackSave, pendingCheck, guestStackRestore, placed(guestEnter, 'guest-sysregs-restore', 'guest-sp-restore'),
    vectorLate, guestExit, stackExchange, serrorCheck,
    guestPstateSave, exitSyndrome, fpFirstUse, faultInfoLate,
    guestSave.nvhe, guestSave.vhe, aarch32Out,
    timerTrapsOffStep, VGIC_OFF, trapsOffLate.nvhe, trapsOffLate.vhe, stage2OffLate,
    hostSetRestore.nvhe, hostSetRestore.vhe, fpexcSave, placed(debugToHostStep), speOn, noRunningVcpu, placed(unmaskExceptions, 'host-sysregs-restore', 'debug-to-host', 'traps-off'),
    placed(returnToHost, 'no-running-vcpu', 'spe-on', 'debug-to-host', 'timer-traps-off', 'vgic-interface-off', 'fpexc-save', 'aarch32-save'), ...VGIC_SYNC,
    trapsCommonOff, ...PUT, aarch32Put, fpPut, vtimerPut, vtimerOffsetOff, ...VGIC_PUT,
    panicReport, panicRestoreLate.nvhe, panicRestoreLate.vhe, panicReturn,
  ],
};
