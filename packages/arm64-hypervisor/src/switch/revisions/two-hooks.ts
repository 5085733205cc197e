/** The switch of late 2017, in C, with one debug hook each way; valid in both modes. Order: as `because` and `after` of the steps say. */
import { debugToGuest, debugToHostStep, guestUnprofiled, speOff, speOffLate, speOn } from '../steps/debug.ts';
import { faultInfo, guestEnter, guestExit, returnToHost, serrorWindow, vector } from '../steps/entry.ts';
import { fpLazy, fpLive, fpToHost } from '../steps/fp.ts';
import { panicReport, panicRestore, panicReturn } from '../steps/panic.ts';
import { stage2Off, stage2On } from '../steps/stage2.ts';
import { CPU_CONTEXT } from '../../context/layout.ts';
import type { Revision, Step } from '../step.ts';
import { restoreGuestSysregs, restoreHostSysregsStep, saveGuestSysregs, saveHostSysregs, setRunningVcpu } from '../steps/sysreg.ts';
import { timerTrapsOffStep, timerTrapsOn, vtimerLoad, vtimerOffsetOff, vtimerOffsetOn, vtimerPut } from '../steps/timer.ts';
import { maskExceptions, trapsOffStep, trapsOn, unmaskExceptions } from '../steps/traps.ts';
import { vgicPerRun } from '../steps/vgic-interface.ts';
import { vgicOff, vgicOn } from '../steps/vgic.ts';

const vgic = vgicPerRun({ control: false });

/**
 * What must come after what, and no more: each pair has an order that fails without it, and every order that they permit gives the same
 * result (docs/order.md). The steps of the interface to the interrupt controller and of profiling keep their own constraints.
 */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  'vtimer-load': ['vtimer-offset-on'], 'vgic-interface-on': [],
  'traps-on': ['mask-exceptions', 'spe-off'], 'stage2-on': ['host-sysregs-save'], 'vgic-on': ['traps-on'], 'guest-sysregs-restore': ['mask-exceptions', 'stage2-on', 'spe-off'], 'debug-to-guest': ['mask-exceptions'],
  'guest-enter': [],
  'guest-exit': ['fp-lazy'], 'serror-window': ['vector'], 'fault-info': [],
  'fp-live': [], 'guest-sysregs-save': [], 'traps-off': ['fp-live'], 'stage2-off': ['traps-off'],
  'host-sysregs-restore': ['guest-sysregs-save'], 'fp-to-host': ['fp-live'], 'debug-to-host': [],
  'unmask-exceptions': ['traps-off', 'host-sysregs-restore', 'debug-to-host'],
  'return-to-host': ['host-sysregs-restore', 'timer-traps-off', 'vgic-interface-off', 'vgic-off', 'traps-off', 'stage2-off', 'fp-to-host', 'debug-to-host', 'spe-on'],
};

const ordered = (step: Step): Step => ({ ...step, after: AFTER[step.id] ?? step.after ?? [], run: (context) => { step.run(context); } });

export const TWO_HOOKS: Revision = {
  name: 'two-hooks',
  about: 'One debug hook each way, the dirty flag asked once on each path (Linux 4.15 with the series of late 2017)',
  modes: ['nvhe', 'vhe'],
  layout: CPU_CONTEXT,
  guestDebug: 'dirty',
  // Linux 4.9 to 4.17, arch/arm64/kvm/hyp/hyp-entry.S: an SError takes the guest out like an interrupt; the FIQ entries still are a panic.
  fatal: ['fiq'],
  steps: [
    ...vgic.load, vtimerOffsetOn, vtimerLoad,
    maskExceptions, setRunningVcpu, speOff, saveHostSysregs,
    trapsOn, stage2On, vgicOn, vgic.on, timerTrapsOn,
    restoreGuestSysregs, speOffLate, guestUnprofiled, debugToGuest,
    guestEnter,
    vector, fpLazy, guestExit, serrorWindow,
    faultInfo,
    fpLive, saveGuestSysregs,
    timerTrapsOffStep, vgic.off, vgicOff, trapsOffStep, stage2Off,
    restoreHostSysregsStep, fpToHost, speOn, debugToHostStep, unmaskExceptions, returnToHost,
    vtimerPut, vtimerOffsetOff, ...vgic.put,
    panicReport, panicRestore, panicReturn,
  ].map(ordered),
};
