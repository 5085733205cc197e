import type { AccessKind } from '../ir/types.ts';
import { PAGE_SIZE } from '../memory/physical.ts';

/** The engine's own watchpoint: virtual addresses, independent of the guest's debug registers and invisible to it. */
export interface Watchpoint {
  readonly address: bigint;
  readonly size: number;
  readonly access: 'read' | 'write' | 'both';
}

/** Stops that the guest cannot see; unlimited in number, free while there are none. */
export class StopSet {
  readonly breakpoints = new Set<bigint>();
  readonly watchpoints = new Set<Watchpoint>();
  readonly #changed: () => void;

  /** `changed` is told after every change, so that caches can be dropped. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  addBreakpoint(address: bigint): void {
    this.breakpoints.add(address);
    this.#changed();
  }
  removeBreakpoint(address: bigint): void {
    this.breakpoints.delete(address);
    this.#changed();
  }
  addWatchpoint(watchpoint: Watchpoint): void {
    if (!Number.isInteger(watchpoint.size) || watchpoint.size <= 0) {
      throw new RangeError(`a watchpoint of ${watchpoint.size} bytes; watch at least one`);
    }
    this.watchpoints.add(watchpoint);
    this.#changed();
  }
  removeWatchpoint(watchpoint: Watchpoint): void {
    this.watchpoints.delete(watchpoint);
    this.#changed();
  }

  /** Does any watchpoint lie in this page. */
  watchesPage(page: bigint): boolean {
    if (this.watchpoints.size === 0) return false;
    return [...this.watchpoints].some(({ address, size }) => address < page + BigInt(PAGE_SIZE) && page < address + BigInt(size));
  }
  /** The first watchpoint that an access touches. */
  hit(address: bigint, size: number, kind: AccessKind): Watchpoint | undefined {
    if (this.watchpoints.size === 0) return undefined;
    return [...this.watchpoints].find((watchpoint) => {
      const overlaps = address < watchpoint.address + BigInt(watchpoint.size) && watchpoint.address < address + BigInt(size);
      return overlaps && (watchpoint.access === 'both' || kind === 'update' || kind === watchpoint.access);
    });
  }
}
