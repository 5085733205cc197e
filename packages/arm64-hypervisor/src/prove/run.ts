/**
 * One run of the proof's guest under a revision: made anew from the machine's reset, with everything random that may be, and looked at from
 * both sides after each exit and at each entry. The same trial gives the same observation, so two that differ differ by what was varied.
 */
import { EC, REGISTERS, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import type { PortInstruction, Verdict } from '@worldswitch/arm64-sysreg';
import { Kvm } from '@worldswitch/hypervisor';
import type { Vcpu } from '@worldswitch/hypervisor';
import { Arm64Hypervisor } from '../architecture.ts';
import { arm64Vcpu, arm64Vm } from '../backends.ts';
import type { Arm64DebugExit } from '../exits/context.ts';
import { RunawayError } from '../host/host.ts';
import { HypFault, describe } from '../switch/code.ts';
import type { Revision, Step } from '../switch/step.ts';
import { WorldSwitch } from '../switch/world.ts';
import type { Panic } from '../switch/world.ts';
import type { Arm64Vcpu } from '../vcpu.ts';
import type { Arm64Vm } from '../vm.ts';
import { digest } from './digest.ts';
import { ASKED, GUEST_INTERFACE, LOWER, groupOf, isEdge, priorityOf } from './interrupt-program.ts';
import { HOST_INTERRUPT } from './machine.ts';
import type { ProofMachine } from './machine.ts';
import type { Aspect, Look, Observation } from './observation.ts';
import { GUEST, GUEST_MEMORY, NOBODY, READ_ONLY, debugRegisters } from './program.ts';
import { ProofGuest, USED } from './proof-guest.ts';
import type { GuestImage } from './proof-guest.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { Surroundings } from './surroundings.ts';
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
/** Where the guest's handler of interrupts writes. */
const ACKNOWLEDGE = NOBODY + 0x40n;
const ISR_I = 0x80n;
/** CNTV_CTL_EL0.ENABLE, and with IMASK. */
const TIMER_ON = 1n;
const TIMER_ON_AND_MASKED = 3n;

/** SVE is not there, so that reading its control is UNDEFINED: the exception that a step's own mistake would be. */
const MISTAKE: PortInstruction = { op: 'mrs', encoding: REGISTERS.ZCR_EL2.packed };
const FAILING_ROUND = 2;
/** Rounds before the one in which an interrupt comes. */
const PENDING_AFTER = 2;
/** Where the host's registers are looked at in a run that fails before a step. */
export const BEFORE_FAILURE = 'before the entry';
export const AFTER_PANIC = 'after the panic';
const AS_MEANT = 'the switch fails where it is meant to';
/** The window in which an SError of the guest's is taken. */
const WINDOW = 'serror-check';

type Way = Pick<WorldSwitch, 'load' | 'enter' | 'leave' | 'put'>;

/** A look is another than it should be, and that is all that was asked. */
class Noticed extends Error {}

/** A trial that runs. */
export class Run implements RunningTrial {
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
  readonly #guest: ProofGuest;
  readonly #steps: ReadonlyMap<string, Step>;
  readonly #surroundings: Surroundings;
  #roundTrips = 0;
  #failure: string | undefined;
  #step: string | undefined;
  #index = 0;
  /** In the host's kernel, which takes interrupts there, between a guest that is loaded and one that is not. */
  #away = false;
  /** The guest's timer was due when the load or the put began, or an interrupt has been noted since. */
  #due = false;
  /** An interrupt of the VMM's own, until the guest's handler has written where it acknowledges. */
  #line = false;
  #debugExits = 0;
  /** What the panic path is to say, once the switch has failed where it was to. */
  #mistake: string | undefined;
  #serrorRaised = false;

  constructor(machine: ProofMachine, trial: Trial, image: (debug: readonly string[]) => GuestImage) {
    const { revision, mode, faithful, scenario } = trial;
    this.machine = machine;
    this.#trial = trial;
    this.#random = randomFrom(scenario.seed);
    this.#steps = new Map(revision.steps.filter(({ modes }) => modes?.includes(mode) ?? true).map((step) => [step.id, step]));
    const seen = this.#watched(revision);
    const { port } = machine.processor;
    // Not a copy: what the processor says of itself changes while it runs.
    const processor = Object.create(machine.processor, { port: { value: { execute: (i: PortInstruction): Verdict => this.#interposed(i) ?? port.execute(i) } } }) as ProofMachine['processor'];
    this.hypervisor = new Arm64Hypervisor(processor, {
      mode, revision: seen, layout: machine.layout, interrupts: machine.interrupts, cntvoff: CNTVOFF, hostInterrupt: (id) => { this.hostInterrupts.push(id); },
      ...(faithful === undefined ? {} : { faithful }),
      ...(scenario.interrupts === true && {
        interruptInterface: { ...(scenario.equipment === 'gicv2' && { guestAddress: GUEST_INTERFACE }), properties: (id: number) => {
            const group = groupOf(id);
            return { priority: priorityOf(id), edge: isEdge(id), ...(group !== undefined && { group }) };
          },
        },
      }),
    });
    const vm = new Kvm(this.hypervisor).createVm();
    this.vcpu = vm.createVcpu(VCPU);
    this.vm = arm64Vm(vm);
    this.backend = arm64Vcpu(this.vcpu);
    vm.setMemoryRegion({ slot: 0, guestAddress: GUEST.code, size: GUEST_MEMORY, hostAddress: machine.guestMemory });
    vm.setMemoryRegion({ slot: 1, guestAddress: READ_ONLY, size: 0x1000n, hostAddress: machine.guestMemory + BigInt(USED), readOnly: true });
    const { capabilities } = this.hypervisor;
    const debug = scenario.debug === 'own' ? debugRegisters(capabilities.breakpoints, capabilities.watchpoints) : [];
    this.#guest = new ProofGuest({ machine, vcpu: this.vcpu, backend: this.backend, capabilities, scenario, image: image(debug), random: this.#random });
    this.#surroundings = new Surroundings({ machine, host: this.hypervisor.host, revision, scenario, random: this.#random });
    this.#guest.prepare();
    this.#surroundings.prepare();
    this.#hook();
  }

  #watched(revision: Revision): Revision {
    return watched(revision, (step) => {
      this.#step = step;
      this.#index = 0;
      const { phase, el } = this.#steps.get(step) as Step;
      const at = Number(((this.machine.processor.debugger.read('CurrentEL') ?? 0n) >> 2n) & 3n);
      if (el === 2 && at !== el) throw new RunawayError(`${step} needs EL2, and the processor is at EL${at} already`);
      this.#away = phase === 'load' || phase === 'put';
    }, () => {
      this.#signalled();
      this.#step = undefined;
      this.#away = false;
    });
  }

  complete(): Observation {
    try {
      this.#attempt();
      const counters = this.#guest.counters();
      this.#look('host register', 'at the end', ['the profiling buffer'], [digest(this.#surroundings.samples)]);
      this.#look('guest memory', 'at the end', ['memory', ...Object.keys(counters)], [this.#guest.digest(), ...Object.values(counters).map(BigInt)]);
    } catch (error) {
      if (!(error instanceof Noticed)) throw error;
    }
    return { failure: this.#failure, exits: this.#exits, looks: this.#looks, roundTrips: this.#roundTrips };
  }

  #attempt(): void {
    try {
      this.#go();
    } catch (error) {
      // Whatever hosted code comes to when it is handed values that cannot be.
      if (!(error instanceof RangeError) && !(error instanceof HypFault) && !(error instanceof RunawayError)) throw error;
      this.#failure = `${this.#step ?? 'host'}: ${error.message}`;
    }
  }

  #go(): void {
    const { vcpu, machine } = this;
    const { host } = this.hypervisor;
    if (this.#trial.scenario.pending === true) host.interrupts.setEnabled(host.code, HOST_INTERRUPT, true);
    this.#trial.started?.(this);
    for (let n = 0; n < TOO_MANY; n++) {
      const exit = vcpu.run({ budget: BUDGET });
      this.#exits.push(this.#mistake !== undefined && exit.kind === 'internal-error' ? `internal error ${exit.reason}` : exitText(exit));
      switch (exit.kind) {
        case 'mmio':
          if (exit.write) this.#asked(exit.address);
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
          // Which step it is depends on the order of them.
          if (this.#failure === this.#mistake) this.#failure = AS_MEANT;
          return;
        case 'system-event': return;
        default:
      }
      if (this.#trial.scenario.interrupts !== true) vcpu.setLine('irq', this.#line || (vcpu.deviceLines['vtimer'] ?? false));
    }
    this.#failure = 'the guest does not come to an end';
  }

  /** What a store to nobody tells the VMM. */
  #asked(address: bigint): void {
    if (address === ACKNOWLEDGE) this.#line = false;
    if (this.#trial.scenario.interrupts !== true) return;
    const offset = Number(address - NOBODY);
    const lowered = offset === LOWER ? Object.values(ASKED).flat() : ASKED[offset] ?? [];
    for (const id of lowered) this.vcpu.setLine(`intid${id}`, false);
    for (const id of ASKED[offset] ?? []) this.vcpu.setLine(`intid${id}`, true);
  }

  /** The debugger goes on: from the breakpoint by a step, from the step with its watchpoint, and after that it leaves. */
  #debugged(): void {
    const turn = this.#debugExits++;
    const hardware = this.#guest.hardware(false);
    this.vcpu.setGuestDebug(turn === 0 ? { enable: true, singleStep: true, hardware } : turn === 1 ? { enable: true, hardware } : { enable: false });
  }

  // While it runs

  #interposed(instruction: PortInstruction): Verdict | undefined {
    const step = this.#step;
    const { interpose } = this.#trial;
    this.#signalled();
    if (step === undefined) return undefined;
    if (this.#fails(step, instruction)) return this.machine.processor.port.execute(MISTAKE);
    if (this.#serrorRaised && step === WINDOW && instruction.op === 'daif' && instruction.action === 'set') this.machine.serror(false);
    if (interpose === undefined) return undefined;
    return interpose({ step, index: this.#index++, get text() { return describe(instruction); } }, instruction, this);
  }

  /** Whether the switch is to fail here, instead of executing the instruction. */
  #fails(step: string, instruction: PortInstruction): boolean {
    const { op } = instruction;
    const { fails } = this.#trial.scenario;
    if (fails === undefined || this.#mistake !== undefined || this.#roundTrips !== FAILING_ROUND) return false;
    const { phase, el } = this.#steps.get(step) as Step;
    const elsewhere = typeof fails === 'object' ? step !== fails.before : fails === 'entry' ? op !== 'eret' || phase !== 'enter' : el !== 2 || (fails === 'load' && phase !== 'load');
    if (elsewhere) return false;
    this.#mistake = `hypervisor-panic in ${step}: ${step}: ${describe(instruction)} is undefined`;
    return true;
  }

  /** An interrupt that the host gets while a vCPU is loaded or put, though the guest's timer is not due: a timer in the wrong hands. */
  #signalled(): void {
    if (!this.#away || this.#due || !this.#pending) return;
    this.#due = true;
    this.#exits.push('an interrupt to the host while the vCPU is loaded or put');
  }
  get #pending(): boolean {
    return ((this.machine.processor.debugger.read('ISR_EL1') ?? 0n) & ISR_I) !== 0n;
  }
  /** Whether the guest's timer, which is in memory, has come to its time. */
  get #timerDue(): boolean {
    const { state } = this.backend.guest.memory;
    const count = (this.machine.processor.debugger.read('CNTPCT_EL0') ?? 0n) - state.get('cntvoff');
    return (state.get('cntv-ctl') & TIMER_ON_AND_MASKED) === TIMER_ON && count >= state.get('cntv-cval');
  }

  #hook(): void {
    const { world, host } = this.hypervisor;
    const { scenario, pass } = this.#trial;
    const surroundings = this.#surroundings;
    let way: Way = { load: world.load.bind(world), enter: world.enter.bind(world), leave: world.leave.bind(world), put: world.put.bind(world) };
    let waiting = false;
    // The load before an entry goes by the same order.
    const turn = (): void => {
      if (pass !== undefined && !waiting) way = new WorldSwitch(host, this.#watched(pass()), world.faithful);
      waiting = true;
    };
    const view = viewOf(host.mode);
    // A host that was left by an exception has its flags back; one that called has not.
    const hostNames = [...view.host, ...CALLEE_SAVED.map((n) => `x${n}`), ...VECTORS, ...(host.mode === 'nvhe' ? ['pstate'] : [])];
    const atEntry = (): void => { this.#read('guest register at entry', `entry ${this.#roundTrips}`, view.guest); };
    const panicked = (panic: Panic): void => {
      const { esr = 0n, elr = 0n, spsr = 0n, far = 0n, hpfar = 0n, par = 0n } = panic.report ?? {};
      this.#look('panic report', 'after the panic', ['ESR', 'ELR', 'SPSR', 'FAR', 'HPFAR', 'PAR'], [esr, elr, spsr, far, hpfar, par]);
      this.#read('host register', AFTER_PANIC, host.mode === 'nvhe' ? [...view.host, 'pc', 'pstate'] : view.host);
    };
    world.load = (memory) => {
      turn();
      surroundings.beforeLoad();
      this.#due = this.#timerDue || this.#pending;
      const panic = way.load(memory);
      if (panic) panicked(panic);
      return panic;
    };
    world.put = (memory) => {
      this.#due = this.#pending;
      const panic = way.put(memory);
      this.#read('host register', `put after exit ${this.#roundTrips}`, hostNames);
      return panic;
    };
    world.enter = (memory) => {
      turn();
      waiting = false;
      surroundings.beforeEntry(this.backend.guest.memory.context.get('CPACR_EL1'));
      if (scenario.pending === true && this.#roundTrips === PENDING_AFTER) this.machine.interrupt();
      this.#roundTrips++;
      if (typeof scenario.fails === 'object' && this.#roundTrips === FAILING_ROUND) this.#read('host register', BEFORE_FAILURE, view.host);
      const entered = way.enter(memory);
      if (entered === undefined) atEntry();
      else if ('exit' in entered) this.#read('host register', `entry ${this.#roundTrips}, put off`, hostNames);
      else panicked(entered);
      return entered;
    };
    world.leave = (memory, at) => {
      this.#trial.leaving?.(at, this);
      if (scenario.serror === true && !this.#serrorRaised && decodeSyndrome(this.machine.processor.debugger.read('ESR_EL2') ?? 0n).ec === EC.HVC64) {
        this.#serrorRaised = true;
        this.machine.serror(true);
      }
      const left = way.leave(memory, at);
      if (left.kind === 'exit') this.#trial.left?.(this);
      if (left.kind === 'exit') {
        const where = `after exit ${this.#roundTrips}`;
        this.#look('exit', where, ['code', 'syndrome'], [BigInt(left.exit.code.length), left.exit.esr]);
        this.#read('host register', where, hostNames);
        this.#context(where);
      } else if (left.kind === 'resumed') atEntry();
      else panicked(left.panic);
      return left;
    };
  }

  #read(aspect: Aspect, where: string, names: readonly string[]): void {
    if (this.#trial.looks === false) return;
    const { debugger: door } = this.machine.processor;
    const { devices } = this.#surroundings;
    this.#look(aspect, where, [...names, ...Object.keys(devices)], [...names.map((name) => door.read(name) ?? 0n), ...Object.values(devices)]);
  }
  #look(aspect: Aspect, where: string, names: readonly string[], values: readonly bigint[]): void {
    const expected = this.#trial.against?.looks[this.#looks.length];
    this.#looks.push({ aspect, where, names, values });
    if (expected?.aspect === aspect && values.some((value, n) => value !== expected.values[n])) throw new Noticed();
  }

  #context(where: string): void {
    if (this.#trial.looks === false) return;
    const { context, state, vcpuDebugState, externalDebugState } = this.backend.guest.memory;
    for (const block of [context, state, vcpuDebugState, externalDebugState]) {
      const names = slotsOf(block.layout);
      this.#look('guest context', where, names, names.map((name) => block.get(name)));
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
}
