/** The switch of late 2017, in C, with one debug hook each way; valid in both modes. Order: as `because` and `after` of the steps say. */
import { debugToGuest, debugToHostStep, speOff, speOn } from '../steps/debug.ts';
import { faultInfo, guestEnter, guestExit, returnToHost, serrorWindow, vector } from '../steps/entry.ts';
import { fpLazy, fpLive, fpToHost } from '../steps/fp.ts';
import { panicReport, panicRestore, panicReturn } from '../steps/panic.ts';
import { stage2Off, stage2On } from '../steps/stage2.ts';
import { CPU_CONTEXT } from '../../context/layout.ts';
import type { Revision } from '../step.ts';
import { restoreGuestSysregs, restoreHostSysregsStep, saveGuestSysregs, saveHostSysregs, setRunningVcpu } from '../steps/sysreg.ts';
import { timerTrapsOffStep, timerTrapsOn, vtimerLoad, vtimerOffsetOff, vtimerOffsetOn, vtimerPut } from '../steps/timer.ts';
import { maskExceptions, trapsOffStep, trapsOn, unmaskExceptions } from '../steps/traps.ts';
import { vgicPerRun } from '../steps/vgic-interface.ts';
import { vgicOff, vgicOn } from '../steps/vgic.ts';

const vgic = vgicPerRun({ control: false });

export const TWO_HOOKS: Revision = {
  name: 'two-hooks',
  about: 'One debug hook each way, the dirty flag asked once on each path (Linux 4.15 with the series of late 2017)',
  modes: ['nvhe', 'vhe'],
  layout: CPU_CONTEXT,
  guestDebug: 'dirty',
  steps: [
    ...vgic.load, vtimerOffsetOn, vtimerLoad,
    maskExceptions, setRunningVcpu, speOff, saveHostSysregs,
    trapsOn, stage2On, vgicOn, vgic.on, timerTrapsOn,
    restoreGuestSysregs, debugToGuest,
    guestEnter,
    vector, fpLazy, guestExit, serrorWindow,
    faultInfo,
    fpLive, saveGuestSysregs,
    timerTrapsOffStep, vgic.off, vgicOff, trapsOffStep, stage2Off,
    restoreHostSysregsStep, fpToHost, speOn, debugToHostStep, unmaskExceptions, returnToHost,
    vtimerPut, vtimerOffsetOff, ...vgic.put,
    panicReport, panicRestore, panicReturn,
  ],
};
