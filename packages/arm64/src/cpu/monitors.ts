import type { CoreStop, Engine } from '@worldswitch/engine';
import type { MachinePort, InterruptLine } from '@worldswitch/machine';
import type { Mmu, Requester } from '../mmu/index.ts';
import type { AbortPort } from './aborts.ts';
import { PerformanceUnit } from './performance/index.ts';
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
 * What watches instructions go by: performance monitors and the statistical profiler. They count from the number of retired instructions, lazily, at changes of
 * what they depend on; a run is bounded so that it comes back where something is due.
 */
export class Monitors {
  readonly performance: PerformanceUnit;
  /** Where the model has FEAT_SPE. */
  readonly profiling: ProfilingUnit | undefined;

  constructor(parts: MonitorParts) {
    this.performance = new PerformanceUnit(parts.state, parts.port.output('pmu'));
    this.profiling = parts.state.model.features.has('FEAT_SPE') ? profilingUnit(parts) : undefined;
  }

  /** Runs for at most as many instructions as the monitors allow. */
  run(budget: number, run: (budget: number) => CoreStop): CoreStop {
    const { performance, profiling } = this;
    const allowed = performance.bounded(budget);
    const stop = run(profiling?.bounded(allowed) ?? allowed);
    this.settle();
    performance.due();
    return stop;
  }
  /** What they depend on is about to change: they count up to here. */
  settle(): void {
    this.performance.settle();
    this.profiling?.settle();
  }
  /** It has changed. */
  changed(): void {
    this.performance.changed();
    this.profiling?.changed();
  }
  /** The exception level has changed. */
  levelChanged(): void {
    this.performance.levelChanged();
    this.profiling?.levelChanged();
  }
  reset(): void {
    this.performance.reset();
    this.profiling?.reset();
  }
  save(): MonitorState {
    return { performance: this.performance.save(), ...(this.profiling !== undefined && { profiling: this.profiling.save() }) };
  }
  restore({ performance, profiling }: MonitorState): void {
    this.performance.restore(performance);
    if (profiling !== undefined) this.profiling?.restore(profiling);
  }
}

/** As plain data: what is not in registers. */
export type MonitorState = { readonly performance: string; readonly profiling?: ReturnType<ProfilingUnit['save']> };

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
