/**
 * One run of the proof's guest under a revision: made anew from the machine's reset, with everything random that may be, and looked at from
 * both sides after each exit and at each entry. The same trial gives the same observation, so two that differ differ by what was varied.
 */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { PortInstruction, RegisterName, Verdict } from '@worldswitch/arm64-sysreg';
import { Kvm } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import { Arm64Hypervisor } from '../architecture.ts';
import type { Arm64DebugExit } from '../exits/context.ts';
import { RunawayError } from '../host/host.ts';
import { HypFault, describe } from '../switch/code.ts';
import type { Arm64Vcpu } from '../vcpu.ts';
import type { Arm64Vm } from '../vm.ts';
import type { Scenario } from './scenario.ts';
import type { ProofMachine, ProofMachines } from './machine.ts';
import type { Aspect, Look, Observation } from './observation.ts';
import { CHANGED, COUNTER, GUEST, GUEST_MEMORY, NOBODY, READ_ONLY, debugRegisters, guestProgram, vectorTable } from './program.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { GUEST_START, POINTERS, hostRegisters, randomValue } from './values.ts';
import type { RunningTrial, Trial } from './trial.ts';
import { watched } from './variation.ts';
import { CALLEE_SAVED, VECTORS, exitText, slotsOf, viewOf } from './view.ts';

/** Exits after which a guest has gone astray: the program needs about forty. */
const TOO_MANY = 120;
/** Instructions in one run of the vCPU: the whole program has fewer than a thousand. */
const BUDGET = 3000;
/** Not the number of the host's own processor, so that MPIDR_EL1 tells them apart. */
const VCPU = 1;
/** More than the time that is left when the guest's timer is taken away and given back: with another offset it would be over. */
const CNTVOFF = 290n;
/** Traps of the EL1 world that a hypervisor may leave out: the guest then changes its registers unseen, and the switch alone keeps them. */
const NEEDLESS_TRAPS = HCR_EL2.mask('TVM') | HCR_EL2.mask('TID2') | HCR_EL2.mask('TACR');
const MDE = 0x8000n;
const KDE_AND_MDE = 0xa000n;
/** Breakpoint and watchpoint of EL1 and EL0: on. */
const BREAK = 0x1e7n;
const WATCH = 0x1fffn;
/** Where the guest's handler of interrupts writes. */
const ACKNOWLEDGE = NOBODY + 0x40n;
const EL1H = 5n;
const ISR_I = 0x80n;
/** What of its memory the guest uses. */
const USED = 0x8000;

interface GuestImage {
  readonly code: Uint8Array;
  readonly vectors: Uint8Array;
  readonly breakpoint: bigint;
}

/** Runs trials on machines it is given. */
export class Bench {
  readonly #machines: ProofMachines;
  readonly #images = new Map<string, GuestImage>();

  constructor(machines: ProofMachines) {
    this.#machines = machines;
  }

  /** Throws what the trial's own code throws, save what a switch may come to. */
  run(trial: Trial): Observation {
    const machine = this.#machines(trial.sync ?? 'early');
    machine.reset();
    return new Run(machine, trial, (debug) => this.#image(machine, debug, trial.scenario)).complete();
  }

  #image(machine: ProofMachine, debug: readonly string[], { disturbed = false, brief = false }: Scenario): GuestImage {
    const key = `${debug.length}${disturbed ? ' disturbed' : ''}${brief ? ' brief' : ''}`;
    let image = this.#images.get(key);
    if (!image) {
      const { source, breakpoint } = guestProgram({ debug, disturbed, brief });
      image = { code: machine.assemble(source, GUEST.code), vectors: machine.assemble(vectorTable(), 0n), breakpoint };
      this.#images.set(key, image);
    }
    return image;
  }
}

class Run implements RunningTrial {
  readonly machine: ProofMachine;
  readonly hypervisor: Arm64Hypervisor;
  readonly vm: Arm64Vm;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  readonly backend: Arm64Vcpu;
  readonly hostInterrupts: number[] = [];
  readonly #trial: Trial;
  readonly #random: Random;
  readonly #exits: string[] = [];
  readonly #looks: Look[] = [];
  readonly #image: GuestImage;
  #roundTrips = 0;
  #failure: string | undefined;
  #step: string | undefined;
  #index = 0;
  /** In the host's kernel, which takes interrupts there, between a guest that is loaded and one that is not. */
  #away = false;
  /** An interrupt of the VMM's own, until the guest's handler has written where it acknowledges. */
  #line = false;
  #debugExits = 0;

