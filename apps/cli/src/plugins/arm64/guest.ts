import { configure, createHostBoard, createVirt, SYSTEM_OFF, SYSTEM_RESET, type HostBoard, type Virt, type VirtCpu } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOST_MEMORY, HOSTED_SIZE, hostOn, processorOf, REVISIONS, type Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import { debugKnowledge, decodeDebugExit, DEVICE_OUTPUTS, INTERRUPT_LINES, startVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { hex } from '@worldswitch/bits';
import * as devices from '@worldswitch/devices';
import type { EngineKind } from '@worldswitch/engine';
import { Kvm, Ledger, type Exit, type LedgerRow, type Vcpu } from '@worldswitch/hypervisor';
import * as images from '@worldswitch/image';
import type { EngineMemory, MachineStop } from '@worldswitch/machine';
import { refuse, type HandleStop, type MachineHandle, type MachineRequest, type RunningTrace, type TraceRow } from '@worldswitch/session';
import { Breakpoints, GuestMemory, VcpuCpu } from '@worldswitch/vmm';
import { GuestDebugTarget } from './guest-stops.ts';
import { prepareImage, type PreparedImage } from './image.ts';
import { FLASH_MEMORY, gicVersion, type Arm64Options } from './options.ts';
import { returnBreakpoint } from './own-breakpoint.ts';
import { ConsoleBuffer, decodeA64, INSTRUCTION_LENGTH, modelNamed } from './processor.ts';

/** Instructions within which a single step ends: one, and those of exceptions on its way. */
const STEP_BUDGET = 100_000;

/** The image as a guest at EL1, on a virt board of its own, under the hypervisor on a virt machine. */
export class GuestMachine implements MachineHandle {
  readonly title: string;
  readonly cpus = 1;
  readonly ticksPerSecond: number;
  readonly symbols: PreparedImage['symbols'];
  readonly instructionLength = INSTRUCTION_LENGTH;
  readonly decode = decodeA64;
  readonly stops: GuestDebugTarget;
  readonly traces: MachineHandle['traces'];
  readonly hypervisor: Arm64Hypervisor;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  /** The machine underneath. */
  readonly host: Virt<EngineMemory>;
  /** Exits of the guest, by kind. */
  readonly exits = new Map<string, number>();
  readonly #board: HostBoard;
  readonly #guest: Virt<GuestMemory>;
  readonly #cpu: VcpuCpu<Arm64DebugExit>;
  readonly #console: ConsoleBuffer;
  /** Where the guest stands after a stop, and the watchpoints that would stop it there again before it moves. */
  #standing: { readonly pc: bigint; readonly watchpoints: ReadonlySet<number> } | undefined;
  /** A breakpoint instruction of the guest's own has come to us, and goes back to it before it runs on. */
  #ownBreakpoint: Extract<Exit<Arm64DebugExit>, { kind: 'debug' }> | undefined;

  constructor(engineKind: EngineKind, image: PreparedImage, options: Arm64Options, console: (bytes: Uint8Array) => void) {
    const model = modelNamed(options.cpu);
    configure({ ram: options.memory, cpus: options.cpus, el2: false });
    if (options.cpus !== 1) throw refuse('unsupported', `--cpus ${options.cpus} --as guest: a guest of the command has one vCPU; leave --cpus out, or run it --as bare`);
    const mode = options.mode === 'auto' ? (model.features.has('FEAT_VHE') && hasVhe(options.revision) ? 'vhe' : 'nvhe') : options.mode;
    if (mode === 'vhe' && !model.features.has('FEAT_VHE')) {
      throw refuse('bad-option', `--mode vhe --cpu ${model.name}: that processor does not have FEAT_VHE; use --mode nvhe, or --cpu neoverse-n1`);
    }
    const guestMemory = options.memory + FLASH_MEMORY;
    this.#board = createHostBoard({
      devices, images, model, kind: engineKind, gic: gicVersion(options.gic), ram: HOST_MEMORY + guestMemory, hosted: HOSTED_SIZE,
      reserve: HOST_MEMORY + guestMemory + FLASH_MEMORY,
    });
    this.host = this.#board.virt;
    this.hypervisor = new Arm64Hypervisor(processorOf(this.#board), {
      mode, ...hostOn(this.#board.places, { virtualInterface: false }),
      ...(options.revision !== undefined && { revision: options.revision }), ...(options.faithful !== undefined && { faithful: faultsNamed(options.faithful) }),
    });
    const vm = new Kvm(this.hypervisor).createVm();
    const vcpu = vm.createVcpu(0);
    this.vcpu = vcpu;
    this.stops = new GuestDebugTarget(new Breakpoints([vcpu], debugKnowledge(this.hypervisor.capabilities)), this.hypervisor.capabilities);
    this.#console = new ConsoleBuffer(console);
    const { guest, cpu } = this.#compose(vm, image, options);
    this.#guest = guest;
    this.#cpu = cpu;
    this.symbols = image.symbols;
    this.ticksPerSecond = guest.machine.clock.ticksPerSecond;
    this.title = `virt, ${model.name}, guest at EL1, host ${mode === 'vhe' ? 'at EL2 (vhe)' : 'at EL1 (nvhe)'}`;
    this.traces = { 'world-switch': () => ledgerTrace(this.hypervisor) };
  }

  #compose(vm: ReturnType<Kvm<Arm64DebugExit>['createVm']>, image: PreparedImage, options: Arm64Options): { guest: Virt<GuestMemory>; cpu: VcpuCpu<Arm64DebugExit> } {
    const cpus: VcpuCpu<Arm64DebugExit>[] = [];
    const { machine } = this.host;
    const { vcpu } = this;
    const guest = createVirt({
      devices, images, image: image.boot, el2: false, model: options.cpu, ram: options.memory, console: this.#console.put,
      ...(options.dtb && { deviceTree: options.dtb }),
      memory: new GuestMemory(vm, { base: this.#board.places.ram + BigInt(HOST_MEMORY), size: BigInt(options.memory + FLASH_MEMORY), memory: machine.memory }),
      makeCpu: (port): VirtCpu => {
        startVcpu(vcpu, { pc: 0n });
        const cpu = new VcpuCpu({
          vcpu, port, lines: INTERRUPT_LINES, outputs: DEVICE_OUTPUTS, breakpoints: this.stops.breakpoints,
          host: { now: () => machine.clock.now(), skipTo: (tick) => { machine.skipTo(tick); } },
          reset: (one) => { startVcpu(one, { pc: 0n }); },
          onExit: (exit) => { this.exits.set(exit.kind, (this.exits.get(exit.kind) ?? 0) + 1); },
        });
        cpus.push(cpu);
        return Object.assign(cpu, {
          powered: true, start: ({ pc, x0 }: { pc: bigint; x0: bigint }) => { startVcpu(vcpu, { pc, x0 }); }, powerOff: () => undefined, wait: () => undefined,
        });
      },
    });
    return { guest, cpu: cpus[0] };
  }

  get ticks(): bigint {
    return this.#guest.machine.clock.now();
  }
  get retired(): number {
    return this.#board.engine.cores[0].retired;
  }
  get pc(): bigint {
    return this.vcpu.getRegister('pc');
  }
  get entry(): bigint {
    return this.#guest.plan.start.pc;
  }
  get registerNames(): readonly string[] {
    return this.vcpu.registers.names;
  }
  get untaken(): number {
    const queue = this.#guest.machine.devices.get('console');
    return queue instanceof devices.SerialQueue ? queue.length : 0;
  }

  run(budget: number): HandleStop {
    this.#returnBreakpoint();
    if (this.#standing?.pc !== this.pc) return this.#run(budget);
    // As a VMM's debugger does it: the stops out, one step, the stops in again.
    const before = this.retired;
    const stepped = this.stepOne();
    const left = budget - (this.retired - before);
    return stepped.kind !== 'budget' || left <= 0 ? stepped : this.#run(left);
  }

  /** The instruction here, whatever stop lies on it; the step of a breakpoint instruction that has come to us is its exception. */
  stepOne(): HandleStop {
    if (this.#returnBreakpoint()) return { kind: 'budget' };
    const { pc } = this;
    const over = this.#standing?.pc === pc ? this.#standing.watchpoints : new Set<number>();
    return this.stops.without((stop) => (stop.kind === 'breakpoint' ? stop.address === pc : over.has(stop.id)), () => {
      const { breakpoints } = this.stops;
      breakpoints.stepping = true;
      try {
        return this.#run(STEP_BUDGET);
      } finally {
        breakpoints.stepping = false;
      }
    });
  }

  /** False where there is none, or somebody has moved the guest away from it. */
  #returnBreakpoint(): boolean {
    const exit = this.#ownBreakpoint;
    this.#ownBreakpoint = undefined;
    if (exit === undefined || exit.pc !== this.pc) return false;
    returnBreakpoint(this.vcpu, exit);
    return true;
  }

  #run(budget: number): HandleStop {
    const stop = this.#guest.machine.run({ budget, pace: 'stop' });
    this.#console.flush();
    return this.#stop(stop);
  }

  #stop(stop: MachineStop): HandleStop {
    switch (stop.kind) {
      case 'budget': case 'idle': return stop;
      case 'hosted': return { kind: 'failed', why: `hosted code at ${hex(stop.at)} that nothing answers` };
      case 'debug': return this.#debugStop(this.#cpu.lastExit);
      case 'halted':
        if (stop.why === SYSTEM_OFF) return { kind: 'halted', why: 'the guest powered off', ok: true };
        if (stop.why === SYSTEM_RESET) return { kind: 'halted', why: 'the guest asked for a reset', ok: true, reset: true };
        return { kind: 'failed', why: stop.why };
    }
  }

  #debugStop(exit: Exit<Arm64DebugExit> | undefined): HandleStop {
    if (exit?.kind !== 'debug') return { kind: 'failed', why: 'a stop without an exit' };
    const seen = decodeDebugExit(exit);
    if (seen.kind === 'step') return { kind: 'budget' };
    if (seen.kind === 'software-breakpoint') this.#ownBreakpoint = exit;
    const { pc } = exit;
    const stop = this.stops.stopOf(this.stops.breakpoints.hit(exit).id);
    const report = { hsr: BigInt(exit.arch.hsr), far: exit.arch.far, pc };
    const why = seen.kind === 'watchpoint' ? `watchpoint: ${seen.write === true ? 'write' : 'read'} at ${hex(seen.address)}` : seen.kind;
    if (stop === undefined) return { kind: 'debug', pc, why, report };
    const before = this.#standing?.pc === pc ? this.#standing.watchpoints : [];
    this.#standing = { pc, watchpoints: new Set(stop.kind === 'watchpoint' ? [...before, stop.id] : before) };
    if (stop.kind === 'breakpoint') return { kind: 'debug', hit: { kind: 'breakpoint', address: stop.address }, pc, why, report };
    // FAR may lie below what is watched (DDI 0487 D2.10.5), so the hit is told by the stop.
    return { kind: 'debug', hit: { kind: 'watchpoint', address: stop.address, length: stop.length, access: seen.write === true ? 'write' : 'read' }, pc, why, report };
  }

  skipTo(tick: bigint): void {
    this.#guest.machine.skipTo(tick);
  }
  type(bytes: Uint8Array): void {
    this.#guest.machine.inputs.post('console', bytes);
  }
  readRegister(name: string): bigint | undefined {
    return this.vcpu.registers.read(name);
  }
  writeRegister(name: string, value: bigint): boolean {
    return this.vcpu.registers.write(name, value);
  }
  /** Virtual addresses only while the guest's MMU is off: its tables are its own, and nothing walks them for a debugger yet. */
  readMemory(address: bigint, length: number, space: 'virtual' | 'physical'): Uint8Array | undefined {
    const translated = ((this.vcpu.registers.read('SCTLR_EL1') ?? 0n) & 1n) === 1n;
    return space === 'virtual' && translated ? undefined : this.#guest.machine.memory.readBytes(address, length);
  }
  reset(): void {
    this.#guest.reset();
    this.#standing = undefined;
    this.#ownBreakpoint = undefined;
  }
}

