import type { Core, CoreState, CoreStop, Engine, MemoryState } from '@worldswitch/engine';
import type { Machine, MachineSnapshot } from '@worldswitch/machine';
import type { Subject } from '../conformance/subject.ts';
import type { Toy } from './create.ts';
import type { ToyCpu } from './cpu.ts';
import { CONTROL, type ToyGuest } from './guest.ts';
import { TOY_ENTRY } from './machine.ts';

/** The machine's snapshot, and beside it what the engine says of itself: restoring takes the snapshot alone, so the rest tells whether it was whole. */
export type DrivenToyState = { readonly cores: readonly CoreState[]; readonly memory: MemoryState; readonly machine: MachineSnapshot };

/** A toy for the conformance suite, every step of it made by `Machine.run`. The suite's turns are made by holding the other processors. */
export class DrivenToy implements Subject<DrivenToyState> {
  readonly engine: Engine;
  readonly cores: readonly Core[];
  readonly guests: readonly ToyGuest[];
  readonly #machine: Machine;
  readonly #cpus: readonly ToyCpu[];

  constructor({ engine, machine, cpus }: Toy) {
    this.engine = engine;
    this.guests = cpus.map(({ guest }) => guest);
    this.cores = this.guests.map(({ core }) => core);
    this.#machine = machine;
    this.#cpus = cpus;
  }

  run(processor: number, budget: number): CoreStop {
    this.#cpus.forEach(({ inputs }, index) => { inputs.hold.set(index !== processor); });
    const stop = this.#machine.run({ budget, pace: 'stop' });
    if (stop.kind === 'idle') return { kind: 'idle' };
    if (stop.kind === 'halted') return { kind: 'halted', why: stop.why };
    if (stop.kind !== 'debug') return stop.kind === 'hosted' ? { kind: 'hosted', at: stop.at } : stop;
    const { pc } = this.cores[processor];
    const { hit } = stop;
    return hit.kind === 'breakpoint' ? { kind: 'breakpoint', pc } : { kind: 'watchpoint', pc, address: hit.address, size: hit.width, access: hit.access };
  }
  revive(processor: number, stop: CoreStop): void {
    if (stop.kind === 'halted' || stop.kind === 'hosted') this.cores[processor].pc = TOY_ENTRY;
    if (stop.kind === 'idle') this.guests[processor].setControl(CONTROL.alarm, 1n);
  }
  save(): DrivenToyState {
    return { cores: this.cores.map((core) => core.save()), memory: this.engine.memory.save(), machine: this.#machine.save() };
  }
  restore({ machine }: DrivenToyState): void {
    this.#machine.restore(machine);
  }
}
