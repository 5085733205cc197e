/**
 * What the hypervisor needs of a processor, and no more: hosted instructions, running until one is wanted, general registers, memory.
 * Whoever has a processor (the `arm64` package's, or a model in a test) offers these; nothing here knows which it is.
 */
import type { HostPort, ProcessorEvents } from '@worldswitch/arm64-sysreg';
import type { Cpu, DebugHit, Machine, ObservationKind, ObservationScope, PhysicalMemory, PlainDoor } from '@worldswitch/machine';

/** Why the processor came back. The same words as the machine's stops. */
export type ProcessorStop =
  | { readonly kind: 'budget' }
  /** It waits, and the machine has nothing to do before tick `until`. */
  | { readonly kind: 'idle'; readonly until?: bigint }
  /** It fetched from the hosted range, where hosted code is to go on. */
  | { readonly kind: 'hosted'; readonly at: bigint }
  | { readonly kind: 'debug'; readonly hit: DebugHit }
  | { readonly kind: 'halted'; readonly why: string };

/** The host's memory by physical address, as its kernel reaches it. */
export type HostMemory = Pick<PhysicalMemory, 'read' | 'write' | 'readBytes' | 'loadBytes'>;

export interface HostProcessor {
  /** Instructions at the present exception level; see `HostPort`. */
  readonly port: HostPort;
  readonly memory: HostMemory;
  /** Runs at most `budget` instructions (from 1 up), until hosted code is wanted or something else ends it. A hosted fetch retires nothing. */
  run(budget: number): ProcessorStop;
  /** Ticks of the machine so far: instructions retired, and idle time passed. */
  readonly retired: bigint;
  /** x0 to x30, the present values. */
  general(n: number): bigint;
  setGeneral(n: number, value: bigint): void;
  /** Any register by name (`pc`, `pstate`, `SCTLR_EL1`) without side effects: for looking at a guest that is stopped in the middle, for tests. */
  readonly debugger: PlainDoor;
  /**
   * What the processor does from now on, but for what a guest does in its own world. Absent where it cannot be observed: then there is no
   * ledger. `capacity` in events. Throws RangeError while somebody else observes.
   */
  observe?(capacity: number): ProcessorEvents;
}

/** A processor of a machine that reports in the terms of `arm64-sysreg`. */
export interface ObservableCpu extends Omit<Cpu, 'observe'> {
  observe?(kinds: readonly ObservationKind[], capacity: number, scope?: ObservationScope): ProcessorEvents;
}

const OBSERVED: readonly ObservationKind[] = ['system-register', 'barrier', 'exception', 'hosted'];

const GENERAL = Array.from({ length: 31 }, (_, n) => `x${n}`);

/**
 * A processor of a machine as a host's. `port` is the processor's own door for hosted code. Idle time is the front end's to pass, unless
 * `pace` says to skip it (see `Machine.run`).
 */
export function processorOf({ machine, cpu, port, pace = 'stop' }: {
  readonly machine: Machine; readonly cpu: ObservableCpu; readonly port: HostPort; readonly pace?: 'skip' | 'stop';
}): HostProcessor {
  const door = cpu.registers.debugger;
  return {
    port, memory: machine.memory, debugger: door,
    ...(cpu.observe && { observe: (capacity: number) => cpu.observe?.(OBSERVED, capacity, 'host') as ProcessorEvents }),
    run: (budget) => machine.run({ budget, pace }),
    get retired() { return machine.clock.now(); },
    general: (n) => door.read(GENERAL[n]) ?? 0n,
    setGeneral: (n, value) => { door.write(GENERAL[n], value); },
  };
}
