/** The assembly with an alternative for each instruction that differs with VHE, on the one with debug-ptr: valid in both modes. */
import { aarch32Restore, aarch32Save } from '../steps/assembly/aarch32.ts';
import {
  guestAllRestore, guestAllSave, guestEl1Restore, guestEl1Save, guestStackRestore, guestStackSave, hostAllRestore, hostAllSave, hostEl1Restore, hostEl1Save,
  hostSharedRestore, hostSharedSave, hostStackRestore, hostStackSave, restoreHostByMode, trapsByMode, trapsOffByMode, trapsOffByModeStep,
} from '../steps/assembly/alternatives.ts';
import { debugCompute } from '../steps/assembly/debug-array.ts';
import { guestSetRestore, guestSetSave, hostSetRestore, hostSetSave } from '../steps/assembly/debug-sets.ts';
import { guestFpRestore, guestFpSave, hostFpRestore, hostFpSave } from '../steps/assembly/fp.ts';
import { guestGeneralRestore, guestGeneralSave, hostGeneralRestore, hostGeneralSave, hostReturn, vcpuPointer } from '../steps/assembly/frame.ts';
import { panicSteps } from '../steps/assembly/panic.ts';
import { hostTimerControl, timerRestore, timerSave } from '../steps/assembly/timer.ts';
import { trapFaultInfo, trapVector } from '../steps/assembly/vector.ts';
import { panicReturn } from '../steps/panic.ts';
import { stage2Off, stage2On } from '../steps/stage2.ts';
import { maskExceptions, unmaskExceptions } from '../steps/traps.ts';
import { VGIC_2015 } from '../steps/vgic-interface.ts';
import { vgicOff, vgicOn } from '../steps/vgic.ts';
import { CONTEXT_VHE } from '../../context/generation-a.ts';
import { placed } from '../step.ts';
import type { Revision } from '../step.ts';

export const VHE_ALTERNATIVES: Revision = {
  name: 'vhe',
  about: 'Alternatives for VHE in the assembly: EL12, EL02 and redirected names, of the host only what it shares (first posting, mid-2015)',
  modes: ['nvhe', 'vhe'],
  layout: CONTEXT_VHE,
  guestDebug: 'dirty',
  timer: 'run',
  // The vectors' own: which vCPU ran last.
  leaves: () => ['TPIDR_EL2'],
  timerControl: hostTimerControl,
  // Linux 4.1 to 4.4, arch/arm64/kvm/hyp.S: the FIQ and SError entries of __kvm_hyp_vector for a lower level go to __kvm_hyp_panic.
  fatal: ['fiq', 'serror'],
  steps: [
    maskExceptions, vcpuPointer, hostGeneralSave, hostStackSave, hostEl1Save, hostFpSave, hostAllSave, hostSharedSave, debugCompute, hostSetSave,
    trapsByMode, placed(stage2On, 'host-all-save', 'host-shared-save'), placed(vgicOn, 'traps-by-mode'), VGIC_2015.on, timerRestore,
    placed(aarch32Restore, 'traps-by-mode', 'debug-compute'), guestAllRestore, guestFpRestore, placed(guestSetRestore, 'mask-exceptions', 'host-set-save'), guestEl1Restore, guestStackRestore,
    placed(guestGeneralRestore, 'host-general-save', 'guest-el1-restore', 'guest-stack-restore'),
    trapVector,
    trapFaultInfo,
    guestGeneralSave, guestStackSave, guestEl1Save, guestFpSave, guestAllSave, guestSetSave, aarch32Save,
    timerSave, VGIC_2015.off, vgicOff, trapsOffByModeStep, placed(stage2Off, 'traps-off-by-mode'),
    hostAllRestore, hostSharedRestore, hostFpRestore, hostSetRestore, hostEl1Restore, hostStackRestore, hostGeneralRestore,
    placed(unmaskExceptions, 'host-shared-restore', 'host-stack-restore', 'host-set-restore', 'traps-off-by-mode'),
    placed(hostReturn, 'host-general-restore', 'host-all-restore', 'host-el1-restore', 'host-stack-restore', 'host-fp-restore', 'host-set-restore', 'timer-save', 'vgic-interface-off', 'vgic-off', 'stage2-off', 'aarch32-save'),
    ...panicSteps({ deactivateTraps: trapsOffByMode, restoreHost: restoreHostByMode }), placed(panicReturn, 'panic-registers'),
  ],
};
