import type { Clock } from './clock.ts';
import type { Cpu, MachinePort } from './cpu.ts';
import type { Device, DmaPort, RomDevice } from './device.ts';
import type { InputLog } from './inputs.ts';
import type { PhysicalMemory } from './memory.ts';
import type { ExclusiveMonitor } from './monitor.ts';
import type { Wire } from './wire.ts';

/** Where a device answers. `rom` devices get storage of the region's size. */
export type Placement = { readonly base: bigint; readonly size: number };

/** What a board works with while it composes. After that every adding call throws `frozen`. */
export interface BoardBuilder<M extends PhysicalMemory = PhysicalMemory> {
  readonly memory: M;
  readonly clock: Clock;
  readonly inputs: InputLog;
  readonly monitor: ExclusiveMonitor;
  /** Bus mastering for devices: RAM only, and it ends exclusive reservations. */
  readonly dma: DmaPort;
  /** Adds the next processor (index 0, 1, …). */
  cpu(create: (port: MachinePort<M>) => Cpu): Cpu;
  /** The output `name` of a processor, to be connected to an interrupt input. */
  output(cpu: number, name: string): Wire;
  /** Adds a device under a unique name, in the order of snapshots, and maps it. Without a place it is saved and reset but not addressed (a queue in front of a UART). */
  device<D extends Device>(name: string, device: D, place?: Placement): D;
  romDevice<D extends RomDevice>(name: string, device: D, place: Placement): D;
  /** Ends the run after the instruction in execution (power button, watchdog). */
  halt(why: string): void;
}

/**
 * A board: a recipe. `quantum` is how many instructions a processor executes before its neighbour's turn, when there is more than one.
 */
export interface Board<M extends PhysicalMemory = PhysicalMemory> {
  readonly name: string;
  readonly cpus: number;
  readonly ticksPerSecond: number;
  readonly quantum?: number;
  compose(builder: BoardBuilder<M>): void;
}
