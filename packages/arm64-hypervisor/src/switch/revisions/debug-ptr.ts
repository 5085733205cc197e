/** The assembly with debug registers in sets of their own, reached through a pointer: the VMM can lend the guest another set. */
import { aarch32Restore, aarch32Save } from '../steps/assembly/aarch32.ts';
import { debugCompute } from '../steps/assembly/debug-array.ts';
import { guestSetRestore, guestSetSave, hostSetRestore, hostSetSave } from '../steps/assembly/debug-sets.ts';
import { guestFpRestore, guestFpSave, hostFpRestore, hostFpSave } from '../steps/assembly/fp.ts';
import {
  guestFrameRestore, guestFrameSave, guestGeneralRestore, guestGeneralSave, hostFrameRestore, hostFrameSave, hostGeneralRestore, hostGeneralSave, hostReturn, vcpuPointer,
} from '../steps/assembly/frame.ts';
import { panicSteps } from '../steps/assembly/panic.ts';
import { guestArrayRestore, guestArraySave, hostArrayRestore, hostArraySave, restoreHostArray } from '../steps/assembly/sysreg.ts';
import { hostTimerControl, timerRestore, timerSave } from '../steps/assembly/timer.ts';
import { deactivateTraps, trapsActivateGiven, trapsDeactivate } from '../steps/assembly/traps.ts';
import { trapFaultInfo, trapVector } from '../steps/assembly/vector.ts';
import { panicReturn } from '../steps/panic.ts';
import { stage2Off, stage2On } from '../steps/stage2.ts';
import { VGIC_2015 } from '../steps/vgic-interface.ts';
import { vgicOff, vgicOn } from '../steps/vgic.ts';
import { CONTEXT_DEBUG_PTR } from '../../context/generation-a.ts';
import { placed } from '../step.ts';
import type { Revision } from '../step.ts';

export const DEBUG_PTR: Revision = {
  name: 'debug-ptr',
  about: 'The assembly with debug registers of their own behind debug-ptr, and KVM_SET_GUEST_DEBUG (Linux 4.3)',
  modes: ['nvhe'],
  layout: CONTEXT_DEBUG_PTR,
  guestDebug: 'dirty',
  timer: 'run',
  // The vectors' own: which vCPU ran last.
  leaves: () => ['TPIDR_EL2'],
  timerControl: hostTimerControl,
  // Linux 4.1 to 4.4, arch/arm64/kvm/hyp.S: the FIQ and SError entries of __kvm_hyp_vector for a lower level go to __kvm_hyp_panic.
  fatal: ['fiq', 'serror'],
  steps: [
    vcpuPointer, hostGeneralSave, hostFrameSave, hostFpSave, hostArraySave, debugCompute, hostSetSave,
    trapsActivateGiven, placed(stage2On, 'host-array-save'), placed(vgicOn, 'traps-activate'), VGIC_2015.on, timerRestore,
    aarch32Restore, guestArrayRestore, guestFpRestore, guestSetRestore, guestFrameRestore,
    guestGeneralRestore,
    trapVector,
    trapFaultInfo,
    guestGeneralSave, guestFrameSave, guestFpSave, guestArraySave, guestSetSave, aarch32Save,
    timerSave, VGIC_2015.off, vgicOff, trapsDeactivate, placed(stage2Off, 'traps-deactivate'),
    hostArrayRestore, hostFpRestore, hostSetRestore, hostFrameRestore, hostGeneralRestore,
    placed(hostReturn, 'host-general-restore', 'host-array-restore', 'host-frame-restore', 'host-fp-restore', 'host-set-restore', 'timer-save', 'vgic-interface-off', 'vgic-off', 'stage2-off', 'aarch32-save'),
    ...panicSteps({ deactivateTraps, restoreHost: restoreHostArray }), placed(panicReturn, 'panic-registers'),
  ],
};
