import type { Core, CoreStop, DataAccess, EngineFault, Guest, Helper, Translation, TranslationKind } from '@worldswitch/engine';

/** Control registers of the toy. */
export const CONTROL = { status: 0, vector: 1, epc: 2, cause: 3, count: 4, alarm: 5 } as const;
/** `cause` values. */
export const CAUSE = { syscall: 1, undefined: 2, data: 3, fetch: 4, alignment: 5, external: 6, interrupt: 7 } as const;

const INTERRUPTS_ON = 1n;
const WAS_ON = 2n;

/** Detail of an interrupt's `cause`. */
export const INTERRUPT = { alarm: 0n, line: 1n } as const;

interface ToyFault {
  readonly kind: 'mapping';
}

/** What `count` reads, and who is told of a new `alarm` (0: none). Without one, time is the processor's own retired instructions. */
export interface ToyTime {
  now(): bigint;
  alarm(at: bigint): void;
}

/** A guest beside its core, as plain data. */
export type ToyGuestState = { readonly control: readonly bigint[]; readonly waiting: boolean; readonly interrupted: boolean; readonly held: boolean };

/**
 * The toy's processor around the engine. Addresses: the low 24 bits are physical. Bit 24 makes the page strict about
 * alignment, bit 25 read-only, bit 26 is an alias; anything above faults. One interrupt: when `count` reaches `alarm`, or while the
 * input line is high.
 */
export class ToyGuest implements Guest<ToyFault> {
  core!: Core;
  readonly helpers: Readonly<Record<string, Helper>>;
  readonly #control = new BigUint64Array(6);
  readonly #time: ToyTime;
  #waiting = false;
  #interrupted = false;
  #held = false;
  #started = 0;
  #end = 0;
  /** Where the present call of `Core.run` began. */
  #piece = 0;

  constructor(time?: ToyTime) {
    this.#time = time ?? { now: () => BigInt(this.core.retired), alarm: () => undefined };
    this.helpers = {
      getc: (register) => this.getControl(Number(register)),
      setc: (register, value) => {
        this.setControl(Number(register), value);
        // The time of the next interrupt is a limit of the run: whoever runs this processor must look at it again.
        this.core.end({ kind: 'yield' });
        return undefined;
      },
      iret: () => {
        const status = this.#control[CONTROL.status];
        this.#control[CONTROL.status] = (status & ~3n) | ((status & WAS_ON) >> 1n) | WAS_ON;
        this.core.redirect(this.#control[CONTROL.epc]);
        return undefined;
      },
      wait: () => {
        if (this.#due()) return undefined;
        this.#waiting = true;
        this.core.end({ kind: 'idle' });
        return undefined;
      },
      halt: () => {
        this.core.end({ kind: 'halted', why: 'halt' });
        return undefined;
      },
    };
  }

  getControl(register: number): bigint {
    return register === CONTROL.count ? this.#time.now() : this.#control[register];
  }
  setControl(register: number, value: bigint): void {
    this.#control[register] = value;
    if (register === CONTROL.alarm) this.#time.alarm(this.#control[register]);
  }
  /** The interrupt input. */
  setInterrupt(level: boolean): void {
    this.#interrupted = level;
    this.core.attend();
  }
  /** While held, a processor is idle whatever happens. */
  hold(level: boolean): void {
    this.#held = level;
    this.core.end({ kind: 'yield' });
  }

  /** Instructions retired in the present run, or in the last one. */
  get retired(): number {
    return this.core.retired - this.#started;
  }
  /**
   * Runs the processor, cutting the budget at the alarm so that the interrupt comes before the exact instruction. One that waits and
   * that nothing woke retires nothing.
   */
  run(budget: number): CoreStop {
    this.#started = this.core.retired;
    this.#end = this.#started + budget;
    for (;;) {
      if (this.#held || (this.#waiting && !this.#due())) return { kind: 'idle' };
      this.#waiting = false;
      this.#piece = this.core.retired;
      const left = this.#end - this.#piece;
      const untilAlarm = this.#control[CONTROL.alarm] - this.#time.now();
      const stop = this.core.run(untilAlarm > 0n && untilAlarm < BigInt(left) ? Number(untilAlarm) : left);
      const over = this.core.retired >= this.#end;
      if (stop.kind === 'budget' || stop.kind === 'yield') {
        if (over) return { kind: 'budget' };
      } else {
        return stop;
      }
    }
  }
  /** From within a run: it ends after `total` instructions, or after the one at hand. */
  limit(total: number): void {
    this.#end = Math.min(this.#end, this.#started + total);
    this.core.limit(Math.max(0, this.#end - this.#piece));
  }

  translate(address: bigint, kind: TranslationKind): Translation<ToyFault> {
    if (address >> 27n !== 0n || (kind === 'write' && (address & (1n << 25n)) !== 0n)) return { ok: false, fault: { kind: 'mapping' } };
    return { ok: true, physical: Number(address & 0xff_ffffn), strict: (address & (1n << 24n)) !== 0n };
  }
  dataFault(_access: DataAccess, fault: ToyFault | EngineFault): void {
    this.#exception(fault.kind === 'mapping' ? CAUSE.data : CAUSE[fault.kind], this.core.pc);
  }
  fetchFault(address: bigint, fault: ToyFault | EngineFault): void {
    this.#exception(fault.kind === 'alignment' ? CAUSE.alignment : CAUSE.fetch, address);
  }
  undefined(): undefined {
    this.#exception(CAUSE.undefined, this.core.pc + 4n);
    return undefined;
  }
  raise(_name: string, [code]: readonly bigint[]): void {
    this.#exception(CAUSE.syscall, this.core.pc + 4n, code);
  }
  interrupt(): boolean {
    if ((this.#control[CONTROL.status] & INTERRUPTS_ON) === 0n || !this.#due()) return false;
    const alarm = this.#alarmDue();
    if (alarm) this.setControl(CONTROL.alarm, 0n);
    this.#exception(CAUSE.interrupt, this.core.pc, alarm ? INTERRUPT.alarm : INTERRUPT.line);
    return true;
  }

  /** As after power-on; input lines keep their levels. */
  reset(): void {
    this.#control.fill(0n);
    this.setControl(CONTROL.alarm, 0n);
    this.#waiting = false;
  }
  save(): ToyGuestState {
    return { control: [...this.#control], waiting: this.#waiting, interrupted: this.#interrupted, held: this.#held };
  }
  /** Silent: whoever keeps the time restores it by itself. */
  restore({ control, waiting, interrupted, held }: ToyGuestState): void {
    this.#control.set(control);
    this.#waiting = waiting;
    this.#interrupted = interrupted;
    this.#held = held;
  }

  #alarmDue(): boolean {
    const alarm = this.#control[CONTROL.alarm];
    return alarm !== 0n && this.#time.now() >= alarm;
  }
  #due(): boolean {
    return this.#interrupted || this.#alarmDue();
  }
  #exception(cause: number, returnTo: bigint, detail = 0n): void {
    const status = this.#control[CONTROL.status];
    this.#control[CONTROL.status] = (status & ~3n) | ((status & INTERRUPTS_ON) << 1n);
    this.#control[CONTROL.epc] = BigInt.asUintN(64, returnTo);
    this.#control[CONTROL.cause] = BigInt(cause) | (detail << 8n);
    this.core.redirect(this.#control[CONTROL.vector]);
  }
}
