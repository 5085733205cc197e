import { hex } from '@worldswitch/bits';
import type { Board, BoardBuilder, Placement } from './board.ts';
import { VirtualClock } from './clock.ts';
import { API_VERSION, type Architecture, type Cpu, type MachinePort, type Stop } from './cpu.ts';
import type { Device } from './device.ts';
import { MachineError } from './error.ts';
import { hashPlain } from './hash.ts';
import { RecordedInputs } from './inputs.ts';
import type { PhysicalMemory } from './memory.ts';
import { createExclusiveMonitor, type ExclusiveMonitor } from './monitor.ts';
import { stateOf, type Plain } from './plain.ts';
import { Wire } from './wire.ts';

/** Why `Machine.run` came back. `cpu` is the processor concerned. */
export type MachineStop =
  | { readonly kind: 'budget' }
  /** Every processor waits. `until` is the tick of the next event; without it nothing will ever happen unless an input comes: a deadlock. */
  | { readonly kind: 'idle'; readonly until?: bigint }
  | (Extract<Stop, { kind: 'hosted' | 'debug' }> & { readonly cpu: number })
  /** Without `cpu`: a device ended the run. */
  | (Extract<Stop, { kind: 'halted' }> & { readonly cpu?: number });

export interface RunLimits {
  /** Instructions, over all processors. */
  readonly budget: number;
  /** When all processors are idle: `skip` (default) moves the clock to the next event, `stop` returns `idle`. */
  readonly pace?: 'skip' | 'stop';
}

/** Everything that decides the machine's future, as plain data. */
export type MachineSnapshot = {
  readonly apiVersion: number; readonly board: string; readonly clock: Plain; readonly schedule: Plain; readonly cpus: readonly Plain[];
  readonly monitor: Plain; readonly devices: readonly (readonly [string, Plain])[]; readonly memory: Plain; readonly inputs: Plain;
};

const DEFAULT_QUANTUM = 1000;
const FUTILE_SLICES = 1000;

/**
 * A composed machine. The rule of time: the clock counts the ticks of *all* processors, one per retired instruction, plus skipped idle
 * time. So with n busy processors each sees about n ticks pass per instruction of its own; in return time never runs backwards between
 * processors, and one processor behaves exactly as if it were alone. Processors take turns of `quantum` instructions in index
 * order; a turn ends early when the processor idles. Nothing depends on how a run is cut into calls of `run`.
 */
export class Machine<M extends PhysicalMemory = PhysicalMemory> {
  readonly board: string;
  readonly memory: M;
  readonly clock: VirtualClock;
  readonly inputs: RecordedInputs;
  readonly monitor: ExclusiveMonitor;
  readonly cpus: readonly Cpu[];
  readonly devices: ReadonlyMap<string, Device>;
  readonly #quantum: number;
  #turn = 0;
  #left: number;
  /** Processors in a row that were found idle since anything happened; equal to their number: all idle. */
  #idle = 0;
  #halt: string | null = null;
  #running: Cpu | undefined;
  #sliceStart = 0n;
  #sliceEnd = 0n;

