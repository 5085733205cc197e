/** The PPIs of a VM's vCPUs by which its timers interrupt: those of the Arm Base System Architecture until the VMM chooses others. */
import { INTID } from '../host/interrupts.ts';

export class TimerInterrupts {
  virtual: number = INTID.virtualTimer;
  physical: number = INTID.physicalTimer;
  /** Those of EL2, which no guest has: kept for the VMM. */
  hypVirtual = 28;
  hypPhysical: number = INTID.hypPhysicalTimer;
}
