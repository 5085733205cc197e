import type { CoreStop, Watchpoint } from '@worldswitch/engine';
import type { Access, DebugHit, InterruptLine, ObservationKind, ObservationScope, OutOfBandStops, Plain, RegisterDoors, SetStop, Stop, Translation } from '@worldswitch/machine';
import type { StartState } from '../board/load.ts';
import type { VirtCpu } from '../board/processor.ts';
import { X } from '../state.ts';
import { Arm64Processor } from './cpu.ts';
import type { ProcessorOptions } from './options.ts';
import { registerDoors } from './doors.ts';
import type { Arm64Observation } from './observation.ts';


/** An arm64 processor as machines and front ends see one. */
export class Arm64Cpu implements VirtCpu {
  readonly processor: Arm64Processor;
  readonly registers: RegisterDoors;
  readonly inputs: Readonly<Record<string, InterruptLine>>;
  readonly stops: OutOfBandStops;
  readonly #ids = new Map<object | bigint, number>();
  #nextId = 1;

  constructor(options: ProcessorOptions) {
    this.processor = new Arm64Processor(options);
    this.registers = registerDoors(this.processor);
    this.inputs = this.processor.interrupts.lines;
    const { stops } = this.processor.core;
    this.stops = {
      breakpoint: (address) => {
        stops.addBreakpoint(address);
        return this.#setStop(address, () => { stops.removeBreakpoint(address); });
      },
      watchpoint: (address, size, access) => {
        const watchpoint: Watchpoint = { address, size, access };
        stops.addWatchpoint(watchpoint);
        return this.#setStop(watchpoint, () => { stops.removeWatchpoint(watchpoint); });
      },
      // The engine lets an instruction pass that it has just stopped at.
      resume: () => undefined,
    };
  }

  get retired(): number {
    return this.processor.core.retiredInRun;
  }
  run(budget: number): Stop {
    return this.#stop(this.processor.run(budget));
  }
  limit(total: number): void {
    this.processor.core.limit(total);
  }
  observe(kinds: readonly ObservationKind[], capacity: number, scope: ObservationScope = 'all'): Arm64Observation {
    return this.processor.observe(kinds, capacity, scope);
  }
  translate(address: bigint, access: Access): Translation {
    const result = this.processor.mmu.inspect(address, access === 'execute' ? 'fetch' : access, { el: this.processor.state.pstate.el, pan: false, unprivileged: false });
    if (result.ok) return { kind: 'ok', physical: BigInt(result.physical), attributes: { device: result.device, pageSize: result.pageSize } };
    const { stage, status, level } = result.fault;
    return { kind: 'fault', why: `stage ${stage} fault, status 0x${status.toString(16)}, level ${level}`, syndrome: BigInt(status) };
  }
  get powered(): boolean {
    return this.processor.powered;
  }
  start({ pc, x0 }: StartState): void {
    this.reset();
    this.processor.core.pc = pc;
    this.processor.core.state.set(X[0], x0);
  }
  powerOff(): void {
    this.processor.powerOff();
  }
  wait(): void {
    this.processor.wait();
  }
  reset(): void {
    this.processor.reset();
  }
  save(): Plain {
    return this.processor.save();
  }
  restore(state: Plain): void {
    this.processor.restore(state);
  }

  #setStop(key: object | bigint, remove: () => void): SetStop {
    const id = this.#nextId++;
    this.#ids.set(key, id);
    return {
      id,
      [Symbol.dispose]: () => {
        if (this.#ids.get(key) !== id) return;
        this.#ids.delete(key);
        remove();
      },
    };
  }
  #stop(stop: CoreStop): Stop {
    switch (stop.kind) {
      case 'yield': return { kind: 'budget' };
      case 'breakpoint': return { kind: 'debug', hit: { kind: 'breakpoint', id: this.#ids.get(stop.pc) ?? 0, address: stop.pc } };
      case 'watchpoint': return { kind: 'debug', hit: this.#watchHit(stop) };
      default: return stop;
    }
  }
  #watchHit({ address, size, access }: CoreStop & { kind: 'watchpoint' }): DebugHit {
    const watchpoint = this.processor.core.stops.hit(address, size, access);
    return { kind: 'watchpoint', id: (watchpoint && this.#ids.get(watchpoint)) ?? 0, address, width: size, access: access === 'read' ? 'read' : 'write' };
  }
}

