/** A vCPU's guest in the processor, between load and put: what is there of it although it does not run. */
import type { Host } from '../host/host.ts';
import { INTID } from '../host/interrupts.ts';
import type { Panic, WorldSwitch } from '../switch/world.ts';
import { MAINTENANCE_INTID } from '../vgic/interface.ts';
import type { VirtualInterrupts } from '../vgic/interrupts.ts';
import { loadDebug, putDebug } from './debug-owner.ts';
import type { Guest } from './guest.ts';
import type { HostTimers } from './host-timers.ts';
import { LoadedRegisters } from './loaded.ts';

export interface ResidenceSetup {
  readonly guest: Guest;
  readonly host: Host;
  readonly world: WorldSwitch;
  readonly timers: HostTimers;
  /** Those in hardware; undefined while the VMM has the interrupt controller. */
  readonly virtualInterrupts: () => VirtualInterrupts | undefined;
  /** VTTBR_EL2 of a vCPU that is about to run. */
  readonly claimVttbr: () => bigint;
}

export class Residence {
  readonly #setup: ResidenceSetup;
  #loaded = false;

  constructor(setup: ResidenceSetup) {
    this.#setup = setup;
  }

  /** Nothing, if it is there. */
  load(): Panic | undefined {
    if (this.#loaded) return undefined;
    const { guest, host, world, timers, virtualInterrupts, claimVttbr } = this.#setup;
    timers.load();
    if (virtualInterrupts()) host.interrupts.setEnabled(host.code, MAINTENANCE_INTID, true);
    guest.memory.state.set('vttbr', claimVttbr());
    if (world.revision.guestDebug === 'owner') loadDebug(guest, host.constants.mdcr);
    const panic = world.load(guest.memory);
    if (panic) return panic;
    const slots = world.revision.loaded?.(host.mode);
    if (slots !== undefined && slots.size > 0) guest.loaded = new LoadedRegisters(host.code, slots);
    this.#loaded = true;
    return undefined;
  }

  /** Nothing, if it is not there. */
  put(): Panic | undefined {
    if (!this.#loaded) return undefined;
    this.#loaded = false;
    const { guest, host, world, timers, virtualInterrupts } = this.#setup;
    timers.put();
    const panic = world.put(guest.memory);
    if (virtualInterrupts()) host.interrupts.setEnabled(host.code, MAINTENANCE_INTID, false);
    virtualInterrupts()?.release();
    guest.loaded = undefined;
    if (world.revision.guestDebug === 'owner') putDebug(guest);
    host.interrupts.setEnabled(host.code, INTID.virtualTimer, false);
    return panic;
  }

  /** The switch has ended in a panic: nothing of it is there any more. */
  lost(): void {
    this.#loaded = false;
    this.#setup.guest.loaded = undefined;
  }
}
