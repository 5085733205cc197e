import type { CoreStop, Engine } from '@worldswitch/engine';
import type { MachinePort, InterruptLine } from '@worldswitch/machine';
import type { Mmu, Requester } from '../mmu/index.ts';
import type { AbortPort } from './aborts.ts';
import type { ProcessorState } from './processor-state.ts';
import { ProfilingUnit } from './profiling/index.ts';
import type { GenericTimers } from './timers.ts';

/** What the monitors of a processor are made of. */
export interface MonitorParts {
  readonly state: ProcessorState;
  readonly timers: GenericTimers;
  readonly mmu: Mmu;
  readonly memory: Engine['memory'];
  readonly aborts: AbortPort;
  readonly port: Pick<MachinePort<never>, 'index'> & { output(name: string): InterruptLine };
  readonly requester: (unprivileged: boolean) => Requester;
}

/**
 * What watches instructions go by: the statistical profiler. It counts from the number of retired instructions, lazily, at changes of
 * what it depends on; a run is bounded so that it comes back where something is due.
 */
export class Monitors {
  /** Where the model has FEAT_SPE. */
  readonly profiling: ProfilingUnit | undefined;

  constructor(parts: MonitorParts) {
    this.profiling = parts.state.model.features.has('FEAT_SPE') ? profilingUnit(parts) : undefined;
  }

  /** Runs for at most as many instructions as the monitors allow. */
  run(budget: number, run: (budget: number) => CoreStop): CoreStop {
    const { profiling } = this;
    if (profiling === undefined) return run(budget);
    const stop = run(profiling.bounded(budget));
    this.settle();
    return stop;
  }
  /** What they depend on is about to change: they count up to here. */
  settle(): void {
    this.profiling?.settle();
  }
  /** It has changed. */
  changed(): void {
    this.profiling?.changed();
  }
  /** The exception level has changed. */
  levelChanged(): void {
    this.profiling?.levelChanged();
  }
  reset(): void {
    this.profiling?.reset();
  }
  save(): MonitorState {
    return this.profiling === undefined ? {} : { profiling: this.profiling.save() };
  }
  restore({ profiling }: MonitorState): void {
    if (profiling !== undefined) this.profiling?.restore(profiling);
  }
}

/** As plain data: what is not in registers. */
export type MonitorState = { readonly profiling?: ReturnType<ProfilingUnit['save']> };

function profilingUnit({ state, timers, mmu, memory, aborts, port, requester }: MonitorParts): ProfilingUnit {
  return new ProfilingUnit({
    state, timers, interrupt: port.output('spe'),
    translate: (address, el) => mmu.translate(address, 'write', { el, pan: false, unprivileged: false }),
    physical: (address, kind, unprivileged) => {
      const at = mmu.inspect(address, kind, requester(unprivileged));
      return at.ok ? BigInt(at.physical) : undefined;
    },
    wordAt: (pc) => aborts.wordAt(pc),
    isMemory: (physical) => memory.find(physical)?.kind === 'ram',
    store: (physical, value) => { memory.write(physical, 8, value, 'little', port.index); },
  });
}
