/**
 * A vCPU's performance monitors (FEAT_PMUv3, DDI 0487 D13). All accesses trap, and the registers are kept here; what retires and how long it takes
 * only the processor knows, so while the guest runs the host's counters count in place of its own, with the guest's filters. An access that
 * the VMM completes counts as any other: a program finds the numbers that it would find without a hypervisor.
 */
import { PMCR_EL0 } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { UserPmu } from '../one-reg/pmu-registers.ts';
import { EVENT, eventMask } from './events.ts';
import type { EventFilter } from './events.ts';
import { CYCLES, bitOf, counterOf, filterOf } from './host-counters.ts';
import type { Counted, HostCounters } from './host-counters.ts';

export interface VirtualPmuSetup {
  /** The registers, as the VMM has them. */
  readonly kept: UserPmu;
  readonly events: EventFilter;
  readonly hardware: Pick<HostCounters, 'running' | 'start' | 'stop'>;
  /** ID_AA64DFR0_EL1.PMUVer of the guest. */
  readonly version: () => number;
  /** PMCEID0_EL0 and PMCEID1_EL0 of the host. */
  readonly implemented: (register: 'PMCEID0_EL0' | 'PMCEID1_EL0') => bigint;
  /** Takes a guest that stands on the processor off it. */
  readonly settle: () => void;
}

/** E, D, DP and LC, of which a write keeps the value; P and C act; nothing is exported (X). */
const PMCR_KEPT = 0x69n;
const [E, P, C, LC] = (['E', 'P', 'C', 'LC'] as const).map((field) => PMCR_EL0.mask(field));
const FILTER = { P: 1n << 31n, U: 1n << 30n } as const;
const PMUSERENR_BITS = 0xfn;
const WORD = 32n;
/** Bits of a PMCEID register: events in 31:0, and 63:32 for those from 0x4000 up. */
const EVENTS = 32;
const LATER_EVENTS = 0x4000;

/** Registers that set or clear bits of one. */
const SETS: Readonly<Partial<Record<RegisterName, { readonly store: RegisterName; readonly set: boolean }>>> = {
  PMCNTENSET_EL0: { store: 'PMCNTENSET_EL0', set: true }, PMCNTENCLR_EL0: { store: 'PMCNTENSET_EL0', set: false },
  PMINTENSET_EL1: { store: 'PMINTENSET_EL1', set: true }, PMINTENCLR_EL1: { store: 'PMINTENSET_EL1', set: false },
  PMOVSSET_EL0: { store: 'PMOVSSET_EL0', set: true }, PMOVSCLR_EL0: { store: 'PMOVSSET_EL0', set: false },
};
const NUMBERED = /^PMEV(CNTR|TYPER)(\d+)_EL0$/;

export class VirtualPmu implements UserPmu {
  readonly #setup: VirtualPmuSetup;
  readonly #kept: UserPmu;

  constructor(setup: VirtualPmuSetup) {
    this.#setup = setup;
    this.#kept = setup.kept;
  }

  // For the VMM

  get(name: RegisterName): bigint {
    this.#settle();
    return this.#kept.get(name);
  }
  set(name: RegisterName, value: bigint): void {
    this.#settle();
    this.#kept.set(name, value);
  }
  reset(): void {
    this.#kept.reset();
  }
  #settle(): void {
    if (this.#setup.hardware.running) this.#setup.settle();
  }

  // For the vCPU

