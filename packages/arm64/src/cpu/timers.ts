import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { Clock, ClockEvent, InterruptLine } from '@worldswitch/machine';
import type { SystemRegisters } from './registers.ts';

/** The generic timers (DDI 0487 D12). One tick of the machine's clock is one tick of the physical count. */
interface TimerRow {
  /** The processor's output line. */
  readonly output: 'timer-physical' | 'timer-virtual' | 'timer-hyp-physical' | 'timer-hyp-virtual';
  readonly ctl: RegisterName;
  readonly cval: RegisterName;
  readonly tval: RegisterName;
  /** Compares with the virtual count, whatever level runs. */
  readonly offset: boolean;
}

const TIMERS: readonly TimerRow[] = [
  { output: 'timer-physical', ctl: 'CNTP_CTL_EL0', cval: 'CNTP_CVAL_EL0', tval: 'CNTP_TVAL_EL0', offset: false },
  { output: 'timer-virtual', ctl: 'CNTV_CTL_EL0', cval: 'CNTV_CVAL_EL0', tval: 'CNTV_TVAL_EL0', offset: true },
  { output: 'timer-hyp-physical', ctl: 'CNTHP_CTL_EL2', cval: 'CNTHP_CVAL_EL2', tval: 'CNTHP_TVAL_EL2', offset: false },
  { output: 'timer-hyp-virtual', ctl: 'CNTHV_CTL_EL2', cval: 'CNTHV_CVAL_EL2', tval: 'CNTHV_TVAL_EL2', offset: false },
];

const ENABLE = 1n;
const IMASK = 2n;
const ISTATUS = 4n;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

export class GenericTimers {
  readonly #registers: SystemRegisters;
  readonly #clock: Clock;
  readonly #timers: readonly (TimerRow & { readonly line: InterruptLine; readonly event: ClockEvent })[];

  /** `output` gives the line that a board connects to the interrupt controller; `index` makes event names unique. */
  constructor(registers: SystemRegisters, clock: Clock, index: number, output: (name: string) => InterruptLine) {
    this.#registers = registers;
    this.#clock = clock;
    this.#timers = TIMERS.map((row) => ({ ...row, line: output(row.output), event: clock.event(`cpu${index}.${row.output}`, () => { this.update(); }) }));
  }

  /** The physical count as the instruction at hand reads it: ticks so far, its own included. */
  get count(): bigint {
    return this.#clock.now() + 1n;
  }
  /** The virtual count; without offset for EL2 and EL0 of a VHE host. */
  virtualCount(host: boolean): bigint {
    return host ? this.count : u64(this.count - this.#registers.get('CNTVOFF_EL2'));
  }

  /** A timer register's value, or undefined for a register of something else. */
  read(name: RegisterName): bigint | undefined {
    const timer = this.#timers.find(({ ctl, tval }) => name === ctl || name === tval);
    if (timer === undefined) return undefined;
    const count = this.#countOf(timer, this.count);
    if (name === timer.tval) return BigInt.asUintN(32, this.#registers.get(timer.cval) - count);
    const ctl = this.#registers.get(timer.ctl);
    return (ctl & (ENABLE | IMASK)) | (this.#expired(timer, count) ? ISTATUS : 0n);
  }
  /** Takes a write, if it is to a timer register; `update` must follow. */
  write(name: RegisterName, value: bigint): boolean {
    const timer = this.#timers.find(({ ctl, cval, tval }) => name === ctl || name === cval || name === tval);
    if (timer === undefined) return name === 'CNTVOFF_EL2' && (this.#registers.set(name, value), true);
    if (name === timer.ctl || name === timer.cval) this.#registers.set(name, this.legal(name, value));
    else this.#registers.set(timer.cval, u64(this.#countOf(timer, this.count) + BigInt.asIntN(32, value)));
    return true;
  }

  /** What a control, compare value or offset keeps of a value. */
  legal(name: RegisterName, value: bigint): bigint {
    return TIMERS.some(({ ctl }) => ctl === name) ? value & (ENABLE | IMASK) : value;
  }

  /** Sets the lines from the present count and schedules the next expiry. */
  update(): void {
    const now = this.#clock.now();
    for (const timer of this.#timers) {
      const ctl = this.#registers.get(timer.ctl);
      const count = this.#countOf(timer, now);
      const expired = this.#expired(timer, count);
      timer.line.set(expired && (ctl & IMASK) === 0n);
      const wait = u64(this.#registers.get(timer.cval) - count);
      // Further off than half the range is never, for a scheduler; the comparison itself stays unsigned.
      if ((ctl & ENABLE) !== 0n && !expired && wait < 1n << 62n) timer.event.schedule(now + wait);
      else timer.event.cancel();
    }
  }

  #countOf({ offset }: TimerRow, count: bigint): bigint {
    return offset ? u64(count - this.#registers.get('CNTVOFF_EL2')) : count;
  }
  #expired({ ctl, cval }: TimerRow, count: bigint): boolean {
    return (this.#registers.get(ctl) & ENABLE) !== 0n && count >= this.#registers.get(cval);
  }
}
