/**
 * A guest's timers on the host. Its physical timer is never in hardware: the host's own stands in for it. Its virtual timer is, from load to
 * put or, with a switch that keeps it for a run only, from entry to exit; then the host's own stands in for that too while the guest waits.
 */
import { CNTHCTL_EL2 } from '@worldswitch/arm64-sysreg';
import type { Host } from '../host/host.ts';
import { INTID } from '../host/interrupts.ts';
import type { Guest } from './guest.ts';
import { timerDue, timerLine } from './timers.ts';

const TIMER_ON = 1n;
/** ENABLE and ISTATUS without IMASK. */
const FIRING = 5n;
const CONTROL = 7n;

export interface HostTimersOptions {
  readonly guest: Guest;
  readonly host: Host;
  /** Whether the virtual timer is in hardware from entry to exit only. */
  readonly perRun: boolean;
  /** Whether the virtual timer's interrupt is the guest's own: then it is never masked at the controller, but active there while it is up. */
  readonly forwarded: boolean;
  /** Told when a level changes. */
  readonly setLines: (change: Partial<Guest['lines']>) => void;
}

export class HostTimers {
  readonly #guest: Guest;
  readonly #host: Host;
  readonly #perRun: boolean;
  readonly #options: HostTimersOptions;
  readonly #setLines: HostTimersOptions['setLines'];
  #on = false;

  constructor(options: HostTimersOptions) {
    const { guest, host, perRun, setLines } = options;
    this.#guest = guest;
    this.#host = host;
    this.#perRun = perRun;
    this.#options = options;
    this.#setLines = setLines;
  }

