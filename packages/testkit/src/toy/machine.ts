import { Engine, InstructionTable, PAGE_SIZE, type Core, type CoreState, type CoreStop, type EngineKind, type EngineOptions, type MemoryState } from '@worldswitch/engine';
import { TOY_INSTRUCTIONS } from './assembly.ts';
import { ToyDevice } from './device.ts';
import { CONTROL, ToyGuest, type ToyGuestState } from './guest.ts';
import { TOY_SEMANTICS, TOY_STATE } from './semantics.ts';

/** Bytes of RAM, at 0. */
export const TOY_RAM = 0x4_0000;
/** Physical page of the counting device, of a ROM, and of hosted entries. */
export const TOY_DEVICE = 0x20_0000;
export const TOY_ROM = 0x21_0000;
export const TOY_HOSTED = 0x22_0000;
/** Where a processor goes on when somebody starts it again after `halt`. */
export const TOY_ENTRY = 0x1000n;

/** The toy's instructions as the engine executes them. Machines may share one. */
export function toyTable(): InstructionTable {
  return new InstructionTable((word) => TOY_INSTRUCTIONS.decoder.decode(word), TOY_SEMANTICS);
}

/** Everything that decides a toy's future. */
export type ToyState = {
  readonly cores: readonly CoreState[];
  readonly guests: readonly ToyGuestState[];
  readonly device: { readonly reads: number; readonly mixed: number };
  readonly memory: MemoryState;
};

/** A toy on the bare engine: RAM, a device, a ROM, hosted entries, and as many processors as asked for. `createToy` is the one that a `Machine` drives. */
export class ToyMachine {
  readonly engine: Engine;
  readonly cores: readonly Core[];
  readonly guests: readonly ToyGuest[];
  readonly device = new ToyDevice();

  constructor(kind: EngineKind, processors = 1, options: Partial<EngineOptions> = {}, table = toyTable()) {
    this.engine = new Engine({ table, layout: TOY_STATE, order: 'big', kind, codePages: 64, ...options });
    const { memory } = this.engine;
    memory.addRam(0, TOY_RAM);
    memory.addDevice(TOY_DEVICE, PAGE_SIZE, this.device);
    memory.addRom(TOY_ROM, PAGE_SIZE);
    memory.addHosted(TOY_HOSTED, PAGE_SIZE);
    this.guests = Array.from({ length: processors }, () => new ToyGuest());
    this.cores = this.guests.map((guest) => (guest.core = this.engine.addCore(guest, 1)));
  }

  /** Runs one processor for at most `budget` instructions. */
  run(processor: number, budget: number): CoreStop {
    return this.guests[processor].run(budget);
  }
  /** Starts a processor again that halted, waits, or fetched from a hosted entry: what a user does who wants to see more. */
  revive(processor: number, stop: CoreStop): void {
    if (stop.kind === 'halted' || stop.kind === 'hosted') this.cores[processor].pc = TOY_ENTRY;
    if (stop.kind === 'idle') this.guests[processor].setControl(CONTROL.alarm, 1n);
  }
  save(): ToyState {
    return {
      cores: this.cores.map((core) => core.save()), guests: this.guests.map((guest) => guest.save()), device: this.device.save(),
      memory: this.engine.memory.save(),
    };
  }
  restore(state: ToyState): void {
    this.engine.memory.restore(state.memory);
    this.device.restore(state.device);
    this.cores.forEach((core, index) => { core.restore(state.cores[index]); });
    this.guests.forEach((guest, index) => { guest.restore(state.guests[index]); });
  }
}
