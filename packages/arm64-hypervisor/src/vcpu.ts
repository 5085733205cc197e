/** A vCPU on a host: the run loop around the world switch. */
import { HCR_EL2, SCTLR_EL1 } from '@worldswitch/arm64-sysreg';
import { KvmError } from '@worldswitch/hypervisor';
import type { GuestDebug, MemorySlot, MpState, VcpuBackend } from '@worldswitch/hypervisor';
import { vcpuAttributes } from './abi/attributes.ts';
import { checkTimerInterrupts, timerAttributes } from './abi/timer-control.ts';
import { completeAnswer } from './exits/answer.ts';
import type { Answer } from './exits/answer.ts';
import type { Arm64DebugExit, Arm64Exit, Outcome } from './exits/context.ts';
import { handleExit } from './exits/vcpu-exit.ts';
import type { ExitSource } from './exits/vcpu-exit.ts';
import { clearDebug, setupDebug, undebugged, writeDebugSet } from './guest/debug.ts';
import { claimDebug } from './guest/debug-owner.ts';
import { AFFINITY } from './firmware/index.ts';
import type { CpuStart, FirmwareCpu } from './firmware/index.ts';
import { readEvents, writeEvents } from './guest/events.ts';
import type { NewVcpuEvents, VcpuEvents } from './guest/events.ts';
import { Guest } from './guest/guest.ts';
import type { PowerState } from './guest/guest.ts';
import { vcpuRegisters } from './guest/registers.ts';
import { FUTILE_EXITS, Progress } from './guest/progress.ts';
import { Residence } from './guest/residence.ts';
import { StolenTimeRecord } from './guest/stolen-time.ts';
import { HostTimers } from './guest/host-timers.ts';
import { VcpuMemory } from './guest/vcpu-memory.ts';
import { RunawayError } from './host/host.ts';
import { PAGE } from './host/pages.ts';
import { EmulatedRegisters } from './one-reg/emulated.ts';
import { oneRegisters } from './one-reg/one-registers.ts';
import { GuestStorage } from './one-reg/storage.ts';
import { PMU_INTID } from './pmu/host-counters.ts';
import { VcpuPmu } from './pmu/vcpu-pmu.ts';
import { VCPU_SIZE } from './context/layout.ts';
import type { Block } from './context/block.ts';
import type { ProcessorStop } from './processor.ts';
import type { GuestExit } from './switch/step.ts';
import type { Panic } from './switch/world.ts';
import { virtualInterrupts } from './vgic/interrupts.ts';
import type { InterruptSet, VirtualInterrupts } from './vgic/interrupts.ts';
import type { VgicVcpu } from './vgic/vgic.ts';
import { VmmInterrupts } from './vgic/vmm-interrupts.ts';
import type { Arm64Vm } from './vm.ts';

const MP_STATE = { on: 'runnable', off: 'stopped', suspended: 'suspended' } as const satisfies Readonly<Record<PowerState, MpState>>;

/** With an interrupt controller in the hypervisor, what a vCPU's timers say is not for the VMM. */
const NO_LINES = { vtimer: false, ptimer: false, pmu: false } as const;

/** How often a vCPU that could run is waited for before it does: for one that the VMM has left alone, time would never pass. */
const PATIENCE = 2;

export class Arm64Vcpu implements VcpuBackend<Arm64DebugExit>, FirmwareCpu, VgicVcpu {
  readonly id: number;
  readonly guest: Guest;
  readonly registers: VcpuBackend<Arm64DebugExit>['registers'];
  readonly oneRegisters: VcpuBackend<Arm64DebugExit>['oneRegisters'];
  readonly emulated: EmulatedRegisters;
  readonly attributes: VcpuBackend<Arm64DebugExit>['attributes'];
  readonly stolenTime: StolenTimeRecord;
  readonly #vm: Arm64Vm;
  /** The guest stands on the processor: the last run ended inside it. */
  #inside = false;
  #running = false;
  #requested = false;
  #linesChanged = false;
  /** What the VMM is to answer. */
  #answer: Answer | undefined;
  initialised = false;
  /** It was run since it was created: one that nobody runs keeps nobody waiting. */
  #used = false;
  /** How often others have waited for it since. */
  #passedOver = 0;
  #stashed: Arm64Exit | undefined;
  readonly #timers: HostTimers;
  readonly #pmu: VcpuPmu;
  #virtualInterrupts: VirtualInterrupts | undefined;
  readonly #progress = new Progress();
  readonly #residence: Residence;
  readonly #exitSource: ExitSource;