  /** Composes `board` on `memory` and freezes it. */
  constructor(board: Board<M>, memory: M) {
    const cpus: Cpu[] = [];
    const devices = new Map<string, Device>();
    this.board = board.name;
    this.memory = memory;
    this.clock = new VirtualClock(board.ticksPerSecond);
    this.inputs = new RecordedInputs();
    this.monitor = createExclusiveMonitor(board.cpus);
    this.#quantum = board.quantum ?? DEFAULT_QUANTUM;
    this.#left = this.#quantum;
    checkWhole('quantum', this.#quantum, 1);
    this.clock.bind(() => this.#running?.retired ?? 0, (tick) => this.#shorten(tick));
    this.inputs.bind(() => this.#shorten(this.clock.now()));
    const freeze = this.#compose(board, cpus, devices);
    freeze();
    if (cpus.length !== board.cpus || cpus.length === 0) {
      throw new MachineError('bad-range', `board '${board.name}' announces ${board.cpus} processors and composed ${cpus.length}; a machine needs at least one, and the two must agree.`);
    }
    this.cpus = Object.freeze(cpus);
    this.devices = devices;
  }

  #compose(board: Board<M>, cpus: Cpu[], devices: Map<string, Device>): () => void {
    let frozen = false;
    const wires = new Map<string, Wire>();
    const { memory, clock, inputs, monitor } = this;
    const mutable = (what: string): void => {
      if (frozen) throw new MachineError('frozen', `cannot add ${what}: the machine '${board.name}' is composed and frozen. Add it in the board's compose(), and build a new machine.`);
    };
    const output = (cpu: number, name: string): Wire => {
      const key = `${cpu}.${name}`;
      let wire = wires.get(key);
      if (!wire) wires.set(key, (wire = new Wire()));
      return wire;
    };
    const add = (name: string, device: Device): void => {
      mutable(`device '${name}'`);
      if (devices.has(name)) throw new MachineError('duplicate-name', `device '${name}' is already on the board '${board.name}'; device names are unique.`);
      devices.set(name, device);
    };
    const builder: BoardBuilder<M> = {
      memory, clock, inputs, monitor,
      dma: {
        read: (address, length) => memory.readBytes(address, length),
        write: (address, bytes) => {
          const written = memory.writeBytes(address, bytes);
          if (written) monitor.observe(address, bytes.length, undefined);
          return written;
        },
      },
      cpu: (create) => {
        mutable(`processor ${cpus.length}`);
        const index = cpus.length;
        const port: MachinePort<M> = { index, memory, clock, inputs, monitor, output: (name) => output(index, name) };
        const cpu = create(port);
        cpus.push(cpu);
        return cpu;
      },
      output: (cpu, name) => { mutable(`a connection of output '${name}'`); return output(cpu, name); },
      device: (name, device, place?: Placement) => {
        add(name, device);
        if (place) memory.device(place.base, place.size, device, name);
        return device;
      },
      romDevice: (name, device, place) => {
        add(name, device);
        memory.romDevice(place.base, place.size, device, name);
        return device;
      },
      halt: (why) => { this.#halt = why; this.#shorten(this.clock.now()); },
    };
    board.compose(builder);
    return () => { frozen = true; };
  }

  /** An event came up that lies inside the present slice: the processor must stop there. */
  #shorten(tick: bigint): void {
    if (this.#running && tick < this.#sliceEnd) {
      this.#sliceEnd = tick;
      this.#running.limit(tick <= this.#sliceStart ? 0 : Number(tick - this.#sliceStart));
    }
  }

  /** Runs until a stop. Budgets are exact; `run(a)` then `run(b)` is `run(a + b)` unless something stops in between. */
  run({ budget, pace = 'skip' }: RunLimits): MachineStop {
    checkWhole('budget', budget, 0);
    if (this.#running) throw new MachineError('busy', 'run() was called from inside run() (a device callback?); post an input or schedule an event instead.');
    if (this.#idle >= this.cpus.length) this.#idle = 0;
    let remaining = budget;
    let futile = 0;
    for (;;) {
      this.#settle();
      if (this.#halt !== null) {
        const why = this.#halt;
        this.#halt = null;
        return { kind: 'halted', why };
      }
      if (remaining === 0) return { kind: 'budget' };
      const now = this.clock.now();
      const due = this.#nextDue(now);
      if (this.#idle >= this.cpus.length) {
        if (due === undefined) return { kind: 'idle' };
        if (pace === 'stop') return { kind: 'idle', until: due };
        this.clock.skipTo(due);
        continue;
      }
      const several = this.cpus.length > 1;
      let slice = several ? Math.min(remaining, this.#left) : remaining;
      if (due !== undefined && due - now < BigInt(slice)) slice = Number(due - now);
      const { stop, ticks } = this.#slice(now, slice);
      remaining -= ticks;
      if (several) this.#left -= ticks;
      if (stop.kind === 'idle') {
        this.#idle = ticks > 0 ? 1 : this.#idle + 1;
        this.#nextTurn();
        continue;
      }
      this.#idle = 0;
      const cpu = this.#turn;
      if (this.#left <= 0) this.#nextTurn();
      if (stop.kind !== 'budget') return { ...stop, cpu };
      // Instructions that cost no tick (a fetch abort in its own vector) would go on for ever, with the clock standing still.
      futile = ticks === 0 ? futile + 1 : 0;
      if (futile > FUTILE_SLICES) return { kind: 'halted', why: 'livelock: the processor makes no progress and no time passes', cpu };
    }
  }

  #slice(now: bigint, budget: number): { stop: Stop; ticks: number } {
    const cpu = this.cpus[this.#turn];
    this.#sliceStart = now;
    this.#sliceEnd = now + BigInt(budget);
    this.#running = cpu;
    try {
      const stop = cpu.run(budget);
      return { stop, ticks: cpu.retired };
    } finally {
      const ticks = cpu.retired;
      this.#running = undefined;
      this.clock.advance(ticks);
    }
  }

  #nextTurn(): void {
    this.#turn = (this.#turn + 1) % this.cpus.length;
    this.#left = this.#quantum;
  }

  /** Fires events and delivers inputs until nothing is due. */
  #settle(): void {
    for (;;) {
      const happened = this.clock.fireDue() + this.inputs.deliver(this.clock.now());
      if (happened === 0) return;
      this.#idle = 0;
    }
  }

  #nextDue(now: bigint): bigint | undefined {
    const event = this.clock.nextDue();
    const input = this.inputs.nextDue(now);
    if (event === undefined || input === undefined) return event ?? input;
    return event < input ? event : input;
  }

  /** For `pace: 'stop'`: moves idle time to `tick`, at most the next event, because that much real time has passed. Between runs only. */
  skipTo(tick: bigint): void {
    if (this.#running) throw new MachineError('busy', 'skipTo() was called from inside run(); time passes there by instructions.');
    const due = this.#nextDue(this.clock.now());
    if (due !== undefined && tick > due) throw new MachineError('bad-tick', `cannot skip to tick ${tick}: something is due at ${due}; skip to that and run.`);
    this.clock.skipTo(tick);
  }

  /** Cold reset of processors and devices. RAM keeps its contents and the clock goes on. */
  reset(): void {
    if (this.#running) throw new MachineError('busy', 'reset() was called from inside run(); let the board halt() and reset after run() has returned.');
    for (const device of this.devices.values()) device.reset();
    for (let index = 0; index < this.cpus.length; index++) {
      this.monitor.clear(index);
      this.cpus[index].reset();
    }
    this.#turn = 0;
    this.#left = this.#quantum;
    this.#idle = 0;
    this.#halt = null;
  }

  save(): MachineSnapshot {
    return {
      apiVersion: API_VERSION, board: this.board, clock: this.clock.save(), schedule: this.#schedule(), cpus: this.cpus.map((cpu) => cpu.save()),
      monitor: this.monitor.save(), devices: [...this.devices].map(([name, device]) => [name, device.save()] as const), memory: this.memory.save(), inputs: this.inputs.save(),
    };
  }

  /** Takes a snapshot of the same board. Checks names and counts before it changes anything. */
  restore(snapshot: MachineSnapshot): void {
    if (this.#running) throw new MachineError('busy', 'restore() was called from inside run(); let it return first.');
    if (snapshot.apiVersion !== API_VERSION) throw new MachineError('bad-version', `the snapshot has version ${String(snapshot.apiVersion)}, this machine ${API_VERSION}; use the release that saved it.`);
    const names = [...this.devices.keys()];
    const saved = snapshot.devices.map(([name]) => name);
    const odd = names.find((name, i) => saved[i] !== name) ?? saved[names.length];
    if (snapshot.board !== this.board || snapshot.cpus.length !== this.cpus.length || odd !== undefined) {
      throw new MachineError('bad-state', `the snapshot is of board '${snapshot.board}' with ${snapshot.cpus.length} processors, this machine is '${this.board}' with ${this.cpus.length}`
        + `${odd === undefined ? '' : ` (device '${odd}' differs)`}; restore it on the machine that saved it.`);
    }
    const schedule = stateOf<{ turn: number; left: number; idle: number; halt: string | null }>(snapshot.schedule, 'schedule', ['turn', 'left', 'idle', 'halt']);
    this.memory.restore(snapshot.memory);
    this.clock.restore(snapshot.clock);
    this.inputs.restore(snapshot.inputs);
    this.monitor.restore(snapshot.monitor);
    snapshot.devices.forEach(([name, state]) => this.devices.get(name)?.restore(state));
    snapshot.cpus.forEach((state, index) => this.cpus[index].restore(state));
    this.#turn = schedule.turn;
    this.#left = schedule.left;
    this.#idle = schedule.idle;
    this.#halt = schedule.halt;
  }

  #schedule(): Plain {
    return { turn: this.#turn, left: this.#left, idle: this.#idle, halt: this.#halt };
  }

  /** Hash of everything that decides the future: the snapshot without the inputs of the past. Equal in every JavaScript engine. */
  hash(): bigint {
    return hashPlain({ ...this.save(), inputs: this.inputs.future() });
  }
}

/** Makes a board's `builder.cpu` argument from an architecture and the name of one of its models. Throws `bad-version` or `unknown-name`. */
export function processor<M extends PhysicalMemory, C extends { readonly name: string }>(architecture: Architecture<M, C>, model: string): (port: MachinePort<M>) => Cpu {
  const version: number = architecture.apiVersion;
  if (version !== API_VERSION) {
    throw new MachineError('bad-version', `architecture '${architecture.name}' is written for API version ${version}, this machine has ${API_VERSION}; install matching releases.`);
  }
  const found = architecture.models.find((candidate) => candidate.name === model);
  if (!found) {
    throw new MachineError('unknown-name', `architecture '${architecture.name}' has no model '${model}'; it has ${architecture.models.map((candidate) => candidate.name).join(', ')}.`);
  }
  return (port) => architecture.createCpu(port, found);
}

function checkWhole(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) throw new MachineError('bad-budget', `${what} is ${value}; it must be a whole number from ${least} up (${hex(BigInt(Number.MAX_SAFE_INTEGER))} at most).`);
}
