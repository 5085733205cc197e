import { createInstructionTable, createVirt, STATE, SYSTEM_OFF, SYSTEM_RESET, virtProcessors, withGicV3, type Arm64Cpu, type Virt } from '@worldswitch/arm64';
import type { Stop, StopTarget } from '@worldswitch/debugger';
import * as devices from '@worldswitch/devices';
import { Engine, type EngineKind } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { EngineMemory, type MachineSnapshot, type MachineStop, type Plain, type SetStop } from '@worldswitch/machine';
import type { HandleStop, MachineHandle, MachineRequest } from '@worldswitch/session';
import { explainDebug } from './explain.ts';
import { prepareImage, type PreparedImage } from './image.ts';
import { FLASH_MEMORY, gicVersion, type Arm64Options } from './options.ts';
import { ConsoleBuffer, decodeA64, INSTRUCTION_LENGTH, modelNamed, readVirtual } from './processor.ts';

/** The virt board with nothing between it and the image. */
export class BareMachine implements MachineHandle {
  readonly title: string;
  readonly cpus: number;
  readonly ticksPerSecond: number;
  readonly symbols: PreparedImage['symbols'];
  readonly instructionLength = INSTRUCTION_LENGTH;
  readonly decode = decodeA64;
  readonly traces = {};
  readonly stops: StopTarget;
  readonly snapshots: NonNullable<MachineHandle['snapshots']>;
  readonly console: ConsoleBuffer;
  readonly virt: Virt<EngineMemory>;
  readonly #engine: Engine;
  /** The processor that is debugged: the one that stopped last. */
  #current = 0;

  constructor(engineKind: EngineKind, image: PreparedImage, options: Arm64Options, console: (bytes: Uint8Array) => void) {
    const model = modelNamed(options.cpu);
    const gic = gicVersion(options.gic);
    const { features } = gic === 3 ? withGicV3(model) : model;
    this.#engine = new Engine({ table: createInstructionTable({ has: (feature) => features.has(feature) }), layout: STATE, order: 'little', kind: engineKind, reserve: options.memory + FLASH_MEMORY });
    this.console = new ConsoleBuffer(console);
    this.virt = createVirt({
      devices, images, memory: new EngineMemory(this.#engine.memory), makeCpu: virtProcessors(this.#engine, model), image: image.boot, console: this.console.put,
      ram: options.memory, cpus: options.cpus, model: model.name, gic,
      ...(options.dtb && { deviceTree: options.dtb }), ...(options.semihosting === true && { semihosting: {} }),
    });
    this.symbols = image.symbols;
    this.cpus = options.cpus;
    this.ticksPerSecond = this.virt.machine.clock.ticksPerSecond;
    this.title = `virt, ${options.cpus === 1 ? '' : `${options.cpus} × `}${model.name}, bare at EL2`;
    this.stops = new OutOfBandTarget(this.virt);
    const { machine } = this.virt;
    this.snapshots = { save: () => machine.save(), restore: (state: Plain) => { machine.restore(state as MachineSnapshot); } };
  }

  get #cpu(): Arm64Cpu {
    return this.virt.cpus[this.#current] as unknown as Arm64Cpu;
  }
  get ticks(): bigint {
    return this.virt.machine.clock.now();
  }
  get retired(): number {
    return this.#engine.cores.reduce((sum, core) => sum + core.retired, 0);
  }
  get pc(): bigint {
    return this.#cpu.registers.raw.read('pc') ?? 0n;
  }
  get entry(): bigint {
    return this.virt.plan.start.pc;
  }
  get registerNames(): readonly string[] {
    return this.#cpu.registers.names;
  }

  run(budget: number): HandleStop {
    const stop = this.virt.machine.run({ budget, pace: 'stop' });
    this.console.flush();
    if ('cpu' in stop && stop.cpu !== undefined) this.#current = stop.cpu;
    return this.#stop(stop);
  }
  #stop(stop: MachineStop): HandleStop {
    switch (stop.kind) {
      case 'budget': case 'idle': return stop;
      case 'hosted': return { kind: 'failed', why: `the processor fetched from 0x${stop.at.toString(16)}, which is reserved for hosted code` };
      case 'debug': {
        const { hit } = stop;
        if (hit.kind === 'breakpoint') return { kind: 'debug', hit: { kind: 'breakpoint', address: hit.address }, pc: this.pc, why: 'breakpoint' };
        return {
          kind: 'debug', hit: { kind: 'watchpoint', address: hit.address, length: hit.width, access: hit.access }, pc: this.pc,
          why: `watchpoint: ${hit.access} of ${hit.width} bytes at 0x${hit.address.toString(16)}`,
        };
      }
      case 'halted': {
        if (stop.why === SYSTEM_OFF) return { kind: 'halted', why: 'the guest powered off', ok: true };
        if (stop.why === SYSTEM_RESET) return { kind: 'halted', why: 'the guest asked for a reset', ok: true, reset: true };
        if (stop.code !== undefined) return { kind: 'halted', why: stop.why, ok: stop.code === 0, code: stop.code };
        return { kind: 'failed', why: stop.why };
      }
    }
  }

  skipTo(tick: bigint): void {
    this.virt.machine.skipTo(tick);
  }
  type(bytes: Uint8Array): void {
    this.virt.machine.inputs.post('console', bytes);
  }
  get untaken(): number {
    const queue = this.virt.machine.devices.get('console');
    return queue instanceof devices.SerialQueue ? queue.length : 0;
  }
  readRegister(name: string): bigint | undefined {
    return this.#cpu.registers.debugger.read(name);
  }
  writeRegister(name: string, value: bigint): boolean {
    return this.#cpu.registers.debugger.write(name, value);
  }
  readMemory(address: bigint, length: number, space: 'virtual' | 'physical'): Uint8Array | undefined {
    const { memory } = this.virt.machine;
    return space === 'physical' ? memory.readBytes(address, length) : readVirtual(this.#cpu, (at, count) => memory.readBytes(at, count), address, length);
  }
  explain(question: Parameters<NonNullable<MachineHandle['explain']>>[0]): ReturnType<NonNullable<MachineHandle['explain']>> {
    return explainDebug(this.#cpu, question);
  }
  reset(): void {
    this.virt.reset();
    this.#current = 0;
  }
}

/** Stops of the engine's own, on every processor. */
class OutOfBandTarget implements StopTarget {
  readonly regime = 'machine';
  readonly instructionAlignment = INSTRUCTION_LENGTH;
  readonly #virt: Virt<EngineMemory>;
  readonly #set = new Map<number, readonly SetStop[]>();

  constructor(virt: Virt<EngineMemory>) {
    this.#virt = virt;
  }

  apply(stops: readonly Stop[]): void {
    const wanted = new Set(stops.map((stop) => stop.id));
    for (const [id, set] of this.#set) {
      if (wanted.has(id)) continue;
      for (const stop of set) stop[Symbol.dispose]();
      this.#set.delete(id);
    }
    for (const stop of stops) {
      if (this.#set.has(stop.id)) continue;
      this.#set.set(stop.id, this.#virt.cpus.map((cpu) => (stop.kind === 'breakpoint' ? cpu.stops.breakpoint(stop.address) : cpu.stops.watchpoint(stop.address, stop.length, stop.access))));
    }
  }
}

/** A bare machine for a request. */
export function bareMachine(request: MachineRequest, options: Arm64Options, engine: EngineKind): BareMachine {
  return new BareMachine(engine, prepareImage(request.image, options, request.gunzip), options, request.console);
}
