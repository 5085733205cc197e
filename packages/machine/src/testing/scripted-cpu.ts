import type { Cpu, MachinePort, Stop } from '../cpu.ts';
import type { InterruptLine, Width } from '../device.ts';
import { stateOf, type Plain } from '../plain.ts';

/** One instruction of a scripted processor; each is one tick. */
export type ScriptedOp =
  | { readonly op: 'work' }
  | { readonly op: 'store'; readonly address: bigint; readonly width?: Width; readonly value?: bigint }
  | { readonly op: 'load'; readonly address: bigint; readonly width?: Width }
  | { readonly op: 'timer'; readonly in: number }
  | { readonly op: 'signal'; readonly line: string }
  | { readonly op: 'wait' }
  | { readonly op: 'hosted'; readonly at: bigint }
  | { readonly op: 'halt'; readonly why: string };

/** A row of a scripted processor's trace. */
export type ScriptedRow = { readonly cpu: number; readonly tick: bigint; readonly pc: number; readonly what: string };

/**
 * A processor that executes a list of operations round and round: enough to prove a run loop, a board or a device without an architecture.
 * Its one input `irq` is level-sensitive; a taken interrupt folds the tick into the accumulator and calls `onInterrupt`.
 */
export class ScriptedCpu implements Cpu {
  readonly inputs: { readonly irq: InterruptLine };
  readonly registers: Cpu['registers'];
  readonly stops: Cpu['stops'];
  readonly #port: MachinePort;
  readonly #program: readonly ScriptedOp[];
  readonly #timer: { schedule(tick: bigint): void; cancel(): void };
  readonly #trace: ((row: ScriptedRow) => void) | undefined;
  readonly #onInterrupt: (cpu: ScriptedCpu) => void;
  #retired = 0;
  #limit = 0;
  #pc = 0;
  #accumulator = 1;
  #waiting = false;
  #irq = false;
  #timerLine = false;

  constructor(port: MachinePort, program: readonly ScriptedOp[], options: { readonly trace?: (row: ScriptedRow) => void; readonly onInterrupt?: (cpu: ScriptedCpu) => void } = {}) {
    this.#port = port;
    this.#program = program;
    this.#trace = options.trace;
    this.#onInterrupt = options.onInterrupt ?? (() => {});
    this.inputs = { irq: { set: (level) => { this.#irq = level; } } };
    this.#timer = port.clock.event(`cpu${port.index}.timer`, () => { this.#timerLine = true; });
    const read = (name: string): bigint | undefined => (name === 'pc' ? BigInt(this.#pc) : name === 'accumulator' ? BigInt(this.#accumulator >>> 0) : undefined);
    const write = (name: string, value: bigint): boolean => {
      if (name === 'pc') this.#pc = Number(value) % program.length;
      else if (name === 'accumulator') this.#accumulator = Number(BigInt.asIntN(32, value));
      else return false;
      return true;
    };
    const door = { read, write };
    this.registers = {
      names: ['pc', 'accumulator'], raw: door, debugger: door,
      guest: {
        read: (name) => { const value = read(name); return value === undefined ? { kind: 'undefined' } : { kind: 'ok', value }; },
        write: (name, value) => (write(name, value) ? { kind: 'ok', value } : { kind: 'undefined' }),
      },
    };
    const set = { id: 0, [Symbol.dispose]: () => {} };
    this.stops = { breakpoint: () => set, watchpoint: () => set, resume: () => {} };
  }

  get retired(): number { return this.#retired; }

  limit(total: number): void { this.#limit = Math.min(this.#limit, total); }

  run(budget: number): Stop {
    this.#retired = 0;
    this.#limit = budget;
    while (this.#retired < this.#limit) {
      if (this.#irq || this.#timerLine) {
        this.#waiting = false;
        this.#timerLine = false;
        this.#note('interrupt');
        this.#mix(Number(BigInt.asUintN(32, this.#port.clock.now())));
        this.#onInterrupt(this);
      }
      if (this.#waiting) return { kind: 'idle' };
      const stop = this.#execute(this.#program[this.#pc]);
      if (stop) return stop;
    }
    return { kind: 'budget' };
  }

  #execute(op: ScriptedOp): Stop | undefined {
    this.#note(op.op);
    const { memory, monitor, index, clock } = this.#port;
    let stop: Stop | undefined;
    switch (op.op) {
      case 'work': this.#mix(Number(BigInt.asUintN(32, clock.now()))); break;
      case 'store': {
        const width = op.width ?? 4;
        memory.write(op.address, width, op.value ?? BigInt(this.#accumulator >>> 0), index);
        monitor.observe(op.address, width, index);
        break;
      }
      case 'load': this.#mix(Number(BigInt.asUintN(32, memory.read(op.address, op.width ?? 4, index) ?? 0xdeadn))); break;
      case 'timer': this.#timer.schedule(clock.now() + BigInt(op.in)); break;
      case 'signal': { const line = this.#port.output(op.line); line.set(true); break; }
      case 'wait': this.#waiting = !(this.#irq || this.#timerLine); if (this.#waiting) stop = { kind: 'idle' }; break;
      case 'hosted': stop = { kind: 'hosted', at: op.at }; break;
      case 'halt': stop = { kind: 'halted', why: op.why }; break;
    }
    this.#pc = (this.#pc + 1) % this.#program.length;
    this.#retired++;
    return stop;
  }

  #mix(value: number): void { this.#accumulator = (Math.imul(this.#accumulator, 0x01000193) ^ value) | 0; }

  #note(what: string): void { this.#trace?.({ cpu: this.#port.index, tick: this.#port.clock.now(), pc: this.#pc, what }); }

  translate(address: bigint): { kind: 'ok'; physical: bigint; attributes: Plain } { return { kind: 'ok', physical: address, attributes: null }; }

  reset(): void { this.#pc = 0; this.#accumulator = 1; this.#waiting = false; this.#irq = false; this.#timerLine = false; this.#timer.cancel(); }

  save(): Plain { return { pc: this.#pc, accumulator: this.#accumulator, waiting: this.#waiting, irq: this.#irq, timerLine: this.#timerLine }; }

  restore(state: Plain): void {
    const s = stateOf<{ pc: number; accumulator: number; waiting: boolean; irq: boolean; timerLine: boolean }>(state, 'scripted cpu', ['pc', 'accumulator', 'waiting', 'irq', 'timerLine']);
    this.#pc = s.pc; this.#accumulator = s.accumulator; this.#waiting = s.waiting; this.#irq = s.irq; this.#timerLine = s.timerLine;
  }
}
