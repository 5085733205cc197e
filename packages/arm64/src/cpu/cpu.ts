import { brkSyndrome, brkTargetEL } from '@worldswitch/arm64-debug';
import { MDCR_EL2, encodeSyndrome, syndromes, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { CoreState, CoreStop, DataAccess, EngineFault, Guest, Helper, Translation, TranslationKind } from '@worldswitch/engine';
import type { ObservationKind, ObservationScope, Plain } from '@worldswitch/machine';
import { ATOMIC } from '../execute/attributes.ts';
import { Mmu, mmuFeatures, type ControlRegister, type MmuFault, type MmuResult, type Requester } from '../mmu/index.ts';
import { dataAbort, instructionAbort, MAINTENANCE, translationAccess, type AbortPort } from './aborts.ts';
import { DebugUnit, type WatchpointFault } from './debug-unit.ts';
import { Exceptions, type ExceptionEntry } from './exceptions.ts';
import { Exclusives } from './exclusives.ts';
import { GicInterface, withGicV3 } from './gic-interface/index.ts';
import { instructionHelpers, waitTrap } from './instruction-helpers.ts';
import { Interrupts, type InputName } from './interrupts.ts';
import { Monitors, type MonitorState } from './monitors.ts';
import { Arm64Observation, type EventPlace } from './observation.ts';
import type { FirmwarePort, ProcessorOptions } from './options.ts';
import { CONTEXT_COUNT, ProcessorState } from './processor-state.ts';
import { resetPstate, type Pstate } from './pstate.ts';
import { SystemAccess, undefinedTarget } from './system-access.ts';
import { systemInstruction, ZVA } from './system-instructions.ts';
import { GenericTimers } from './timers.ts';

/** Faults of the processor's own, in the engine's terms. */
export type Arm64Fault = MmuFault | WatchpointFault;

/** What `save` gives. */
interface SavedProcessor {
  readonly core: CoreState;
  readonly registers: readonly string[];
  readonly mmu: ReturnType<Mmu['save']>;
  readonly pstate: Omit<Pstate, 'step'> & Pstate['step'];
  readonly inputs: readonly InputName[];
  readonly exclusive: ReturnType<Exclusives['save']>;
  readonly powered: boolean;
  readonly waiting: boolean;
  readonly event: boolean;
  readonly late: ReturnType<SystemAccess['saveLate']>;
  readonly monitors: MonitorState;
}

const SEMIHOSTING = 0xf000n;
const HCR = { VM: 1n, TSC: 1n << 19n, HCD: 1n << 29n } as const;
const SCTLR = { SA: 1n << 3n, SA0: 1n << 4n } as const;
const MPIDR_RES1 = 1n << 31n;

/** An arm64 processor: EL0 to EL2, on the engine. What each part does is in the modules beside this one. */
export class Arm64Processor implements Guest<Arm64Fault> {
  readonly state: ProcessorState;
  readonly mmu: Mmu;
  readonly debug: DebugUnit;
  readonly exceptions: Exceptions;
  readonly access: SystemAccess;
  readonly timers: GenericTimers;
  readonly interrupts: Interrupts;
  readonly helpers: Readonly<Record<string, Helper>>;
  readonly #monitors: Monitors;
  readonly #exclusives: Exclusives;
  readonly #aborts: AbortPort;
  readonly #firmware: FirmwarePort;
  readonly #affinity: bigint;
  readonly #frequency: bigint;
  #powered = true;
  #waiting = false;
  #translationsStale = false;
  #event = false;
  #loadedExclusive = false;

  constructor(options: ProcessorOptions) {
    const { engine, port, highestEl } = options;
    const model = options.gic === undefined ? options.model : withGicV3(options.model);
    const { memory } = engine;
    this.#affinity = options.affinity;
    this.#frequency = BigInt(options.port.clock.ticksPerSecond);
    this.#firmware = options.firmware;
    this.state = new ProcessorState(model, highestEl);
    const { registers } = this.state;
    this.mmu = new Mmu({
      register: (name) => (highestEl === 1 && name.endsWith('_EL2') ? 0n : registers.get(name)),
      features: mmuFeatures({
        ID_AA64MMFR0_EL1: registers.get('ID_AA64MMFR0_EL1'), ID_AA64MMFR1_EL1: registers.get('ID_AA64MMFR1_EL1'),
        ID_AA64MMFR2_EL1: registers.get('ID_AA64MMFR2_EL1'), ID_AA64ISAR0_EL1: registers.get('ID_AA64ISAR0_EL1'),
      }),
      readPhysical: (address) => (memory.find(address)?.host ?? -1) < 0 ? undefined : memory.read(address, 8, 'little', port.index),
      writePhysical: (address, value) => memory.find(address)?.kind === 'ram' && memory.write(address, 8, value, 'little', port.index),
      replaced: () => { this.core.flush(); },
    });
    this.#aborts = {
      state: this.state,
      translate: (address, kind, unprivileged) => this.#translate(address, kind, unprivileged),
      wordAt: (pc) => {
        const at = this.#translate(pc, 'fetch', false);
        return at.ok ? engine.wordAt(at.physical) : undefined;
      },
    };
    this.debug = new DebugUnit(this.state);
    this.timers = new GenericTimers(registers, port.clock, port.index, (name) => port.output(name));
    this.interrupts = new Interrupts(this.state, () => { this.core.attend(); });
    const gic = options.gic && new GicInterface({ store: registers, port: options.gic, lines: this.interrupts.lines });
    this.#exclusives = new Exclusives({
      index: port.index, monitor: port.monitor, memory, core: () => this.core,
      physical: (address, kind) => {
        const result = this.mmu.translate(address, kind, this.#requester(false));
        return result.ok ? result.physical : undefined;
      },
    });
    this.exceptions = new Exceptions(this.state, this.debug, () => { this.#exclusives.clear(); });
    this.access = new SystemAccess(this.state, this.timers, this.debug, {
      translationChanged: (name) => {
        this.mmu.invalidateRegimes(name as ControlRegister);
        this.#forgetTranslations();
      },
      interruptsChanged: () => {
        this.interrupts.refresh();
        this.core.attend();
      },
      pendingInterrupts: () => this.interrupts.isr(),
      instruction: (name, value) => {
        systemInstruction({
          state: this.state, mmu: this.mmu, forgetTranslations: () => { this.#forgetTranslations(); }, requester: () => this.#requester(false),
          alignmentFault: (address, shape) => { this.dataFault({ address, shape, faultAddress: address }, { kind: 'alignment' }); },
          translationAbort: (fault) => { this.#take(dataAbort(this.#aborts, translationAccess(fault.address), fault)); },
        }, name, value);
      },
    }, options.sync ?? 'early');
    this.access.gic = gic;
    const { state, timers, mmu } = this;
    this.#monitors = new Monitors({ state, timers, mmu, memory, aborts: this.#aborts, port, requester: (unprivileged) => this.#requester(unprivileged) });
    this.access.monitors = this.#monitors;
    this.exceptions.monitors = this.#monitors;
    this.helpers = instructionHelpers({
      state: this.state, access: this.access, exclusives: this.#exclusives,
      take: (entry) => { this.#take(entry); },
      undefined: () => this.undefined(),
      exceptionReturn: () => {
        this.exceptions.return();
        this.access.gateSimd();
      },
      wait: (instruction) => this.#wait(instruction),
      sendEvent: () => { this.#sendEvent(); },
      loadedExclusive: () => { this.#loadedExclusive = true; },
    });
    this.state.core = engine.addCore(this, CONTEXT_COUNT);
    this.reset();
  }

  get core(): ProcessorState['core'] {
    return this.state.core;
  }

  /** Cold reset into the highest level, at address 0. */
  reset(): void {
    const { state } = this;
    const { registers, core, highestEl } = state;
    registers.reset();
    const mpidr = MPIDR_RES1 | this.#affinity;
    registers.set('MPIDR_EL1', mpidr);
    registers.set('VMPIDR_EL2', mpidr);
    registers.set('VPIDR_EL2', registers.get('MIDR_EL1'));
    registers.set('OSLSR_EL1', 0xan);
    registers.set('CNTFRQ_EL0', this.#frequency);
    registers.set('CNTHCTL_EL2', 3n);
    // Without EL2 as the manual says that it then acts: all counters, and the profiling buffer, are EL1's.
    registers.set('MDCR_EL2', ((registers.get('PMCR_EL0') >> 11n) & 31n) | (highestEl === 1 && this.#monitors.profiling !== undefined ? MDCR_EL2.mask('E2PB') : 0n));
    state.pstate = resetPstate(highestEl);
    for (const slot of core.state.layout.slots) {
      if (slot.type === 'v128') core.state.setVector(slot, 0n);
      else core.state.set(slot, 0n);
    }
    core.state.flags = 0;
    core.pc = 0n;
    this.#powered = true;
    this.#waiting = false;
    this.#event = false;
    this.#exclusives.clear();
    this.mmu.reset();
    this.access.restoreLate([]);
    this.#monitors.reset();
    this.settle();
  }
  /** After registers were written behind the instructions' backs (reset, restore, a debugger): recompute everything derived. */
  settle(): void {
    this.state.hcrChanged();
    this.state.selectContext();
    this.mmu.invalidateRegimes();
    this.access.controlsChanged();
    this.access.gateSimd();
    this.debug.changed();
    this.debug.refresh();
    this.interrupts.refresh();
    this.timers.update();
    this.access.gic?.update();
    this.#monitors.changed();
    this.core.flush();
  }

  /** Ends WFI: hosted code goes on behind it. */
  wake(): void {
    this.#waiting = false;
  }
  /** Waits as WFI does, from after the instruction at hand. */
  wait(): void {
    this.#waiting = true;
    this.core.end({ kind: 'idle' });
  }
  /** Off: nothing wakes it but `reset`. Takes effect after the instruction at hand. */
  powerOff(): void {
    this.#powered = false;
    this.core.end({ kind: 'idle' });
  }
  get powered(): boolean {
    return this.#powered;
  }

  /** Runs; see `Core.run`. A waiting processor that nothing woke retires nothing. */
  run(budget: number): CoreStop {
    if (!this.#powered || (this.#waiting && !this.interrupts.wakes())) {
      this.core.run(0);
      return { kind: 'idle' };
    }
    this.#waiting = false;
    return this.#monitors.run(budget, this.#runCore);
  }

  readonly #runCore = (budget: number): CoreStop => this.core.run(budget);

  /** Everything the future depends on, as plain data. */
  save(): Plain {
    const { registers, pstate } = this.state;
    const { el, sp, D, A, I, F, IL, PAN, UAO, DIT, SSBS, step } = pstate;
    return {
      core: this.core.save() as unknown as Plain, registers: registers.save(), mmu: this.mmu.save() as unknown as Plain,
      pstate: { el, sp, D, A, I, F, IL, PAN, UAO, DIT, SSBS, SS: step.SS, last: step.last },
      inputs: this.interrupts.save(), exclusive: this.#exclusives.save(), powered: this.#powered, waiting: this.#waiting, event: this.#event,
      late: this.access.saveLate(), monitors: this.#monitors.save(),
    };
  }
  restore(saved: Plain): void {
    const s = saved as unknown as SavedProcessor;
    const { SS, last, ...rest } = s.pstate;
    this.core.restore(s.core);
    this.state.registers.restore(s.registers);
    this.mmu.restore(s.mmu);
    this.state.pstate = { ...rest, step: { SS, last } };
    this.interrupts.restore(s.inputs);
    this.#exclusives.restore(s.exclusive);
    this.#powered = s.powered;
    this.#waiting = s.waiting;
    this.#event = s.event;
    this.access.restoreLate(s.late);
    this.#monitors.restore(s.monitors);
    this.settle();
  }

  // Guest

  get stepping(): boolean {
    return this.debug.stepping || this.state.pstate.IL || this.#monitors.profiling?.stepping === true;
  }
  before(): boolean {
    this.#loadedExclusive = false;
    const step = this.debug.beforeInstruction();
    if (step !== undefined) return this.#take(step);
    this.#monitors.profiling?.before();
    // A misaligned pc comes first, a fetch that aborts does not (DDI 0487 D1.4.5, prioritization: 7, 8 or 11 by choice, 9).
    if (!this.state.pstate.IL || (this.core.pc & 3n) !== 0n) return false;
    return this.#take({ to: undefinedTarget(this.state), syndrome: encodeSyndrome(syndromes.illegalState()), returnTo: this.core.pc });
  }
  fetched(): boolean {
    const entry = this.debug.afterFetch();
    return entry !== undefined && this.#take(entry);
  }
  after(): void {
    this.#monitors.profiling?.after();
    // An instruction that is executed by itself only to be sampled is no step of the guest's debugger.
    if (this.debug.stepping || this.state.pstate.IL) this.debug.afterInstruction(this.#loadedExclusive);
  }

  translate(address: bigint, kind: TranslationKind, unprivileged: boolean): Translation<Arm64Fault> {
    const result = this.mmu.translate(address, kind, this.#requester(unprivileged));
    if (!result.ok) return result;
    const volatile = kind !== 'fetch' && this.debug.watches(address);
    return { ok: true, physical: result.physical, strict: this.#strict(result.strict), volatile };
  }
  checkData(access: DataAccess): WatchpointFault | undefined {
    const { kind, attributes } = access.shape;
    if ((attributes & (ZVA | MAINTENANCE)) === 0) this.#monitors.profiling?.access(access);
    const what = (attributes & ZVA) !== 0 ? 'dc-zva' : (attributes & ATOMIC) !== 0 || kind === 'update' ? 'atomic' : kind === 'read' ? 'load' : 'store';
    return this.debug.checkAccess(access, what);
  }
  dataFault(access: DataAccess, fault: Arm64Fault | EngineFault): void {
    this.#take('kind' in fault && fault.kind === 'watchpoint' ? this.debug.watchpointEntry(fault) : dataAbort(this.#aborts, access, fault));
  }
  fetchFault(address: bigint, fault: Arm64Fault | EngineFault): void {
    this.#take(instructionAbort(this.state, address, fault as MmuFault | EngineFault));
  }
  undefined(): undefined {
    this.#take({ to: undefinedTarget(this.state), syndrome: encodeSyndrome(syndromes.unknown()), returnTo: this.core.pc });
    return undefined;
  }
  gate(): undefined {
    const refusal = this.access.simdRefusal();
    if (refusal !== undefined) this.#take({ ...refusal, returnTo: this.core.pc });
    return undefined;
  }
  interrupt(): boolean {
    this.debug.refresh();
    if (this.#translationsStale) {
      this.#translationsStale = false;
      this.core.flush();
    }
    const due = this.interrupts.due();
    if (due === undefined) return false;
    if (due.virtualSError === true) this.interrupts.clearVirtualSError();
    return this.#take({ ...due, returnTo: this.core.pc });
  }

  require(name: string): boolean {
    if (name !== 'spAlignment' || !this.#checksStackPointer()) return true;
    this.#take({ to: undefinedTarget(this.state), syndrome: encodeSyndrome(syndromes.spAlignment()), returnTo: this.core.pc });
    return false;
  }
  /** SCTLR_ELx.SA of the present level, or SA0 for EL0. */
  #checksStackPointer(): boolean {
    const { pstate, registers, hostEl0 } = this.state;
    const sctlr = registers.get(pstate.el === 2 || hostEl0 ? 'SCTLR_EL2' : 'SCTLR_EL1');
    return (sctlr & (pstate.el === 0 ? SCTLR.SA0 : SCTLR.SA)) !== 0n;
  }
  raise(name: string, [argument]: readonly bigint[]): void {
    const { pc } = this.core;
    const immediate = Number(argument ?? 0n);
    const { el } = this.state.pstate;
    switch (name) {
      case 'svc':
        this.#take({ to: undefinedTarget(this.state), syndrome: encodeSyndrome(syndromes.svc(immediate)), returnTo: pc + 4n, moment: 'completed' });
        break;
      case 'brk': {
        const to = brkTargetEL(this.debug.stepState(), el);
        this.#take({ to, syndrome: brkSyndrome(el, to, immediate), returnTo: pc });
        break;
      }
      case 'hvc': this.#hvc(immediate); break;
      case 'smc': this.#smc(immediate); break;
      case 'hlt':
        if (argument === SEMIHOSTING && el > 0 && this.#firmware.semihosting?.(this) === true) this.core.redirect(pc + 4n);
        else this.undefined();
        break;
      default: this.undefined();
    }
  }
  #hvc(immediate: number): void {
    const { pstate, registers, highestEl } = this.state;
    const { pc } = this.core;
    if (pstate.el === 0 || (highestEl === 2 && (registers.get('HCR_EL2') & HCR.HCD) !== 0n)) this.undefined();
    else if (highestEl === 2) this.#take({ to: 2, syndrome: encodeSyndrome(syndromes.hvc(immediate)), returnTo: pc + 4n, moment: 'completed' });
    else this.#callFirmware('hvc', immediate);
  }
  #smc(immediate: number): void {
    const { pstate, registers, highestEl } = this.state;
    if (pstate.el === 0) this.undefined();
    else if (pstate.el === 1 && highestEl === 2 && (registers.get('HCR_EL2') & HCR.TSC) !== 0n) {
      this.#take({ to: 2, syndrome: encodeSyndrome(syndromes.smc(immediate)), returnTo: this.core.pc });
    } else this.#callFirmware('smc', immediate);
  }
  #callFirmware(conduit: 'smc' | 'hvc', immediate: number): void {
    const next = this.core.pc + 4n;
    if (this.#firmware.call?.(this, conduit, immediate) !== true) this.undefined();
    // A call that starts or resets this processor has moved it already.
    else if (this.core.pc === next - 4n) this.core.redirect(next);
  }

  #sendEvent(): void {
    this.#event = true;
  }
  /** WFI and WFE: trapped where a control says so and the instruction would wait. WFE never sleeps: it is a hint. */
  #wait(instruction: 'wfi' | 'wfe'): bigint | undefined {
    const ready = instruction === 'wfi' ? this.interrupts.wakes() : this.#event;
    if (instruction === 'wfe') this.#event = false;
    if (ready) return 0n;
    const to = waitTrap(this.state, instruction);
    if (to !== undefined) {
      this.#take({ to, syndrome: encodeSyndrome(syndromes.wfx(instruction)), returnTo: this.core.pc });
      return undefined;
    }
    if (instruction === 'wfi') this.wait();
    return 0n;
  }

  /** The engine's copies are dropped before code runs: a world switch changes many registers in a row. */
  #forgetTranslations(): void {
    this.#translationsStale = true;
    this.core.attend();
  }

  // Exceptions

  /** The last exception taken; whoever wants to know whether an instruction takes one clears it before. */
  lastException: ExceptionEntry | undefined;
  /** In WFI, and nothing has come since. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Observes system registers, barriers, exceptions and hosted moves until the ring is disposed of. One observer at a time. */
  observe(kinds: readonly ObservationKind[], capacity: number, scope: ObservationScope = 'all'): Arm64Observation {
    if (this.access.observer !== undefined) throw new RangeError('this processor is observed already; dispose of that ring first, or share it');
    const ring = new Arm64Observation(this.core.engine.linear, kinds, capacity, {
      stop: () => { this.access.observer = undefined; }, ...(scope === 'host' && { omit: (el) => el < 2 && this.#inGuestWorld() }),
    });
    this.access.observer = ring;
    return ring;
  }
  /** Below EL2, stage 2 translates: what runs there is a guest. */
  #inGuestWorld(): boolean {
    return !this.state.tge && (this.state.registers.get('HCR_EL2') & HCR.VM) !== 0n;
  }
  #place(): EventPlace {
    return { retired: this.core.retired, pc: this.core.pc, el: this.state.pstate.el };
  }

  #take(entry: ExceptionEntry): true {
    this.access.observer?.exception(this.#place(), entry);
    this.#waiting = false;
    this.lastException = entry;
    this.#monitors.profiling?.exception();
    this.access.synchronise();
    this.exceptions.take(entry);
    this.access.gateSimd();
    return true;
  }
  #translate(address: bigint, kind: TranslationKind, unprivileged: boolean): MmuResult {
    return this.mmu.translate(address, kind, this.#requester(unprivileged));
  }
  #requester(unprivileged: boolean): Requester {
    const { el, PAN, UAO } = this.state.pstate;
    return { el, pan: PAN, unprivileged: unprivileged && !UAO };
  }
  /** SCTLR_ELx.A makes every unaligned access fault. */
  #strict(device: boolean): boolean {
    if (device) return true;
    const { pstate, registers, hostEl0 } = this.state;
    const sctlr: RegisterName = pstate.el === 2 || hostEl0 ? 'SCTLR_EL2' : 'SCTLR_EL1';
    return (registers.get(sctlr) & 2n) !== 0n;
  }

  /** The interrupt input of that name. */
  setInterruptLine(name: InputName, level: boolean): void {
    this.interrupts.lines[name].set(level);
  }
}
