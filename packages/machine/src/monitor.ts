import { stateOf, type Plain } from './plain.ts';

/**
 * The global exclusive monitor (DDI 0487 B2.17, Power ISA book II reservation): which granule of physical memory each processor has
 * reserved. A processor reserves with its load-exclusive, and its store-exclusive succeeds only while the reservation stands.
 */
export interface ExclusiveMonitor {
  /** Reservation granule in bytes, a power of two. */
  readonly granule: number;
  /** Whether any processor holds a reservation: when false, ordinary stores need not call `observe`. */
  readonly armed: boolean;
  reserve(cpu: number, address: bigint): void;
  /** Whether `cpu` holds the granule of `address`. No side effect. */
  holds(cpu: number, address: bigint): boolean;
  /** Store-exclusive: true (and every reservation of that granule is gone) if `cpu` held it. The own reservation ends either way. */
  claim(cpu: number, address: bigint): boolean;
  /** CLREX, exception return. */
  clear(cpu: number): void;
  /** An ordinary store or DMA of `length` bytes: ends the reservations of the *others* on the granules it touches. */
  observe(address: bigint, length: number, by: number | undefined): void;
  save(): Plain;
  restore(state: Plain): void;
}

/** A monitor for `cpus` processors with the given granule (64 bytes is what Arm cores report in CTR_EL0.ERG). */
export function createExclusiveMonitor(cpus: number, granule = 64): ExclusiveMonitor {
  const mask = ~BigInt(granule - 1);
  const held: (bigint | null)[] = new Array<bigint | null>(cpus).fill(null);
  return {
    granule,
    get armed() { return held.some((address) => address !== null); },
    reserve(cpu, address) { held[cpu] = address & mask; },
    holds(cpu, address) { return held[cpu] === (address & mask); },
    claim(cpu, address) {
      const granted = held[cpu] === (address & mask);
      held[cpu] = null;
      if (granted) for (let i = 0; i < held.length; i++) if (held[i] === (address & mask)) held[i] = null;
      return granted;
    },
    clear(cpu) { held[cpu] = null; },
    observe(address, length, by) {
      const first = address & mask;
      const last = (address + BigInt(Math.max(length, 1) - 1)) & mask;
      for (let i = 0; i < held.length; i++) {
        const mine = held[i];
        if (i !== by && mine !== null && mine >= first && mine <= last) held[i] = null;
      }
    },
    save() { return { held: [...held] }; },
    restore(state) {
      const s = stateOf<{ held: readonly (bigint | null)[] }>(state, 'exclusive monitor', ['held']);
      for (let i = 0; i < held.length; i++) held[i] = s.held[i] ?? null;
    },
  };
}
