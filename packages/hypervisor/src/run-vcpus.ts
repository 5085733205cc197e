/** Several vCPUs on one host processor, in turns: the same turns in every run of the same program. */
import { KvmError } from './error.ts';
import type { Exit } from './exits.ts';
import type { Vcpu } from './vcpu.ts';

export interface RunVcpusOptions<A> {
  /** Instructions of one turn; 10,000 by default. A turn ends early with any exit. */
  readonly slice?: number;
  /** Deals with an exit that is not the mere end of a turn. False ends the whole run. */
  readonly onExit: (exit: Exit<A>, vcpu: Vcpu<A>) => boolean;
  /** All wait: passes the host's time up to a tick. Absent: the run ends there. */
  readonly passTime?: (until: bigint) => void;
  /** Turns, of all vCPUs together, after which the run ends; no limit by default. */
  readonly turns?: number;
}

/** How it ended: by an exit that `onExit` refused; with all vCPUs waiting or stopped; after as many turns as were wanted. */
export type RunVcpusEnd<A> =
  | { readonly kind: 'exit'; readonly exit: Exit<A>; readonly vcpu: Vcpu<A> }
  | { readonly kind: 'idle'; readonly until?: bigint }
  | { readonly kind: 'turns' };

const SLICE = 10_000;

/** Runs vCPUs one after the other, in their order, until an exit ends it. Throws `KvmError` as `Vcpu.run`; EINVAL for no vCPU at all. */
export function runVcpus<A>(vcpus: readonly Vcpu<A>[], { slice = SLICE, onExit, passTime, turns = Infinity }: RunVcpusOptions<A>): RunVcpusEnd<A> {
  if (vcpus.length === 0) throw new KvmError('EINVAL', { value: 'no vCPUs', rule: 'somebody runs', remedy: 'create a vCPU' });
  let idle: (bigint | undefined)[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const vcpu = vcpus[turn % vcpus.length];
    const exit = vcpu.run({ budget: slice });
    if (exit.kind !== 'idle') {
      idle = [];
      const mere = exit.kind === 'interrupted' && (exit.because === 'budget' || exit.because === 'yield');
      if (!mere && !onExit(exit, vcpu)) return { kind: 'exit', exit, vcpu };
      continue;
    }
    idle.push(exit.until);
    if (idle.length < vcpus.length || vcpus.some(({ backend }) => backend.ready === true)) continue;
    // Its last turn may have given another something to do; where backends do not say, another round does.
    if (idle.length < 2 * vcpus.length && vcpus.some(({ backend }) => backend.ready === undefined)) continue;
    const next = idle.slice(-vcpus.length).reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
    if (next === undefined || passTime === undefined) return { kind: 'idle', ...(next !== undefined && { until: next }) };
    passTime(next);
    idle = [];
  }
  return { kind: 'turns' };
}