  constructor(machine: ProofMachine, trial: Trial, image: (debug: readonly string[]) => GuestImage) {
    const { revision, mode, faithful, scenario } = trial;
    this.machine = machine;
    this.#trial = trial;
    this.#random = randomFrom(scenario.seed);
    const away = new Set(revision.steps.filter(({ phase }) => phase === 'load' || phase === 'put').map(({ id }) => id));
    const seen = watched(revision, (step) => {
      this.#step = step;
      this.#index = 0;
      this.#away = away.has(step);
    }, () => {
      this.#signalled();
      this.#step = undefined;
      this.#away = false;
    });
    const { port } = machine.processor;
    // Not a copy: what the processor says of itself changes while it runs.
    const processor = Object.create(machine.processor, { port: { value: { execute: (i: PortInstruction): Verdict => this.#interposed(i) ?? port.execute(i) } } }) as ProofMachine['processor'];
    this.hypervisor = new Arm64Hypervisor(processor, {
      mode, revision: seen, layout: machine.layout, interrupts: machine.interrupts, cntvoff: CNTVOFF, hostInterrupt: (id) => { this.hostInterrupts.push(id); },
      ...(faithful === undefined ? {} : { faithful }),
    });
    const vms: Arm64Vm[] = [];
    const vcpus: Arm64Vcpu[] = [];
    const createVm = this.hypervisor.createVm.bind(this.hypervisor);
    this.hypervisor.createVm = () => {
      const vm = createVm();
      const createVcpu = vm.createVcpu.bind(vm);
      vm.createVcpu = (...setup) => {
        const vcpu = createVcpu(...setup);
        vcpus.push(vcpu);
        return vcpu;
      };
      vms.push(vm);
      return vm;
    };
    const vm = new Kvm(this.hypervisor).createVm();
    this.vcpu = vm.createVcpu(VCPU);
    [this.vm] = vms;
    [this.backend] = vcpus;
    vm.setMemoryRegion({ slot: 0, guestAddress: GUEST.code, size: GUEST_MEMORY, hostAddress: machine.guestMemory });
    vm.setMemoryRegion({ slot: 1, guestAddress: READ_ONLY, size: 0x1000n, hostAddress: machine.guestMemory + BigInt(USED), readOnly: true });
    const { breakpoints, watchpoints } = this.hypervisor.capabilities;
    this.#image = image(scenario.debug === 'own' ? debugRegisters(breakpoints, watchpoints) : []);
    this.#prepare();
    this.#hook();
  }

  complete(): Observation {
    try {
      this.#go();
    } catch (error) {
      // Whatever hosted code comes to when it is handed values that cannot be.
      if (!(error instanceof RangeError) && !(error instanceof HypFault) && !(error instanceof RunawayError)) throw error;
      this.#failure = `${this.#step ?? 'host'}: ${error.message}`;
    }
    const counters = this.counters();
    this.#look('guest memory', 'at the end', ['memory', ...Object.keys(counters)], [this.#digest(), ...Object.values(counters).map(BigInt)]);
    return { failure: this.#failure, exits: this.#exits, looks: this.#looks, roundTrips: this.#roundTrips };
  }

  #go(): void {
    const { vcpu, machine } = this;
    this.#trial.started?.(this);
    for (let n = 0; n < TOO_MANY; n++) {
      const exit = vcpu.run({ budget: BUDGET });
      this.#exits.push(exitText(exit));
      switch (exit.kind) {
        case 'mmio':
          if (exit.write && exit.address === ACKNOWLEDGE) this.#line = false;
          if (!exit.write) exit.data.forEach((_, at) => { exit.data[at] = 0x51 + 7 * at; });
          break;
        case 'debug': this.#debugged(); break;
        case 'idle':
          if (exit.until === undefined) return;
          machine.skipTo(exit.until);
          break;
        case 'interrupted':
          if (exit.because === 'budget') {
            this.#failure = 'the guest does not get on';
            return;
          }
          break;
        case 'internal-error':
          this.#failure = `${exit.reason}${exit.detail['step'] === undefined ? '' : ` in ${exit.detail['step']}`}: ${String(exit.detail['why'] ?? '')}`;
          return;
        case 'system-event': return;
        default:
      }
      vcpu.setLine('irq', this.#line || (vcpu.deviceLines['vtimer'] ?? false));
    }
    this.#failure = 'the guest does not come to an end';
  }

  /** The debugger goes on: from the breakpoint by a step, from the step with its watchpoint, and after that it leaves. */
  #debugged(): void {
    const turn = this.#debugExits++;
    const hardware = this.#hardware(false);
    this.vcpu.setGuestDebug(turn === 0 ? { enable: true, singleStep: true, hardware } : turn === 1 ? { enable: true, hardware } : { enable: false });
  }

  #hardware(breakpoint: boolean): { bcr: bigint[]; bvr: bigint[]; wcr: bigint[]; wvr: bigint[] } {
    const { breakpoints, watchpoints } = this.hypervisor.capabilities;
    const bank = (kind: string, count: number): bigint[] => Array.from({ length: count }, (_, n) => randomValue(`DBG${kind}${n}_EL1`, this.#random));
    const set = { bcr: bank('BCR', breakpoints), bvr: bank('BVR', breakpoints), wcr: bank('WCR', watchpoints), wvr: bank('WVR', watchpoints) };
    if (breakpoint) {
      set.bcr[1] = BREAK;
      set.bvr[1] = this.#image.breakpoint;
    }
    set.wcr[0] = WATCH;
    set.wvr[0] = POINTERS['x25'];
    return set;
  }

  // Before the run

  #prepare(): void {
    const { vcpu, backend, machine: { processor: { debugger: door } } } = this;
    const { scenario } = this.#trial;
    const random = this.#random;
    this.#writeGuestMemory();
    vcpu.initialise(['psci-0.2']);
    for (const name of GUEST_START) vcpu.setRegister(name, randomValue(name, random));
    for (let n = 0; n < 31; n++) vcpu.setRegister(`x${n}`, random.next());
    for (const name of VECTORS) vcpu.setRegister(name, (random.next() << 64n) | random.next());
    for (const [name, value] of Object.entries(POINTERS)) vcpu.setRegister(name, value);
    vcpu.setRegister('x0', 0x8400_0000n);
    vcpu.setRegister('VBAR_EL1', GUEST.vectors);
    vcpu.setRegister('pc', GUEST.code);
    vcpu.setRegister('pstate', EL1H);
    const { state } = backend.guest.memory;
    state.set('hcr', state.get('hcr') & ~NEEDLESS_TRAPS);
    if (scenario.debug === 'own') {
      for (const [bank, values] of Object.entries(this.#hardware(true))) values.forEach((value, n) => { vcpu.setRegister(`DBG${bank.toUpperCase()}${n}_EL1`, value); });
      vcpu.setRegister('MDSCR_EL1', KDE_AND_MDE);
    }
    if (scenario.debug === 'debugger') vcpu.setGuestDebug({ enable: true, hardware: this.#hardware(true) });
    for (const name of VECTORS) door.write(name, (random.next() << 64n) | random.next());
    for (const name of ['FPSR', 'FPCR']) door.write(name, randomValue(name, random));
    for (const n of CALLEE_SAVED) this.machine.processor.setGeneral(n, random.next());
  }

  #writeGuestMemory(): void {
    const { machine: { guestMemory, processor: { memory } } } = this;
    const { code, vectors } = this.#image;
    const bytes = new Uint8Array(USED + 0x1000);
    const put = (address: bigint, part: Uint8Array): void => { bytes.set(part, Number(address - GUEST.code)); };
    put(GUEST.code, code);
    put(GUEST.vectors, vectors);
    put(GUEST.otherVectors, vectors);
    const view = new DataView(bytes.buffer);
    let at = Number(GUEST.values - GUEST.code);
    for (const value of this.#newValues()) {
      view.setBigUint64(at, value, true);
      at += 8;
    }
    memory.loadBytes(guestMemory, bytes);
  }

  /** The guest's table, in the order in which the program takes from it. */
  #newValues(): readonly bigint[] {
    const { scenario } = this.#trial;
    const random = this.#random;
    const { breakpoints, watchpoints } = this.hypervisor.capabilities;
    const of = (names: readonly string[]): bigint[] => names.map((name) => (name === 'VBAR_EL1' ? GUEST.otherVectors : randomValue(name, random)));
    const debug = scenario.debug === 'own' ? of(debugRegisters(breakpoints, watchpoints)) : [];
    const changed = CHANGED.filter((name) => scenario.disturbed !== true || !['ESR_EL1', 'ELR_EL1', 'SPSR_EL1', 'FAR_EL1'].includes(name));
    return [...debug, ...VECTORS.map(() => random.next()), ...of(['FPSR', 'FPCR', 'SP_EL1']), ...of(changed)];
  }

  // While it runs

  #interposed(instruction: PortInstruction): Verdict | undefined {
    const step = this.#step;
    const { interpose } = this.#trial;
    this.#signalled();
    if (step === undefined || interpose === undefined) return undefined;
    return interpose({ step, index: this.#index++, get text() { return describe(instruction); } }, instruction, this);
  }

  /** An interrupt that comes while a vCPU is loaded or put is one that the host takes: a timer in the wrong hands. */
  #signalled(): void {
    if (!this.#away) return;
    const pending = (this.machine.processor.debugger.read('ISR_EL1') ?? 0n) & ISR_I;
    if (pending === 0n) return;
    this.#away = false;
    this.#exits.push(`interrupt to the host in ${this.#step ?? ''}`);
  }

  #hook(): void {
    const { world, host } = this.hypervisor;
    const { enter, leave } = { enter: world.enter.bind(world), leave: world.leave.bind(world) };
    const { breakpoints, watchpoints } = this.hypervisor.capabilities;
    const all = hostRegisters(host.mode, breakpoints, watchpoints);
    const loaded = this.#trial.revision.loaded?.(host.mode);
    // What is loaded for the guest is nobody else's until it is put.
    const free = all.filter((name) => loaded?.has(name) !== true);
    const fill = (names: readonly RegisterName[]): void => {
      host.code.place = { step: 'host', phase: '', kind: 'host' };
      for (const name of names) host.code.write(name, randomValue(name, this.#random));
    };
    const load = world.load.bind(world);
    world.load = (memory) => {
      fill(all);
      // Another vCPU has been here.
      this.machine.processor.debugger.write('CNTV_CVAL_EL0', this.#random.next());
      return load(memory);
    };
    const view = viewOf(host.mode);
    // A host that was left by an exception has its flags back; one that called has not.
    const hostNames = [...view.host, ...CALLEE_SAVED.map((n) => `x${n}`), ...VECTORS, ...(host.mode === 'nvhe' ? ['pstate'] : [])];
    const atEntry = (): void => { this.#read('guest register at entry', `entry ${this.#roundTrips}`, view.guest); };
    const put = world.put.bind(world);
    world.put = (memory) => {
      const panic = put(memory);
      this.#read('host register', `put after exit ${this.#roundTrips}`, hostNames);
      return panic;
    };
    world.enter = (memory) => {
      // The host has done other things since.
      fill(free);
      // Its own monitor, on or off; with KDE clear it acts on user programs alone.
      host.code.write('MDSCR_EL1', this.#random.pick([0n, MDE]));
      if (host.mode === 'nvhe') this.machine.processor.debugger.write('SP_EL1', randomValue('SP_EL1', this.#random));
      this.#roundTrips++;
      const entered = enter(memory);
      if (entered === undefined) atEntry();
      return entered;
    };
    world.leave = (memory, at) => {
      this.#trial.leaving?.(at, this);
      const left = leave(memory, at);
      if (left.kind === 'exit') this.#trial.left?.(this);
      if (left.kind === 'exit') {
        const where = `after exit ${this.#roundTrips}`;
        this.#look('exit', where, ['code', 'syndrome'], [BigInt(left.exit.code.length), left.exit.esr]);
        this.#read('host register', where, hostNames);
        this.#context(where);
      } else if (left.kind === 'resumed') atEntry();
      return left;
    };
  }

  #read(aspect: Aspect, where: string, names: readonly string[]): void {
    if (this.#trial.looks === false) return;
    const { debugger: door } = this.machine.processor;
    this.#looks.push({ aspect, where, names, values: names.map((name) => door.read(name) ?? 0n) });
  }
  #look(aspect: Aspect, where: string, names: readonly string[], values: readonly bigint[]): void {
    this.#looks.push({ aspect, where, names, values });
  }

  #context(where: string): void {
    if (this.#trial.looks === false) return;
    const { context, state, vcpuDebugState, externalDebugState } = this.backend.guest.memory;
    for (const block of [context, state, vcpuDebugState, externalDebugState]) {
      const names = slotsOf(block.layout);
      this.#looks.push({ aspect: 'guest context', where, names, values: names.map((name) => block.get(name)) });
    }
  }

  raiseVirtual(): void {
    this.#line = true;
    this.backend.setLine('irq', true);
    // As from another processor: the guest leaves for it, should it just have been entered.
    this.hypervisor.host.kick();
  }
  get virtualPending(): boolean {
    return this.#line;
  }

  /** How often each of the guest's handlers ran. */
  counters(): Readonly<Record<keyof typeof COUNTER, number>> {
    const { guestMemory, processor: { memory } } = this.machine;
    const at = guestMemory + (GUEST.counters - GUEST.code);
    const read = (offset: number): number => Number(memory.read(at + BigInt(offset), 8, 0) ?? 0n);
    return { synchronous: read(COUNTER.synchronous), irq: read(COUNTER.irq), fiq: read(COUNTER.fiq), serror: read(COUNTER.serror) };
  }

  /** The guest's memory, its counters aside, in one number (FNV-1a over doublewords). */
  #digest(): bigint {
    const { guestMemory, processor: { memory } } = this.machine;
    const bytes = memory.readBytes(guestMemory, USED) ?? new Uint8Array();
    bytes.fill(0, Number(GUEST.counters - GUEST.code), Number(GUEST.counters - GUEST.code) + 32);
    let hash = 0xcbf2_9ce4_8422_2325n;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 8 <= bytes.byteLength; at += 8) hash = BigInt.asUintN(64, (hash ^ view.getBigUint64(at, true)) * 0x100_0000_01b3n);
    return hash;
  }
}
