import { PMBSR_EL1, PMSEVFR_EL1, PMSFCR_EL1, PMSLATFR_EL1, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { DataAccess } from '@worldswitch/engine';
import type { InterruptLine } from '@worldswitch/machine';
import type { MmuResult } from '../../mmu/index.ts';
import { X } from '../../state.ts';
import type { ProcessorState } from '../processor-state.ts';
import type { GenericTimers } from '../timers.ts';
import { ProfilingBuffer } from './buffer.ts';
import { bufferEnabled, bufferOwner, collected, profilingEnabled, programmingForbidden, type ProfilingState } from './controls.ts';
import { conditionPasses, operationOf, type Operation } from './operation.ts';
import { EVENT, encodeRecord, type SampleRecord } from './record.ts';

/** What the profiler asks of the processor around it. */
export interface ProfilingPort {
  readonly state: ProcessorState;
  readonly timers: GenericTimers;
  /** PMBIRQ. */
  readonly interrupt: InterruptLine;
  /** Translates a buffer write as its owner's, at that level. */
  translate(address: bigint, owner: 1 | 2): MmuResult;
  /** The physical address that an access of the present level meets, for the record. */
  physical(address: bigint, kind: 'read' | 'write', unprivileged: boolean): bigint | undefined;
  /** The instruction word at an address that was fetched from. */
  wordAt(pc: bigint): number | undefined;
  isMemory(physical: number): boolean;
  store(physical: number, value: bigint): void;
}

/** The sampled instruction while it executes. */
interface InFlight {
  readonly record: Omit<SampleRecord, 'operation' | 'events'>;
  readonly operation: Operation;
  readonly collectsPhysical: boolean;
  /** Instructions retired before it. */
  readonly began: number;
  readonly passes: boolean;
  virtual?: bigint;
  physicalAddress?: bigint;
  exception: boolean;
}

const STOPPED = PMBSR_EL1.mask('S');
const COUNT = 0xffff_ffffn;
const FILTER = { events: PMSFCR_EL1.mask('FE'), type: PMSFCR_EL1.mask('FT'), latency: PMSFCR_EL1.mask('FL') } as const;
const TYPES = { branch: PMSFCR_EL1.mask('B'), load: PMSFCR_EL1.mask('LD'), store: PMSFCR_EL1.mask('ST') } as const;
/** Events that the filter looks at (SPEFilterByEvents): mispredicted, TLB walk, L1 miss, retired. Of these only the last occurs here. */
const FILTERED_EVENTS = PMSEVFR_EL1.mask('E7') | PMSEVFR_EL1.mask('E5') | PMSEVFR_EL1.mask('E3') | PMSEVFR_EL1.mask('E1');
/** An instruction takes one tick and waits for nothing. */
const LATENCY = { total: 1, issue: 0, translation: 0 } as const;
const ZERO_REGISTER = 31;

/**
 * The Statistical Profiling Extension (DDI 0487 D14): counts instructions where profiling is allowed and on, takes one in so many as a
 * sample, filters it and gives its record to the buffer.
 *
 * The sample population is the instructions that the processor counts as executed; what a faulting access or fetch keeps from that is
 * none of them. Counting costs nothing between samples: the run is cut short before the sampled instruction, which is then executed by
 * itself. PMSIRR_EL1.RND may be set, but adds nothing to an interval: nothing here is random.
 */
export class ProfilingUnit {
  readonly #port: ProfilingPort;
  readonly #s: ProcessorState;
  readonly #buffer: ProfilingBuffer;
  readonly #view: ProfilingState;
  #enabled = false;
  /** Retired instructions up to which PMSICR_EL1 is brought up to date. */
  #since = 0;
  /** The next instruction is the one. */
  #sampling = false;
  #inFlight: InFlight | undefined;

  constructor(port: ProfilingPort) {
    this.#port = port;
    this.#s = port.state;
    const { state } = port;
    this.#view = {
      get el() { return state.pstate.el; },
      get tge() { return state.tge; },
      highestEl: state.highestEl,
      get: (name) => state.registers.get(name),
    };
    this.#buffer = new ProfilingBuffer({
      registers: state.registers,
      enabled: () => bufferEnabled(this.#view),
      translate: (address) => port.translate(address, bufferOwner(this.#view)),
      isMemory: (physical) => port.isMemory(physical),
      store: (physical, value) => { port.store(physical, value); },
      stopped: () => { this.changed(); },
    });
  }

  /** The instruction at hand is to be executed by itself, with {@link before} and {@link after} around it. */
  get stepping(): boolean {
    return this.#sampling || this.#inFlight !== undefined;
  }
  /** At the start of a run: how many instructions it may execute before it has to come back here. */
  bounded(budget: number): number {
    this.#resolve();
    if (!this.#enabled) return budget;
    const distance = this.#catchUp(this.#s.core.retired);
    this.#sampling = distance === 1;
    return this.#sampling ? budget : Math.min(budget, distance - 1);
  }

  /** A register as the present level reads it; undefined for one that reads as it is stored. */
  read(name: RegisterName): bigint | undefined {
    // The instruction that reads it has been counted already.
    if (name === 'PMSICR_EL1' && this.#enabled) this.#catchUp(this.#s.core.retiredBehind);
    if (name !== 'PMBIDR_EL1') return undefined;
    return this.#s.registers.get(name) | (programmingForbidden(this.#view) ? 1n << 4n : 0n);
  }
  /** The registers of profiling, the level, or what routes it are about to change. */
  settle(): void {
    const { core } = this.#s;
    // The instruction at hand still belongs to what was.
    if (this.#enabled) this.#catchUp(core.retiredBehind);
  }
  /** They have changed. */
  changed(): void {
    this.#port.interrupt.set((this.#s.registers.get('PMBSR_EL1') & STOPPED) !== 0n);
    const { core } = this.#s;
    this.#enabled = profilingEnabled(this.#view);
    this.#since = core.retiredBehind;
    this.#arm();
  }
  /** Both, for a change that has been made already and did not touch a register of profiling: of the level. */
  levelChanged(): void {
    this.#resolve();
    if (!this.#enabled && !profilingEnabled(this.#view)) return;
    this.settle();
    this.changed();
  }

  /** Before an instruction that is stepped. */
  before(): void {
    this.#resolve();
    if (!this.#sampling) return;
    this.#inFlight = this.#begin();
    // Counted before it executes, for it may be the one that writes the counter.
    this.#s.registers.set('PMSICR_EL1', 0n);
    this.#since = this.#inFlight.began + 1;
  }
  /** A data access of the instruction at hand, which is going to be made. */
  access({ address, shape }: DataAccess): void {
    const sample = this.#inFlight;
    if (sample === undefined || sample.virtual !== undefined || sample.operation.class !== 'load-store') return;
    sample.virtual = address;
    const physical = sample.collectsPhysical ? this.#port.physical(address, shape.kind === 'read' ? 'read' : 'write', shape.unprivileged) : undefined;
    if (physical !== undefined) sample.physicalAddress = physical;
  }
  /** The instruction at hand is about to take an exception. */
  exception(): void {
    if (this.#inFlight !== undefined) this.#inFlight.exception = true;
  }
  /** After an instruction that went on to the next, or branched. */
  after(): void {
    if (this.#inFlight !== undefined) this.#finish(this.#s.core.retired);
  }

  /** PSB CSYNC. */
  synchronise(): void {
    this.#buffer.translate();
  }
  /** DSB. */
  complete(): void {
    this.#buffer.complete();
  }

  reset(): void {
    this.#buffer.clear();
    this.#inFlight = undefined;
    this.#sampling = false;
    this.#enabled = false;
  }
  save(): ReturnType<ProfilingBuffer['save']> {
    this.#resolve();
    this.settle();
    return this.#buffer.save();
  }
  restore(saved: ReturnType<ProfilingBuffer['save']>): void {
    this.reset();
    this.#buffer.restore(saved);
  }

  // Counting (J1 SPEToCollectSample): a counter of 0 is loaded by one instruction and counted down by the next ones; who brings it to 0 is the sample.

  /** Brings PMSICR_EL1 up to a count of retired instructions, none of which is a sample. Returns which one is: the n-th from there. */
  #catchUp(retired: number): number {
    const { registers } = this.#s;
    const interval = Number(registers.get('PMSIRR_EL1') & COUNT & ~0xffn);
    let count = Number(registers.get('PMSICR_EL1') & COUNT);
    let passed = retired - this.#since;
    if (passed > 0) {
      this.#since = retired;
      if (count === 0 && interval > 0) {
        count = interval;
        passed--;
      }
      count = Math.max(count - passed, 0);
      registers.set('PMSICR_EL1', BigInt(count));
    }
    return count > 0 ? count : interval > 0 ? interval + 1 : Infinity;
  }
  /** Sees to it that the run comes back before the next sample. */
  #arm(): void {
    this.#sampling = false;
    if (!this.#enabled) return;
    const { core } = this.#s;
    const distance = this.#catchUp(this.#since);
    this.#sampling = distance === 1;
    if (this.#sampling) core.attend();
    else if (distance < Infinity) core.limit(core.retiredInRun + (core.retiredBehind - core.retired) + distance - 1);
  }

  // The sample

  #begin(): InFlight {
    const { core, pstate, registers, host } = this.#s;
    const { context1, context2, physicalAddress, timestamp } = collected(this.#view);
    const { pc } = core;
    const word = this.#port.wordAt(pc);
    const operation = operationOf(word ?? 0);
    const passes = !operation.conditional || conditionPasses(word ?? 0, {
      flags: core.state.flags, general: (n) => (n === ZERO_REGISTER ? 0n : core.state.get(X[n])),
    });
    return {
      operation, passes, collectsPhysical: physicalAddress, began: core.retired, exception: false,
      record: {
        pc: { address: pc, el: pstate.el }, totalLatency: LATENCY.total, issueLatency: LATENCY.issue,
        ...(operation.class === 'load-store' && { translationLatency: LATENCY.translation }),
        ...(context1 && { context1: Number(registers.get('CONTEXTIDR_EL1') & COUNT) }),
        ...(context2 && { context2: Number(registers.get('CONTEXTIDR_EL2') & COUNT) }),
        ...(timestamp !== 'none' && { timestamp: timestamp === 'physical' ? this.#port.timers.count : this.#port.timers.virtualCount(host) }),
      },
    };
  }
  /** An instruction that ended by an exception, a return or a call of the firmware is known for a sample, or for none, only afterwards. */
  #resolve(): void {
    const sample = this.#inFlight;
    if (sample === undefined) return;
    const { core } = this.#s;
    if (core.retiredBehind > sample.began) this.#finish(core.retiredBehind);
    else {
      this.#inFlight = undefined;
      this.#s.registers.set('PMSICR_EL1', 1n);
      this.#since = sample.began;
    }
  }
  #finish(retired: number): void {
    const sample = this.#inFlight as InFlight;
    const { core, pstate } = this.#s;
    this.#inFlight = undefined;
    this.#since = retired;
    const { operation } = sample;
    const events = EVENT.retired | (sample.exception ? EVENT.exception : 0) | (operation.conditional && !sample.passes ? EVENT.notTaken : 0);
    if (this.#passesFilters(operation, events)) {
      this.#buffer.add(encodeRecord({
        ...sample.record, operation, events,
        ...(operation.class === 'branch' && sample.passes && !sample.exception && { branchTarget: { address: core.pc, el: pstate.el } }),
        ...(sample.virtual !== undefined && { dataVirtual: sample.virtual }),
        ...(sample.physicalAddress !== undefined && { dataPhysical: sample.physicalAddress }),
      }));
    }
    this.#arm();
  }
  /** `SPECollectRecord`. Filters that name nothing do not filter, which is one of the choices there are. */
  #passesFilters({ class: kind, load, store }: Operation, events: number): boolean {
    const { registers } = this.#s;
    const filter = registers.get('PMSFCR_EL1');
    const wanted = registers.get('PMSEVFR_EL1') & FILTERED_EVENTS;
    if ((filter & FILTER.events) !== 0n && (wanted & ~BigInt(events)) !== 0n) return false;
    const types = filter & (TYPES.branch | TYPES.load | TYPES.store);
    const type = (kind === 'branch' ? TYPES.branch : 0n) | (load ? TYPES.load : 0n) | (store ? TYPES.store : 0n);
    if ((filter & FILTER.type) !== 0n && types !== 0n && (types & type) === 0n) return false;
    const least = registers.get('PMSLATFR_EL1') & PMSLATFR_EL1.mask('MINLAT');
    return (filter & FILTER.latency) === 0n || least <= BigInt(LATENCY.total);
  }
}
