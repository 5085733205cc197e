import { splitWatchRange } from '@worldswitch/arm64-debug';
import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import type { Stop, StopTarget } from '@worldswitch/debugger';
import type { Breakpoints } from '@worldswitch/vmm';
import { INSTRUCTION_LENGTH } from './processor.ts';

/** Stops in the debug registers of the vCPU, by KVM_SET_GUEST_DEBUG. */
export class GuestDebugTarget implements StopTarget {
  readonly regime = 'virtual';
  readonly instructionAlignment = INSTRUCTION_LENGTH;
  readonly limits: { readonly breakpoints: number; readonly watchpoints: number };
  readonly breakpoints: Breakpoints<Arm64DebugExit>;
  #stops: readonly Stop[] = [];
  /** Units of each stop, by the numbers of `breakpoints`. */
  #units = new Map<number, Stop>();

  constructor(breakpoints: Breakpoints<Arm64DebugExit>, { breakpoints: code, watchpoints: data }: { readonly breakpoints: number; readonly watchpoints: number }) {
    this.breakpoints = breakpoints;
    this.limits = { breakpoints: code, watchpoints: data };
  }

  get list(): readonly Stop[] {
    return this.#stops;
  }
  stopOf(unit: number): Stop | undefined {
    return this.#units.get(unit);
  }

  /** A watched range takes a unit for each piece that one can express. */
  cost(request: Parameters<NonNullable<StopTarget['cost']>>[0]): { readonly breakpoints: number; readonly watchpoints: number } {
    return request.kind === 'breakpoint' ? { breakpoints: 1, watchpoints: 0 } : { breakpoints: 0, watchpoints: splitWatchRange(request.address, request.length).length };
  }

  apply(stops: readonly Stop[]): void {
    const before = this.#stops;
    try {
      this.#write(stops);
    } catch (error) {
      this.#write(before);
      throw error;
    }
  }

  /** What happens without some of the stops in force; afterwards they are again. */
  without<T>(out: (stop: Stop) => boolean, work: () => T): T {
    const stops = this.#stops;
    if (!stops.some(out)) return work();
    this.#write(stops.filter((stop) => !out(stop)));
    try {
      return work();
    } finally {
      this.#write(stops);
    }
  }

  #write(stops: readonly Stop[]): void {
    this.breakpoints.clear();
    this.#units = new Map();
    this.#stops = stops;
    for (const stop of stops) {
      if (stop.kind === 'breakpoint') {
        this.#units.set(this.breakpoints.breakpoint(stop.address), stop);
        continue;
      }
      for (const { start, length } of splitWatchRange(stop.address, stop.length)) {
        this.#units.set(this.breakpoints.watchpoint(start, length, stop.access === 'both' ? 'access' : stop.access), stop);
      }
    }
  }
}