  /** The vCPU gets the processor, or gives it up. */
  load(): void {
    const { interrupts, code } = this.#host;
    interrupts.setEnabled(code, this.#intid, true);
    interrupts.setEnabled(code, INTID.virtualTimer, this.#options.forwarded || !this.#guest.lines.vtimer);
    this.#trapCounter(true);
  }
  put(): void {
    if (this.#on) this.#host.code.write('CNTP_CTL_EL0', 0n);
    this.#on = false;
    this.#trapCounter(false);
  }

  /** A guest whose physical count is not the host's reads it by a trap: with VHE from load to put, without it the switch sees to that. */
  #trapCounter(on: boolean): void {
    const { code, mode } = this.#host;
    if (mode === 'vhe' && this.#guest.memory.state.get('cntpoff') !== 0n) code.write('CNTHCTL_EL2', on ? 0n : CNTHCTL_EL2.e2h1.mask('EL1PCTEN'));
  }

  /** The guest has been left. */
  left(): void {
    if (this.#perRun) this.#syncVirtual();
    else this.#lowerVirtual();
    this.#updatePhysical();
  }
  /** It is about to wait, and has waited. */
  waiting(): void {
    if (this.#perRun) this.#syncVirtual();
  }
  waited(): void {
    if (this.#perRun) this.#syncVirtual();
    this.#updatePhysical();
  }

  /** Of a vCPU that is not loaded: whether a level is another than was told, so that there is something for it to do. */
  get changed(): boolean {
    const { state } = this.#guest.memory;
    const { vtimer, ptimer } = this.#guest.lines;
    if (((state.get('cntv-ctl') | state.get('cntp-ctl')) & TIMER_ON) === 0n) return vtimer || ptimer;
    const count = this.#count();
    return timerLine(state.get('cntv-ctl'), state.get('cntv-cval'), this.#virtual(count)) !== vtimer || timerLine(state.get('cntp-ctl'), state.get('cntp-cval'), this.#physical(count)) !== ptimer;
  }

  /** Of a vCPU that is not loaded: the physical count at which its next timer fires. */
  get deadline(): bigint | undefined {
    const { state } = this.#guest.memory;
    if (((state.get('cntv-ctl') | state.get('cntp-ctl')) & TIMER_ON) === 0n) return undefined;
    const count = this.#count();
    return earliest(this.#physicalDue(count), this.#virtualDue(state.get('cntv-ctl'), count));
  }

  #virtual(count: bigint): bigint {
    return BigInt.asUintN(64, count - this.#guest.memory.state.get('cntvoff'));
  }

  #physical(count: bigint): bigint {
    return BigInt.asUintN(64, count - this.#guest.memory.state.get('cntpoff'));
  }

  /** The host's physical count at which the guest's physical timer fires. */
  #physicalDue(count: bigint): bigint | undefined {
    const { state } = this.#guest.memory;
    const due = timerDue(state.get('cntp-ctl'), state.get('cntp-cval'), this.#physical(count));
    return due === undefined ? undefined : BigInt.asUintN(64, due + state.get('cntpoff'));
  }

  /** The physical count at which the virtual timer fires, with this control. */
  #virtualDue(control: bigint, count: bigint): bigint | undefined {
    const { state } = this.#guest.memory;
    const due = timerDue(control, state.get('cntv-cval'), this.#virtual(count));
    return due === undefined ? undefined : BigInt.asUintN(64, due + state.get('cntvoff'));
  }

  /** Takes an interrupt that is a timer's; false for any other. */
  interrupted(id: number): boolean {
    const { code } = this.#host;
    if (id === INTID.virtualTimer) {
      this.#mask(true);
      if (!this.#guest.lines.vtimer) this.#setLines({ vtimer: true });
      return true;
    }
    if (id !== this.#intid) return false;
    code.write('CNTP_CTL_EL0', 0n);
    this.#on = false;
    return true;
  }

  /** Sets the host's timer to the next deadline, or `others`, a count by which to be back. By the EL0 name in both modes: with E2H it reaches the timer of EL2. */
  program({ waiting = false, others }: { readonly waiting?: boolean; readonly others?: bigint } = {}): void {
    const { state } = this.#guest.memory;
    const physical = state.get('cntp-ctl');
    const virtual = waiting && this.#perRun ? state.get('cntv-ctl') : 0n;
    if (((physical | virtual) & TIMER_ON) === 0n && !this.#on && others === undefined) return;
    const count = this.#count();
    const due = earliest(others, earliest(this.#physicalDue(count), this.#virtualDue(virtual, count)));
    const { code } = this.#host;
    if (due !== undefined) code.write('CNTP_CVAL_EL0', due);
    if ((due !== undefined) === this.#on) return;
    code.write('CNTP_CTL_EL0', due === undefined ? 0n : TIMER_ON);
    this.#on = due !== undefined;
  }

  get #intid(): number {
    return this.#host.mode === 'vhe' ? INTID.hypPhysicalTimer : INTID.physicalTimer;
  }

  #count(): bigint {
    const { code } = this.#host;
    code.place = { step: 'ptimer', phase: '', kind: 'host' };
    return code.read('CNTPCT_EL0');
  }

  /** A timer of the guest that was up may be down again: then its interrupt counts again. */
  #lowerVirtual(): void {
    if (!this.#guest.lines.vtimer) return;
    const { code } = this.#host;
    code.place = { step: 'vtimer-sync', phase: '', kind: 'host' };
    if ((code.read(code.el0.CNTV_CTL) & CONTROL) === FIRING) return;
    this.#mask(false);
    this.#setLines({ vtimer: false });
  }

  /** A timer that is in hardware only while the guest runs has no line then that the host could hear: its state in memory says what it is. */
  #syncVirtual(): void {
    const { state } = this.#guest.memory;
    const level = timerLine(state.get('cntv-ctl'), state.get('cntv-cval'), this.#virtual(this.#count()));
    if (level === this.#guest.lines.vtimer) return;
    this.#mask(level);
    this.#setLines({ vtimer: level });
  }

  /** Masked at the controller while the guest's timer is up: the level stays until the guest has dealt with it, and it would never get to that. */
  #mask(masked: boolean): void {
    const { code, interrupts } = this.#host;
    if (!this.#options.forwarded) interrupts.setEnabled(code, INTID.virtualTimer, !masked);
  }

  #updatePhysical(): void {
    const { state } = this.#guest.memory;
    const ctl = state.get('cntp-ctl');
    if ((ctl & TIMER_ON) === 0n && !this.#guest.lines.ptimer) return;
    const level = timerLine(ctl, state.get('cntp-cval'), this.#physical(this.#count()));
    if (level !== this.#guest.lines.ptimer) this.#setLines({ ptimer: level });
  }
}

function earliest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