/** Whether a revision exists with VHE. One that does not exist at all is refused elsewhere, with those that do. */
function hasVhe(revision: string | undefined): boolean {
  return REVISIONS.find(({ name }) => name === revision)?.modes.includes('vhe') ?? true;
}

/** `all`, or names with commas. */
function faultsNamed(text: string): 'all' | readonly string[] {
  return text === 'all' ? text : text.split(',').map((name) => name.trim()).filter((name) => name !== '');
}

/** Every instruction that the hypervisor's steps execute, while it is on. */
function ledgerTrace(hypervisor: Arm64Hypervisor): RunningTrace {
  const { code } = hypervisor.host;
  const ledger = new Ledger();
  code.ledger = ledger;
  return {
    drain: () => ledger.drain().map(traceRow),
    [Symbol.dispose]: () => { code.ledger = undefined; },
  };
}

function traceRow(row: LedgerRow): TraceRow {
  const { icount, phase, step, el, operation, written, reached, before, after, verdict } = row;
  const target = reached === written ? written : `${written} → ${reached}`;
  const value = before === undefined ? (after === undefined ? '' : hex(after)) : before === after || after === undefined ? hex(before) : `${hex(before)} → ${hex(after)}`;
  const text = `${String(icount).padStart(10)} EL${el} ${phase.padEnd(16)} ${step.padEnd(20)} ${operation.padEnd(11)} ${target}  ${value}${verdict === 'ok' ? '' : ` (${verdict})`}`;
  return { text: text.trimEnd(), data: { ...row } };
}

/** A guest for a request. */
export function guestMachine(request: MachineRequest, options: Arm64Options, engine: EngineKind): GuestMachine {
  return new GuestMachine(engine, prepareImage(request.image, options, request.gunzip), options, request.console);
}
