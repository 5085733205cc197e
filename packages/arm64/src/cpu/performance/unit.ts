import { PMCR_EL0, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { InterruptLine } from '@worldswitch/machine';
import type { ProcessorState } from '../processor-state.ts';
import { accessible, accessMask, counterOf, counters, counting, CYCLES, filterOf, firstOfEl2, globallyEnabled, type CountingState } from './controls.ts';

/** Common events that are counted (DDI 0487 D13, Common event numbers), and how. */
const EVENT = { softwareIncrement: 0x00n, instructionRetired: 0x08n, cycles: 0x11n } as const;
/** PMCEID0_EL0: one bit for each of them. */
export const IMPLEMENTED_EVENTS = (1n << EVENT.softwareIncrement) | (1n << EVENT.instructionRetired) | (1n << EVENT.cycles);
const EVENT_MASK = 0xffffn;
const ALL = 31;
const BY_64 = 64n;
const [P, C, D, LC, N] = (['P', 'C', 'D', 'LC', 'N'] as const).map((field) => PMCR_EL0.mask(field));
const N_SHIFT = 11n;
/** E, D, DP and LC; P and C act and read as 0, N and the identification are fixed, nothing is exported (X). */
const PMCR_WRITABLE = 0x69n;
const WORD = 0xffff_ffffn;

/** Pairs of registers that set and clear bits of one. */
const SETS: Readonly<Partial<Record<RegisterName, { readonly store: RegisterName; readonly set: boolean }>>> = {
  PMCNTENSET_EL0: { store: 'PMCNTENSET_EL0', set: true }, PMCNTENCLR_EL0: { store: 'PMCNTENSET_EL0', set: false },
  PMINTENSET_EL1: { store: 'PMINTENSET_EL1', set: true }, PMINTENCLR_EL1: { store: 'PMINTENSET_EL1', set: false },
  PMOVSSET_EL0: { store: 'PMOVSSET_EL0', set: true }, PMOVSCLR_EL0: { store: 'PMOVSSET_EL0', set: false },
};
const NUMBERED = /^PMEV(CNTR|TYPER)(\d+)_EL0$/;

/**
 * The Performance Monitors (FEAT_PMUv3, DDI 0487 D13). A cycle is a tick, and an instruction takes one: while instructions are counted,
 * so are cycles. Waiting takes none.
 *
 * Counters are brought up to date from the number of retired instructions, where they are read and where what they depend on changes;
 * an instruction that reads one has been counted by it. Only an overflow that raises an interrupt makes a run come back early.
 */
export class PerformanceUnit {
  readonly #s: ProcessorState;
  readonly #view: CountingState;
  readonly #interrupt: InterruptLine;
  /** Some counter is enabled, at whatever level. */
  #enabled = false;
  /** Counters that count instructions or cycles at the present level. */
  #active: readonly number[] = [];
  /** Retired instructions up to which they have counted. */
  #since = 0;
  /** Cycles of the 64 that PMCR_EL0.D makes one. */
  #part = 0n;

  /** `interrupt`: PMUIRQ. */
  constructor(state: ProcessorState, interrupt: InterruptLine) {
    this.#s = state;
    this.#interrupt = interrupt;
    const { features } = state.model;
    this.#view = {
      get el() { return state.pstate.el; },
      highestEl: state.highestEl, prohibits: features.has('FEAT_PMUv3p1'), prohibitsCycles: features.has('FEAT_PMUv3p5'),
      get: (name) => state.registers.get(name),
    };
  }

  /** At the start of a run: how many instructions it may execute before it has to come back here. */
  bounded(budget: number): number {
    if (this.#active.length === 0) return budget;
    this.settle();
    return Math.min(budget, this.#distance());
  }
  /** At the end of a run: an overflow may have made the interrupt due. */
  due(): void {
    if (this.#active.length > 0) this.#updateInterrupt();
  }
  /** What counting depends on is about to change: the instruction at hand is the last that is counted as before. */
  settle(): void {
    if (this.#active.length === 0) return;
    const now = this.#s.core.retiredBehind;
    const passed = now - this.#since;
    this.#since = now;
    if (passed > 0) for (const n of this.#active) this.#add(n, BigInt(passed));
  }
  /** It has changed. */
  changed(): void {
    const { registers, core } = this.#s;
    this.#since = core.retiredBehind;
    this.#enabled = registers.get('PMCNTENSET_EL0') !== 0n;
    this.#active = this.#enabled ? Array.from({ length: counters(this.#view) + 1 }, (_, n) => (n === 0 ? CYCLES : n - 1)).filter((n) => this.#counts(n)) : [];
    this.#updateInterrupt();
    const distance = this.#active.length === 0 ? Infinity : this.#distance();
    if (distance < Infinity) core.limit(core.retiredInRun + (core.retiredBehind - core.retired) + distance);
  }
  /** The exception level has changed. */
  levelChanged(): void {
    if (!this.#enabled) return;
    this.settle();
    this.changed();
  }

  /** What PMCR_EL0 reads as after a write of `value`. */
  control(value: bigint): bigint {
    const fixed = this.#s.registers.get('PMCR_EL0') & ~PMCR_WRITABLE & ~N;
    return fixed | (BigInt(accessible(this.#view)) << N_SHIFT) | (value & PMCR_WRITABLE);
  }
  /** The bits of a set or a clear register that the present level has. */
  reachable(bits: bigint): bigint {
    return bits & accessMask(this.#view);
  }
  /** A register as the present level reads it; undefined for one of something else. */
  read(name: RegisterName): bigint | undefined {
    const { registers } = this.#s;
    if (!name.startsWith('PM')) return undefined;
    const pair = SETS[name];
    if (pair !== undefined) {
      if (pair.store === 'PMOVSSET_EL0') this.settle();
      return this.reachable(registers.get(pair.store));
    }
    switch (name) {
      case 'PMCR_EL0': return this.control(registers.get(name));
      case 'PMXEVTYPER_EL0': return this.#selected(filterOf);
      case 'PMXEVCNTR_EL0': return this.#selected(counterOf);
      case 'PMCCNTR_EL0': this.settle(); return registers.get(name);
      default: {
        const [, , n] = NUMBERED.exec(name) ?? [];
        if (n === undefined) return undefined;
        this.settle();
        return Number(n) < accessible(this.#view) ? registers.get(name) : 0n;
      }
    }
  }
  /** Takes a write, if it is to a register of counting; between `settle` and `changed`. */
  write(name: RegisterName, value: bigint): boolean {
    const { registers } = this.#s;
    const pair = SETS[name];
    if (pair !== undefined) {
      const bits = this.reachable(value);
      const old = registers.get(pair.store);
      registers.set(pair.store, pair.set ? old | bits : old & ~bits);
      return true;
    }
    switch (name) {
      case 'PMCR_EL0': this.#control(value); return true;
      case 'PMSWINC_EL0':
        for (let n = 0; n < accessible(this.#view); n++) {
          if (((value >> BigInt(n)) & 1n) !== 0n && this.#eventOf(n) === EVENT.softwareIncrement && counting(this.#view, n)) this.#add(n, 1n);
        }
        return true;
      case 'PMXEVTYPER_EL0': this.#select(filterOf, value); return true;
      case 'PMXEVCNTR_EL0': this.#select(counterOf, value); return true;
      case 'PMCCNTR_EL0':
        registers.set(name, value);
        this.#part = 0n;
        return true;
      default: {
        const [, , n] = NUMBERED.exec(name) ?? [];
        if (n === undefined) return false;
        // Counters that are not there, or not this level's, are RAZ/WI: one of the choices (DDI 0487 PMEVCNTR<n>_EL0).
        if (Number(n) < accessible(this.#view)) registers.set(name, registers.legalise(name, value, this.#s.e2h));
        return true;
      }
    }
  }

  save(): string {
    return this.#part.toString();
  }
  restore(part: string): void {
    this.#part = BigInt(part);
  }
  reset(): void {
    this.#part = 0n;
    this.#active = [];
    this.#enabled = false;
  }

  #counts(n: number): boolean {
    if (!counting(this.#view, n)) return false;
    const event = n === CYCLES ? EVENT.cycles : this.#eventOf(n);
    return event === EVENT.cycles || event === EVENT.instructionRetired;
  }
  #eventOf(n: number): bigint {
    return this.#s.registers.get(filterOf(n)) & EVENT_MASK;
  }
  /** Adds, and notes an overflow: of 32 bits, for the cycle counter of 64 with PMCR_EL0.LC. */
  #add(n: number, count: bigint): void {
    const { registers } = this.#s;
    const name = counterOf(n);
    const step = n === CYCLES ? this.#divided(count) : count;
    const old = registers.get(name);
    const sum = old + step;
    const bits = this.#width(n);
    if (old >> bits !== sum >> bits) registers.set('PMOVSSET_EL0', registers.get('PMOVSSET_EL0') | (1n << BigInt(n)));
    registers.set(name, n === CYCLES ? BigInt.asUintN(64, sum) : sum & WORD);
  }
  /** PMCR_EL0.D: one in 64, unless the cycle counter is a long one. */
  #divided(cycles: bigint): bigint {
    if (!this.#divides()) return cycles;
    const all = this.#part + cycles;
    this.#part = all % BY_64;
    return all / BY_64;
  }
  #divides(): boolean {
    return (this.#s.registers.get('PMCR_EL0') & (D | LC)) === D;
  }
  #width(n: number): bigint {
    return n === CYCLES && (this.#s.registers.get('PMCR_EL0') & LC) !== 0n ? 64n : 32n;
  }
  /** Instructions up to and with the one whose overflow raises the interrupt. */
  #distance(): number {
    const { registers } = this.#s;
    const armed = registers.get('PMINTENSET_EL1') & ~registers.get('PMOVSSET_EL0');
    if (armed === 0n) return Infinity;
    let least = Infinity;
    for (const n of this.#active) {
      if (((armed >> BigInt(n)) & 1n) === 0n) continue;
      const left = (1n << this.#width(n)) - BigInt.asUintN(Number(this.#width(n)), registers.get(counterOf(n)));
      least = Math.min(least, Number(n === CYCLES && this.#divides() ? left * BY_64 - this.#part : left));
    }
    return least <= Number.MAX_SAFE_INTEGER ? least : Infinity;
  }
  /** `CheckForPMUOverflow`: overflown, enabled as an interrupt, and the counters as a whole enabled. */
  #updateInterrupt(): void {
    const { registers } = this.#s;
    const pending = registers.get('PMOVSSET_EL0') & registers.get('PMINTENSET_EL1');
    this.#interrupt.set(pending !== 0n && Array.from({ length: ALL + 1 }, (_, n) => n).some((n) => ((pending >> BigInt(n)) & 1n) !== 0n && globallyEnabled(this.#view, n)));
  }
  #control(value: bigint): void {
    const { registers } = this.#s;
    // From EL1 and EL0 the counters of EL2 are out of reach.
    const last = this.#view.el < 2 ? firstOfEl2(this.#view) : counters(this.#view);
    if ((value & P) !== 0n) for (let n = 0; n < last; n++) registers.set(counterOf(n), 0n);
    if ((value & C) !== 0n) {
      registers.set('PMCCNTR_EL0', 0n);
      this.#part = 0n;
    }
    registers.set('PMCR_EL0', (registers.get('PMCR_EL0') & ~PMCR_WRITABLE) | (value & PMCR_WRITABLE));
  }
  /** PMSELR_EL0.SEL chooses: 31 is the cycle counter's filter, and no counter. */
  #chosen(of: (n: number) => RegisterName): RegisterName | undefined {
    const n = Number(this.#s.registers.get('PMSELR_EL0') & 31n);
    return n < accessible(this.#view) || (n === CYCLES && of === filterOf) ? of(n) : undefined;
  }
  #selected(of: (n: number) => RegisterName): bigint {
    this.settle();
    const name = this.#chosen(of);
    return name === undefined ? 0n : this.#s.registers.get(name);
  }
  #select(of: (n: number) => RegisterName, value: bigint): void {
    const { registers, e2h } = this.#s;
    const name = this.#chosen(of);
    if (name !== undefined) registers.set(name, registers.legalise(name, value, e2h));
  }
}