  /** Before an entry. */
  enter(): void {
    if (!this.#enabled) return;
    const armed = this.#kept.get('PMINTENSET_EL1') & ~this.#kept.get('PMOVSSET_EL0');
    const counted: Counted[] = [];
    for (const n of this.#numbers()) {
      const event = this.#counts(n);
      if (event === undefined || event === EVENT.chain || event === EVENT.softwareIncrement || !this.#implements(event)) continue;
      const filter = (this.#kept.get(filterOf(n)) & (FILTER.P | FILTER.U)) | (n === CYCLES ? 0n : BigInt(event));
      counted.push({ n, filter, count: this.#count(n), interrupts: (armed & bitOf(n)) !== 0n || this.#chained(n) });
    }
    this.#setup.hardware.start(counted);
  }

  /** After an exit. */
  leave(): void {
    if (!this.#setup.hardware.running) return;
    const { counts, overflown } = this.#setup.hardware.stop();
    for (const [n, count] of counts) this.#kept.set(counterOf(n), count);
    for (const n of counts.keys()) if ((overflown & bitOf(n)) !== 0n) this.#overflow(n);
  }

  /** An instruction of the guest's at `el` was completed for it. */
  retired(el: 0 | 1): void {
    if (!this.#enabled) return;
    for (const n of this.#numbers()) {
      const event = this.#counts(n);
      if ((event === EVENT.cycles || event === EVENT.instructionRetired) && this.#permits(n, el)) this.#add(n);
    }
  }

  /** `CheckForPMUOverflow`: overflown, enabled as an interrupt, and the counters as a whole enabled. */
  get line(): boolean {
    return (this.#kept.get('PMCR_EL0') & E) !== 0n && (this.#kept.get('PMOVSSET_EL0') & this.#kept.get('PMINTENSET_EL1')) !== 0n;
  }

  // For the guest: accesses it is allowed to make (see access.ts), of an instruction that has been counted

  get counters(): number {
    return PMCR_EL0.decode(this.#kept.get('PMCR_EL0')).N;
  }
  get userEnable(): bigint {
    return this.#kept.get('PMUSERENR_EL0') & PMUSERENR_BITS;
  }

  read(name: RegisterName): bigint {
    const { store } = SETS[name] ?? {};
    if (store !== undefined) return this.#kept.get(store);
    switch (name) {
      case 'PMCR_EL0': return this.#kept.get(name) & ~(P | C | (0xffn & ~PMCR_KEPT));
      case 'PMUSERENR_EL0': return this.userEnable;
      case 'PMCEID0_EL0': return this.#identified(name, 0);
      case 'PMCEID1_EL0': return this.#identified(name, EVENTS);
      case 'PMXEVTYPER_EL0': return this.#read(this.#selected(filterOf));
      case 'PMXEVCNTR_EL0': return this.#read(this.#selected(counterOf));
      default: return this.#read(name);
    }
  }

  write(name: RegisterName, value: bigint, el: 0 | 1): void {
    const pair = SETS[name];
    if (pair !== undefined) {
      const old = this.#kept.get(pair.store);
      this.#kept.set(pair.store, pair.set ? old | value : old & ~value);
      return;
    }
    switch (name) {
      case 'PMCR_EL0': return this.#control(value);
      case 'PMSWINC_EL0': return this.#increment(value, el);
      case 'PMUSERENR_EL0': return this.#kept.set(name, value & PMUSERENR_BITS);
      case 'PMXEVTYPER_EL0': return this.#write(this.#selected(filterOf), value);
      case 'PMXEVCNTR_EL0': return this.#write(this.#selected(counterOf), value);
      default: return this.#write(name, value);
    }
  }

  /** Of counter, filter or PMSELR_EL0. Selecting one that is not there is one of the choices: RAZ/WI (DDI 0487 PMXEVCNTR_EL0). */
  #read(name: RegisterName | undefined): bigint {
    return name === undefined ? 0n : this.#kept.get(name) & this.#bits(name);
  }
  #write(name: RegisterName | undefined, value: bigint): void {
    if (name !== undefined) this.#kept.set(name, value & this.#bits(name));
  }
  #bits(name: RegisterName): bigint {
    const [, kind] = NUMBERED.exec(name) ?? [];
    if (kind === 'CNTR') return (1n << WORD) - 1n;
    if (kind === 'TYPER') return FILTER.P | FILTER.U | BigInt(eventMask(this.#setup.version()));
    return name === 'PMCCFILTR_EL0' ? FILTER.P | FILTER.U : (1n << 64n) - 1n;
  }
  #selected(of: (n: number) => RegisterName): RegisterName | undefined {
    const n = Number(this.#kept.get('PMSELR_EL0') & 31n);
    return n < this.counters || (n === CYCLES && of === filterOf) ? of(n) : undefined;
  }

  #control(value: bigint): void {
    if ((value & P) !== 0n) for (let n = 0; n < this.counters; n++) this.#kept.set(counterOf(n), 0n);
    if ((value & C) !== 0n) this.#kept.set(counterOf(CYCLES), 0n);
    this.#kept.set('PMCR_EL0', (this.#kept.get('PMCR_EL0') & ~0xffn) | (value & PMCR_KEPT) | LC);
  }

  #increment(value: bigint, el: 0 | 1): void {
    if (!this.#enabled) return;
    for (const n of this.#numbers()) {
      if ((value & bitOf(n)) !== 0n && this.#counts(n) === EVENT.softwareIncrement && this.#permits(n, el)) this.#add(n);
    }
  }

  // Counting

  get #enabled(): boolean {
    return this.#kept.get('PMCNTENSET_EL0') !== 0n && (this.#kept.get('PMCR_EL0') & E) !== 0n;
  }
  /** Counters that are enabled. */
  #numbers(): number[] {
    const enabled = this.#kept.get('PMCNTENSET_EL0');
    return [...Array.from({ length: this.counters }, (_, n) => n), CYCLES].filter((n) => (enabled & bitOf(n)) !== 0n);
  }
  /** The event that a counter counts if it is enabled; undefined where the VMM does not let it. */
  #counts(n: number): number | undefined {
    const event = n === CYCLES ? EVENT.cycles : Number(this.#kept.get(filterOf(n)) & BigInt(eventMask(this.#setup.version())));
    return this.#setup.events.allows(event) ? event : undefined;
  }
  #permits(n: number, el: 0 | 1): boolean {
    return (this.#kept.get(filterOf(n)) & (el === 1 ? FILTER.P : FILTER.U)) === 0n;
  }
  #width(n: number): bigint {
    return n === CYCLES ? 64n : WORD;
  }
  /** A value as the VMM may have left it. */
  #count(n: number): bigint {
    return BigInt.asUintN(Number(this.#width(n)), this.#kept.get(counterOf(n)));
  }
  #add(n: number): void {
    const sum = this.#count(n) + 1n;
    this.#kept.set(counterOf(n), BigInt.asUintN(Number(this.#width(n)), sum));
    if (sum >> this.#width(n) !== 0n) this.#overflow(n);
  }
  /** Noted, and counted by the next counter if that is chained to this one. */
  #overflow(n: number): void {
    this.#kept.set('PMOVSSET_EL0', this.#kept.get('PMOVSSET_EL0') | bitOf(n));
    if (this.#chained(n)) this.#add(n + 1);
  }
  /** Whether an odd counter counts its overflows. */
  #chained(n: number): boolean {
    const next = n + 1;
    return n !== CYCLES && n % 2 === 0 && next < this.counters && (this.#kept.get('PMCNTENSET_EL0') & bitOf(next)) !== 0n && this.#counts(next) === EVENT.chain;
  }

  /** Common events that can be counted: the host's, what is done here, and of these what the VMM allows. */
  #identified(register: 'PMCEID0_EL0' | 'PMCEID1_EL0', first: number): bigint {
    let value = this.#setup.implemented(register);
    if (register === 'PMCEID0_EL0') value |= bitOf(EVENT.softwareIncrement) | bitOf(EVENT.chain);
    for (let bit = 0; bit < 2 * EVENTS; bit++) {
      const event = bit < EVENTS ? first + bit : LATER_EVENTS + first + bit - EVENTS;
      if (!this.#setup.events.allows(event)) value &= ~bitOf(bit);
    }
    return value;
  }
  /** Whether the host's counters know it; they cannot say of an event that is not a common one. */
  #implements(event: number): boolean {
    const [base, bit] = event >= LATER_EVENTS ? [event - LATER_EVENTS, EVENTS] : [event, 0];
    if (base >= 2 * EVENTS) return true;
    return (this.#setup.implemented(base < EVENTS ? 'PMCEID0_EL0' : 'PMCEID1_EL0') & bitOf(bit + (base % EVENTS))) !== 0n;
  }
}