  constructor(id: number, vm: Arm64Vm, slotAt: (address: bigint) => MemorySlot | undefined) {
    const { host } = vm;
    this.id = id;
    this.#vm = vm;
    const pages = host.pages.allocate(Math.ceil(VCPU_SIZE / Number(PAGE)));
    const { revision, faithful } = vm.world;
    this.guest = new Guest(new VcpuMemory(id, pages, host.processor.memory, host.byteOrder, { context: revision.layout, kernelBase: host.kernelBase }));
    this.guest.memory.state.set('timer-enabled', 1n);
    this.guest.memory.state.set('host-context', host.context.address);
    if (revision.guestDebug === 'owner') this.guest.debugTouched = () => { claimDebug(this.guest, host.constants.mdcr); };
    this.#virtualInterrupts = vm.interruptInterface && virtualInterrupts(host, new VmmInterrupts(host.virtualInterface?.version ?? 2, vm.interruptInterface.properties));
    const forwarded = (): boolean => this.#virtualInterrupts !== undefined;
    this.#timers = new HostTimers({ guest: this.guest, host, perRun: revision.timer === 'run', get forwarded() { return forwarded(); }, setLines: (change) => { this.#setLines(change); } });
    const storage = new GuestStorage({ guest: this.guest, processor: host.processor, counters: vm.registers.counters, live: () => this.#inside, settle: () => { this.settle(); }, faithful });
    this.registers = vcpuRegisters(storage, faithful);
    this.emulated = new EmulatedRegisters(vm.registers);
    this.#pmu = new VcpuPmu({ guest: this.guest, host, vm, emulated: this.emulated, settle: () => { this.settle(); }, setLine: (level) => { this.#setPmuLine(level); } });
    this.stolenTime = new StolenTimeRecord({ memory: host.processor.memory, slots: vm.slots, slotAt, now: () => vm.registers.host('CNTPCT_EL0'), frequency: () => vm.registers.host('CNTFRQ_EL0') });
    this.attributes = vcpuAttributes({ pmu: this.#pmu.control, timers: timerAttributes(vm.timerSurroundings), stolenTime: this.stolenTime.attribute(host.byteOrder) });
    this.#residence = new Residence({ guest: this.guest, host, world: vm.world, timers: this.#timers, virtualInterrupts: () => this.#virtualInterrupts, claimVttbr: () => vm.claimVttbr() });
    this.#exitSource = {
      vcpu: this, vm, slotAt, emulated: this.emulated, pmu: this.#pmu, gicRegisters: () => this.#virtualInterrupts !== undefined && host.virtualInterface?.version === 3,
      answerLater: (answer) => { this.#answer = answer; }, interrupts: () => this.#interrupts(),
    };
    this.oneRegisters = oneRegisters({ storage, vm: vm.registers, emulated: this.emulated }, faithful);
  }

  get deviceLines(): Readonly<Record<string, boolean>> {
    return this.#vm.vgic.present ? NO_LINES : this.guest.lines;
  }

  initialise(features: readonly string[]): void {
    this.#vm.registers.features.choose(features);
    this.settle();
    // A guest that begins anew finds its memory as if for the first time.
    if (this.#used) this.#vm.slots.unmapAll();
    this.#reset();
    // A controller in the hypervisor keeps what it has: it is reset by its own registers.
    if (!this.#vm.vgic.present) this.#virtualInterrupts?.reset(this.guest.memory.state);
    this.guest.power = features.includes('power-off') ? 'off' : 'on';
    this.initialised = true;
  }

  #reset(): void {
    this.guest.reset({ hcr: this.#vm.guestHcr, mpidr: this.#vm.mpidr(this.guest.memory.id) });
    this.#vm.giveCounters(this.guest);
    this.guest.memory.state.set('mdcr', undebugged(this.#vm.host.constants.mdcr));
    this.emulated.reset();
    this.#answer = undefined;
    this.#stashed = undefined;
  }

  /** Another vCPU starts this one (PSCI CPU_ON): a reset, of which the VMM sees the result at once. */
  start({ entry, context, bigEndian }: CpuStart): void {
    this.#reset();
    if (bigEndian) this.guest.setSysreg('SCTLR_EL1', this.guest.sysreg('SCTLR_EL1') | SCTLR_EL1.mask('EE'));
    this.guest.pc = entry;
    this.guest.setX(0, context);
  }

  get events(): VcpuEvents {
    this.settle();
    return readEvents(this.guest, this.#vm.host.features.ras);
  }
  set events(events: NewVcpuEvents) {
    this.settle();
    writeEvents(this.guest, events, this.#vm.host.features.ras);
  }

  finalise(feature: string): void {
    throw new KvmError('EINVAL', { value: `feature '${feature}'`, rule: 'it is complete at initialise', remedy: 'leave the call out' });
  }

  prepare(): void {
    if (this.#vm.vgic.present) checkTimerInterrupts(this.#vm.timerInterrupts, this.#pmu.control.irq);
    this.#pmu.control.check();
    this.#vm.prepare();
  }

  complete(): void {
    this.#completeAnswer();
    if (!this.#inside) this.guest.commitPc();
  }

  get mpState(): MpState {
    return MP_STATE[this.guest.power];
  }
  set mpState(state: MpState) {
    this.settle();
    this.guest.power = state === 'stopped' ? 'off' : state === 'suspended' ? 'suspended' : 'on';
  }

  /** Affinity fields of MPIDR_EL1, by which firmware knows it. */
  get affinity(): bigint {
    return (this.initialised ? this.guest.memory.context.get('VMPIDR_EL2') : this.#vm.mpidr(this.id)) & AFFINITY;
  }
  get stopped(): boolean {
    return this.guest.power === 'off';
  }

  /** Whether it would do something if it ran; while it does not. */
  get ready(): boolean {
    const { power, waiting } = this.guest;
    if (power === 'off' || !this.initialised) return false;
    return (!waiting && power === 'on') || this.#interruptPending() || this.#timers.changed;
  }
  /** Ready, of one that the VMM runs: others let it go first, but not again and again while it is not run. */
  letFirst(): boolean {
    if (!this.#used || this.#passedOver >= PATIENCE || !this.ready) return false;
    this.#passedOver++;
    return true;
  }
  /** The physical count at which one that waits has something to do; undefined for one that is not waiting, or for ever. */
  get deadline(): bigint | undefined {
    return this.guest.power === 'off' || !this.#used ? undefined : this.#timers.deadline;
  }

  setGuestDebug(debug: GuestDebug): void {
    const { revision } = this.#vm.world;
    if (debug.enable && revision.guestDebug === 'none') {
      throw new KvmError('EINVAL', { value: 'guest debug', rule: `${revision.name} has nothing for a debugger in the VMM`, remedy: 'choose a later revision' });
    }
    this.settle();
    this.guest.request = debug;
    if (!debug.enable) this.guest.stepActivePending = false;
    if (debug.enable && debug.hardware) writeDebugSet(this.guest.memory.externalDebugState, debug.hardware);
  }

  setLine(line: string, level: boolean): boolean {
    if (this.#vm.vgic.present) return false;
    const id = this.#virtualInterrupts && /^intid(\d{1,8})$/.exec(line)?.[1];
    if (id !== undefined) this.#virtualInterrupts?.setInput(Number(id), level);
    else if (this.#virtualInterrupts || (line !== 'irq' && line !== 'fiq')) return false;
    else this.guest.setLine(line, level);
    this.interruptsChanged();
    return true;
  }

  /** Something may have come: lines are in HCR_EL2, interrupts in list registers, which are written at entry. Out and in again. */
  interruptsChanged(): void {
    if (this.#inside) this.#vm.host.kick();
  }

  /** Where the state of its virtual CPU interface is, while it is not on the processor. */
  get state(): Block {
    return this.guest.memory.state;
  }
  get running(): boolean {
    return this.#running;
  }
  /** Its interrupts are those of a controller in the hypervisor, from the beginning. */
  useInterrupts(set: InterruptSet): void {
    this.#virtualInterrupts = virtualInterrupts(this.#vm.host, set);
    this.#virtualInterrupts?.reset(this.guest.memory.state);
  }

  /** An interrupt that comes once, whatever its input: a software interrupt, a message. Nothing on a vCPU without a virtual CPU interface. */
  inject(id: number): void {
    this.#virtualInterrupts?.inject(id);
    this.interruptsChanged();
  }

  interrupt(): void {
    this.#requested = true;
    if (this.#running && this.#inside) this.#vm.host.kick();
  }

  run(budget: number): Arm64Exit {
    const { host } = this.#vm;
    host.occupy(this);
    const end = host.processor.retired + BigInt(budget);
    this.#running = true;
    this.#used = true;
    this.#passedOver = 0;
    this.stolenTime.resumed();
    try {
      const exit = this.#run(end);
      if (!this.#inside) this.#put();
      // What the VMM does on its own account is not stolen.
      if (exit.kind === 'interrupted' && (exit.because === 'budget' || exit.because === 'yield') && this.guest.power === 'on' && !this.guest.waiting) this.stolenTime.preempted();
      return exit;
    } finally {
      this.#running = false;
    }
  }

  /** Takes the guest off the processor, so that memory is what it is. */
  settle(): void {
    if (!this.#inside) return;
    const { host } = this.#vm;
    host.kick();
    const stop = host.processor.run(1);
    const outcome = this.#stopped(stop);
    if (outcome !== undefined && outcome.kind !== 'resume' && outcome.kind !== 'wait') this.#stashed = outcome;
    else if (outcome?.kind === 'wait') this.guest.waiting = true;
    this.#put();
  }

  #run(end: bigint): Arm64Exit {
    this.#completeAnswer();
    for (;;) {
      if (this.#stashed) {
        const exit = this.#stashed;
        this.#stashed = undefined;
        return exit;
      }
      if (!this.#inside) {
        const early = this.#beforeEntry(end);
        if (early === 'again') continue;
        if (early) return early;
      }
      const left = end - this.#vm.host.processor.retired;
      if (left <= 0n) return { kind: 'interrupted', because: 'budget' };
      const outcome = this.#futile() ?? this.#stopped(this.#vm.host.processor.run(Number(left)));
      if (outcome === undefined) return { kind: 'interrupted', because: 'budget' };
      if (outcome.kind === 'wait') this.guest.waiting = true;
      else if (outcome.kind !== 'resume') return this.#settled(outcome);
      if (this.#linesChanged && !this.#inside) return this.#settled({ kind: 'interrupted', because: 'lines' });
    }
  }

  #futile(): Arm64Exit | undefined {
    if (!this.#progress.futile(this.#vm.host.processor.retired)) return undefined;
    return { kind: 'internal-error', reason: 'livelock', detail: { exits: FUTILE_EXITS, esr: this.guest.memory.state.get('fault-esr') }, dead: false };
  }

  /** Registers as the VMM should find them: a change of the PC that was put off is made, except where the VMM's answer comes first, or a step would not end with it. */
  #settled(exit: Arm64Exit): Arm64Exit {
    this.#linesChanged = false;
    const stepped = this.guest.request.singleStep === true && (exit.kind === 'idle' || exit.kind === 'interrupted');
    if (exit.kind !== 'mmio' && !stepped && !this.#inside) this.guest.commitPc();
    return exit;
  }

  /** Everything between an exit and the next entry. Undefined: the guest has been entered. */
  #beforeEntry(end: bigint): Arm64Exit | 'again' | undefined {
    const { guest } = this;
    if (guest.power === 'off') return { kind: 'idle' };
    if (this.#requested) {
      this.#requested = false;
      return this.#settled({ kind: 'interrupted', because: 'request' });
    }
    this.#load();
    if (this.#stashed) return 'again';
    if (guest.waiting || guest.power === 'suspended') return this.#wait(end);
    if (this.#vm.world.revision.guestDebug === 'dirty') setupDebug(guest, this.#vm.host.constants.mdcr, this.#vm.world.steps.some(({ id }) => id === 'debug-compute'));
    this.#pmu.update();
    if (this.#linesChanged) return this.#settled({ kind: 'interrupted', because: 'lines' });
    guest.commitPc();
    this.#timers.program();
    this.#virtualInterrupts?.flush(guest.memory.state);
    this.#pmu.enter();
    const entered = this.#vm.world.enter(guest.memory);
    if (entered) this.#pmu.leave();
    if (entered && 'exit' in entered) return this.#deferred(entered.exit);
    if (entered) return this.#panicked(entered);
    this.#inside = true;
    return undefined;
  }

  /** The guest was not entered, because something of the host's is pending. */
  #deferred(exit: GuestExit): Arm64Exit | 'again' {
    const outcome = this.#futile() ?? this.#exited(exit);
    if (outcome.kind !== 'resume' && outcome.kind !== 'wait') return this.#settled(outcome);
    return this.#linesChanged ? this.#settled({ kind: 'interrupted', because: 'lines' }) : 'again';
  }

  /** Interprets the processor's stop while the guest ran. Undefined: the budget is used up, the guest still there. */
  #stopped(stop: ProcessorStop): Outcome | undefined {
    switch (stop.kind) {
      case 'budget': return undefined;
      case 'idle': return stop.until === undefined ? { kind: 'idle' } : { kind: 'idle', until: stop.until };
      case 'debug': return { kind: 'stop', hit: stop.hit };
      case 'halted': return { kind: 'internal-error', reason: 'halted', detail: { why: stop.why }, dead: false };
      case 'hosted': return this.#left(stop.at);
    }
  }

  #left(at: bigint): Outcome {
    const left = this.#vm.world.leave(this.guest.memory, at);
    if (left.kind === 'resumed') return { kind: 'resume' };
    this.#pmu.leave();
    this.#inside = false;
    if (left.kind === 'panic') return this.#panicked(left.panic);
    return this.#exited(left.exit);
  }

  #exited(exit: GuestExit): Outcome {
    this.#virtualInterrupts?.sync(this.guest.memory.state);
    if (this.#vm.world.revision.guestDebug === 'dirty') clearDebug(this.guest);
    return this.#handle(exit);
  }

  #handle(exit: GuestExit): Outcome {
    const outcome = handleExit(this.#exitSource, exit);
    this.#timers.left();
    this.#pmu.update();
    if (this.guest.reload) this.#reload();
    return outcome;
  }

  #completeAnswer(): void {
    if (this.#answer) completeAnswer(this.guest, this.#answer);
    this.#answer = undefined;
  }

  // The host's interrupts

  #interrupts(): Outcome {
    try {
      this.#vm.host.takeInterrupts((id) => this.#interrupted(id));
      return { kind: 'resume' };
    } catch (error) {
      if (!(error instanceof RunawayError)) throw error;
      return { kind: 'internal-error', reason: 'host-interrupts', detail: { why: error.message }, dead: true };
    }
  }

  #interrupted(id: number): boolean {
    if (!this.#timers.interrupted(id) && !this.#pmu.interrupted(id)) this.#vm.hostInterrupt(id);
    return this.#virtualInterrupts?.taken(id) ?? false;
  }

  #setLines(change: Partial<Guest['lines']>): void {
    const lines = { ...this.guest.lines, ...change };
    this.guest.lines = lines;
    if (!this.#virtualInterrupts) {
      this.#linesChanged = true;
      return;
    }
    // The guest's own interrupts, without the VMM.
    this.#virtualInterrupts.setInput(this.#vm.timerInterrupts.virtual, lines.vtimer);
    this.#virtualInterrupts.setInput(this.#vm.timerInterrupts.physical, lines.ptimer);
  }

  /** To the controller in the hypervisor, the VMM's by the interface in hardware, or the VMM. */
  #setPmuLine(pmu: boolean): void {
    const { vgic } = this.#vm;
    if (!vgic.present && !this.#virtualInterrupts) return this.#setLines({ pmu });
    this.guest.lines = { ...this.guest.lines, pmu };
    const { irq } = this.#pmu.control;
    if (!vgic.present) this.#virtualInterrupts?.setInput(PMU_INTID, pmu);
    else if (irq !== undefined) vgic.setInput(irq, pmu, this.id);
  }

  // Waiting

  #interruptPending(): boolean {
    return this.guest.interruptPending || this.#virtualInterrupts?.pending === true || (this.guest.memory.state.get('hcr') & HCR_EL2.mask('VSE')) !== 0n;
  }

  /** An interrupt is there for a guest that waits. One that the VMM has made wait does so until the VMM says otherwise. */
  #woken(): Arm64Exit | 'again' {
    if (this.guest.power === 'suspended') return this.#settled({ kind: 'system-event', event: 'wakeup', flags: 0n });
    this.guest.waiting = false;
    return 'again';
  }

  /** The guest is in WFI: the host's kernel waits for it, unless others have something to do. */
  #wait(end: bigint): Arm64Exit | 'again' {
    const { host } = this.#vm;
    if (this.#interruptPending()) return this.#woken();
    this.#timers.waiting();
    if (this.#linesChanged) return this.#settled({ kind: 'interrupted', because: 'lines' });
    if (this.#interruptPending()) return 'again';
    if (this.#vm.lettingOthers(this)) return this.#settled({ kind: 'idle' });
    const others = this.#vm.deadlineOfOthers(this);
    this.#timers.program({ waiting: true, ...(others !== undefined && { others }) });
    const left = end - host.processor.retired;
    if (left <= 0n) return this.#settled({ kind: 'interrupted', because: 'budget' });
    host.code.place = { step: 'host-wait', phase: '', kind: 'host' };
    // Timers that were programmed just now count from here.
    host.code.isb();
    host.code.depart('wfi');
    const stop = host.processor.run(Number(left));
    if (stop.kind === 'idle') return this.#settled(stop.until === undefined ? { kind: 'idle' } : { kind: 'idle', until: stop.until });
    if (stop.kind === 'budget') return this.#settled({ kind: 'interrupted', because: 'budget' });
    const outcome = stop.kind === 'hosted' ? this.#interrupts() : this.#stopped(stop);
    this.#timers.waited();
    if (outcome !== undefined && outcome.kind !== 'resume' && outcome.kind !== 'wait') return this.#settled(outcome);
    if (this.#linesChanged) return this.#settled({ kind: 'interrupted', because: 'lines' });
    return 'again';
  }

  // Load and put

  #load(): void {
    const panic = this.#residence.load();
    if (panic) this.#stashed = this.#panicked(panic);
  }

  /** Off the processor and on again at the next entry, where only the owner of the debug registers is decided at load. */
  #reload(): void {
    this.guest.reload = false;
    if (this.#vm.world.revision.guestDebug === 'owner') this.#put();
  }

  #put(): void {
    const panic = this.#residence.put();
    if (panic) this.#stashed = this.#panicked(panic);
  }

  #panicked({ step, why, report }: Panic): Arm64Exit {
    this.#inside = false;
    this.#residence.lost();
    return { kind: 'internal-error', reason: 'hypervisor-panic', dead: true, detail: { step, why, ...report } };
  }
}
