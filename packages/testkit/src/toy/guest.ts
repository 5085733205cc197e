import type { Core, CoreStop, DataAccess, EngineFault, Guest, Helper, Translation, TranslationKind } from '@worldswitch/engine';

/** Control registers of the toy. */
export const CONTROL = { status: 0, vector: 1, epc: 2, cause: 3, count: 4, alarm: 5 } as const;
/** `cause` values. */
export const CAUSE = { syscall: 1, undefined: 2, data: 3, fetch: 4, alignment: 5, external: 6, interrupt: 7 } as const;

const INTERRUPTS_ON = 1n;
const WAS_ON = 2n;

interface ToyFault {
  readonly kind: 'mapping';
}

/**
 * The toy's processor around the engine. Addresses: the low 24 bits are physical. Bit 24 makes the page strict about
 * alignment, bit 25 read-only, bit 26 is an alias; anything above faults. One interrupt: `alarm`, when `count` reaches it.
 */
export class ToyGuest implements Guest<ToyFault> {
  core!: Core;
  readonly control = new BigUint64Array(6);
  readonly helpers: Readonly<Record<string, Helper>>;

  constructor() {
    this.helpers = {
      getc: (register) => (register === BigInt(CONTROL.count) ? BigInt(this.core.retired) : this.control[Number(register)]),
      setc: (register, value) => {
        this.control[Number(register)] = value;
        // The time of the next interrupt is a limit of the run: whoever runs this processor must look at it again.
        this.core.end({ kind: 'yield' });
        return undefined;
      },
      iret: () => {
        const status = this.control[CONTROL.status];
        this.control[CONTROL.status] = (status & ~3n) | ((status & WAS_ON) >> 1n) | WAS_ON;
        this.core.redirect(this.control[CONTROL.epc]);
        return undefined;
      },
      wait: () => {
        if (!this.#due()) this.core.end({ kind: 'idle' });
        return undefined;
      },
      halt: () => {
        this.core.end({ kind: 'halted', why: 'halt' });
        return undefined;
      },
    };
  }

  /** Runs the processor, cutting the budget at the alarm so that the interrupt comes before the exact instruction. */
  run(budget: number): CoreStop {
    const end = this.core.retired + budget;
    for (;;) {
      const alarm = Number(this.control[CONTROL.alarm]);
      const now = this.core.retired;
      const stop = this.core.run(alarm > now ? Math.min(end, alarm) - now : end - now);
      if (stop.kind !== 'yield' && !(stop.kind === 'budget' && this.core.retired < end)) return stop;
    }
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
    if ((this.control[CONTROL.status] & INTERRUPTS_ON) === 0n || !this.#due()) return false;
    this.control[CONTROL.alarm] = 0n;
    this.#exception(CAUSE.interrupt, this.core.pc);
    return true;
  }

  save(): readonly bigint[] {
    return [...this.control];
  }
  restore(control: readonly bigint[]): void {
    this.control.set(control);
  }

  #due(): boolean {
    const alarm = this.control[CONTROL.alarm];
    return alarm !== 0n && BigInt(this.core.retired) >= alarm;
  }
  #exception(cause: number, returnTo: bigint, detail = 0n): void {
    const status = this.control[CONTROL.status];
    this.control[CONTROL.status] = (status & ~3n) | ((status & INTERRUPTS_ON) << 1n);
    this.control[CONTROL.epc] = BigInt.asUintN(64, returnTo);
    this.control[CONTROL.cause] = BigInt(cause) | (detail << 8n);
    this.core.redirect(this.control[CONTROL.vector]);
  }
}
