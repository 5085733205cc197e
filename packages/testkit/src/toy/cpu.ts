import type { CoreStop, Engine, Watchpoint } from '@worldswitch/engine';
import {
  API_VERSION, stateOf, type Access, type Architecture, type Cpu, type CpuModel, type DebugHit, type EngineMemory, type InterruptLine, type MachinePort,
  type OutOfBandStops, type Plain, type PlainDoor, type RegisterDoors, type SetStop, type Stop, type Translation,
} from '@worldswitch/machine';
import { CONTROL, ToyGuest, type ToyGuestState } from './guest.ts';
import { TOY_ENTRY } from './machine.ts';
import { R, V } from './semantics.ts';

/** The toy as an architecture of `Machine`. Its processors belong to one engine, whose memory the board is composed on. */
export interface ToyArchitecture extends Architecture<EngineMemory> {
  createCpu(port: MachinePort<EngineMemory>, model: CpuModel): ToyCpu;
}

/** Makes the architecture for boards on `new EngineMemory(engine.memory)`; it has one model, `toy`. */
export function toyArchitecture(engine: Engine): ToyArchitecture {
  return {
    name: 'toy', apiVersion: API_VERSION, byteOrder: 'big', models: [{ name: 'toy' }],
    createCpu: (port) => new ToyCpu(engine, port),
  };
}

/** A toy processor as a machine sees one: time is the machine's, so `count` tells the ticks of all processors and of idle time. */
export class ToyCpu implements Cpu {
  readonly guest: ToyGuest;
  readonly inputs: { readonly interrupt: InterruptLine; readonly hold: InterruptLine };
  readonly registers: RegisterDoors;
  readonly stops: OutOfBandStops;
  readonly #set = new Map<number, bigint | Watchpoint>();
  #nextId = 1;

  constructor(engine: Engine, { index, clock }: MachinePort<EngineMemory>) {
    // When it fires the machine looks at its processors again; the processor finds its alarm due.
    const wake = clock.event(`toy${index}.alarm`, () => undefined);
    this.guest = new ToyGuest({
      now: () => clock.now(),
      alarm: (at) => {
        if (at > clock.now()) wake.schedule(at);
        else wake.cancel();
      },
    });
    this.guest.core = engine.addCore(this.guest, 1);
    this.guest.core.pc = TOY_ENTRY;
    this.inputs = {
      interrupt: { set: (level) => { this.guest.setInterrupt(level); } },
      hold: { set: (level) => { this.guest.hold(level); } },
    };
    this.registers = doorsOf(this.guest);
    this.stops = this.#stops();
  }

  get retired(): number {
    return this.guest.retired;
  }
  run(budget: number): Stop {
    return this.#stop(this.guest.run(budget));
  }
  limit(total: number): void {
    this.guest.limit(total);
  }
  translate(address: bigint, access: Access): Translation {
    const result = this.guest.translate(address, access === 'execute' ? 'fetch' : access);
    if (result.ok) return { kind: 'ok', physical: BigInt(result.physical), attributes: { strict: result.strict === true } };
    return { kind: 'fault', why: 'no mapping', syndrome: 0n };
  }
  reset(): void {
    const { core } = this.guest;
    this.guest.reset();
    for (const slot of R.slice(1)) core.state.set(slot, 0n);
    for (const slot of V) core.state.setVector(slot, 0n);
    core.state.flags = 0;
    core.pc = TOY_ENTRY;
  }
  save(): Plain {
    return { core: this.guest.core.save() as unknown as Plain, guest: this.guest.save() };
  }
  restore(state: Plain): void {
    const { core, guest } = stateOf<{ core: Parameters<ToyGuest['core']['restore']>[0]; guest: ToyGuestState }>(state, 'toy processor', ['core', 'guest']);
    this.guest.core.restore(core);
    this.guest.restore(guest);
  }

  #stops(): OutOfBandStops {
    const { stops } = this.guest.core;
    const add = (what: bigint | Watchpoint, remove: () => void): SetStop => {
      const id = this.#nextId++;
      this.#set.set(id, what);
      return { id, [Symbol.dispose]: () => { if (this.#set.delete(id)) remove(); } };
    };
    return {
      breakpoint: (address) => {
        stops.addBreakpoint(address);
        return add(address, () => { if (this.#idOf(address) === 0) stops.removeBreakpoint(address); });
      },
      watchpoint: (address, size, access) => {
        const watchpoint: Watchpoint = { address, size, access };
        stops.addWatchpoint(watchpoint);
        return add(watchpoint, () => { stops.removeWatchpoint(watchpoint); });
      },
      // The engine lets an instruction pass that it has just stopped at.
      resume: () => undefined,
    };
  }
  #stop(stop: CoreStop): Stop {
    switch (stop.kind) {
      case 'yield': return { kind: 'budget' };
      case 'breakpoint': return { kind: 'debug', hit: { kind: 'breakpoint', id: this.#idOf(stop.pc), address: stop.pc } };
      case 'watchpoint': return { kind: 'debug', hit: this.#watchHit(stop) };
      default: return stop;
    }
  }
  #watchHit({ address, size, access }: CoreStop & { kind: 'watchpoint' }): DebugHit {
    const watchpoint = this.guest.core.stops.hit(address, size, access);
    // A swap does both; it is told as what was watched for.
    const told = access === 'update' ? (watchpoint?.access === 'read' ? 'read' : 'write') : access;
    return { kind: 'watchpoint', id: this.#idOf(watchpoint), address, width: size, access: told };
  }
  /** The first stop set for this; 0 for none. */
  #idOf(what: bigint | Watchpoint | undefined): number {
    for (const [id, set] of this.#set) if (set === what) return id;
    return 0;
  }
}

/** All three doors lead to the same: the toy has no access checks. `count` is the clock's, and keeps what it reads. */
function doorsOf(guest: ToyGuest): RegisterDoors {
  const cells = new Map<string, { readonly read: () => bigint; readonly write: (value: bigint) => void }>();
  const state = (): ToyGuest['core']['state'] => guest.core.state;
  for (const slot of R.slice(1)) cells.set(slot.name, { read: () => state().get(slot), write: (value) => { state().set(slot, value); } });
  for (const slot of V) cells.set(slot.name, { read: () => state().getVector(slot), write: (value) => { state().setVector(slot, value); } });
  cells.set('pc', { read: () => guest.core.pc, write: (value) => { guest.core.pc = BigInt.asUintN(64, value); } });
  cells.set('flags', { read: () => BigInt(state().flags), write: (value) => { state().flags = Number(value & 0xfn); } });
  for (const [name, register] of Object.entries(CONTROL)) cells.set(name, { read: () => guest.getControl(register), write: (value) => { guest.setControl(register, value); } });
  const plain: PlainDoor = {
    read: (name) => cells.get(name)?.read(),
    write: (name, value) => {
      cells.get(name)?.write(value);
      return cells.has(name);
    },
  };
  return {
    names: [...cells.keys()], raw: plain, debugger: plain,
    guest: {
      read: (name) => (cells.has(name) ? { kind: 'ok', value: plain.read(name) as bigint } : { kind: 'undefined' }),
      write: (name, value) => (plain.write(name, value) ? { kind: 'ok', value } : { kind: 'undefined' }),
    },
  };
}
