import { Engine, PAGE_SIZE, type EngineKind, type EngineOptions, type InstructionTable } from '@worldswitch/engine';
import { EngineMemory, Machine, processor } from '@worldswitch/machine';
import { toyArchitecture, ToyCpu } from './cpu.ts';
import { ToyDevice } from './device.ts';
import { TOY_DEVICE, TOY_HOSTED, TOY_RAM, TOY_ROM, toyTable } from './machine.ts';
import { TOY_STATE } from './semantics.ts';

export interface ToyOptions {
  /** Default `interpreter`. */
  readonly kind?: EngineKind;
  /** Default 1. */
  readonly processors?: number;
  /** Instructions of a turn; default the machine's. */
  readonly quantum?: number;
  readonly engine?: Partial<EngineOptions>;
  /** Toys may share one. */
  readonly table?: InstructionTable;
}

/** A composed toy. */
export interface Toy {
  readonly engine: Engine;
  readonly machine: Machine<EngineMemory>;
  readonly cpus: readonly ToyCpu[];
  readonly device: ToyDevice;
}

/** A toy that a `Machine` drives, on the map of `ToyMachine`; but its ROM answers stores, as the ROM of every machine does, and ignores them. */
export function createToy({ kind = 'interpreter', processors = 1, quantum, engine: options = {}, table = toyTable() }: ToyOptions = {}): Toy {
  const engine = new Engine({ table, layout: TOY_STATE, order: 'big', kind, codePages: 64, ...options });
  const device = new ToyDevice();
  const machine = new Machine<EngineMemory>({
    name: 'toy', cpus: processors, ticksPerSecond: 1_000_000, ...(quantum !== undefined && { quantum }),
    compose: (builder) => {
      builder.memory.ram(0n, TOY_RAM);
      builder.memory.rom(BigInt(TOY_ROM), PAGE_SIZE);
      builder.memory.physical.addHosted(TOY_HOSTED, PAGE_SIZE);
      builder.device('counter', device, { base: BigInt(TOY_DEVICE), size: PAGE_SIZE });
      const make = processor(toyArchitecture(engine), 'toy');
      for (let index = 0; index < processors; index++) builder.cpu(make);
    },
  }, new EngineMemory(engine.memory));
  return { engine, machine, device, cpus: machine.cpus.filter((cpu) => cpu instanceof ToyCpu) };
}
