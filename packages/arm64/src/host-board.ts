/**
 * The `virt` board as the machine under a hypervisor: an engine, one processor with EL2, and a range of addresses where hosted code is
 * entered. What a hypervisor is told of it is plain numbers, so that it needs to know no board.
 */
import type { HostPort } from '@worldswitch/arm64-sysreg';
import { Engine, type EngineKind, type InstructionTable } from '@worldswitch/engine';
import { EngineMemory, type Machine } from '@worldswitch/machine';
import { createVirt, VIRT_MAP, type BoardDevices, type BoardImages, type Virt } from './board/index.ts';
import { hostPort, virtProcessors, withGicV3, type Arm64Cpu, type Arm64Model, type ProcessorOptions } from './cpu/index.ts';
import { createInstructionTable } from './instructions.ts';
import { STATE } from './state.ts';

/** A hole of the board's map. */
const HOSTED = 0x0b00_0000n;

export interface HostBoardSetup extends Pick<ProcessorOptions, 'sync'> {
  /** The module `@worldswitch/devices`, or another with the same parts. */
  readonly devices: BoardDevices;
  /** The module `@worldswitch/image`. */
  readonly images: BoardImages;
  readonly model: Arm64Model;
  readonly kind: EngineKind;
  /** Bytes of RAM, of the hypervisor and its guests together; a multiple of 1 MiB. */
  readonly ram: number;
  /** Bytes of the hosted range: what the hypervisor asks for. */
  readonly hosted: number;
  /** Version of the interrupt controller; default 2. */
  readonly gic?: 2 | 3;
  /** Bytes of memory that the engine sets aside at once; grows as needed otherwise. */
  readonly reserve?: number;
}

/** Physical addresses on the board. */
export interface HostBoardPlaces {
  readonly hosted: bigint;
  readonly ram: bigint;
  readonly gic:
    | { readonly version: 2; readonly distributor: bigint; readonly cpuInterface: bigint; readonly virtualControl: bigint; readonly virtualCpuInterface: bigint }
    | { readonly version: 3; readonly distributor: bigint; readonly redistributor: bigint };
}

export interface HostBoard {
  readonly engine: Engine;
  readonly virt: Virt<EngineMemory>;
  readonly machine: Machine<EngineMemory>;
  readonly cpu: Arm64Cpu;
  /** The processor's door for hosted code. */
  readonly port: HostPort;
  readonly places: HostBoardPlaces;
}

const tables = new WeakMap<Arm64Model, InstructionTable>();
/** Of a model once: making one takes longer than all the rest of a board. */
function tableOf(model: Arm64Model): InstructionTable {
  let table = tables.get(model);
  if (!table) tables.set(model, (table = createInstructionTable({ has: (feature) => model.features.has(feature) })));
  return table;
}

/** Composes the board, its processor just reset. @throws MachineError `bad-range` for the size of its RAM */
export function createHostBoard({ devices, images, model, kind, ram, hosted, gic = 2, reserve, sync }: HostBoardSetup): HostBoard {
  const table = tableOf(gic === 3 ? withGicV3(model) : model);
  const engine = new Engine({ table, layout: STATE, order: 'little', kind, ...(reserve !== undefined && { reserve }) });
  const cpus: Arm64Cpu[] = [];
  const makeCpu = virtProcessors<EngineMemory>(engine, model, { ...(sync !== undefined && { sync }) });
  const virt = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), model: model.name, ram, gic,
    makeCpu: (...setup) => {
      const cpu = makeCpu(...setup);
      cpus.push(cpu);
      return cpu;
    },
  });
  engine.memory.addHosted(Number(HOSTED), hosted);
  const [cpu] = cpus;
  return { engine, virt, machine: virt.machine, cpu, port: hostPort(cpu.processor), places: { hosted: HOSTED, ram: VIRT_MAP.ram.base, gic: gicOf(gic) } };
}

function gicOf(version: 2 | 3): HostBoardPlaces['gic'] {
  return version === 3 ? { version, distributor: VIRT_MAP.gicV3Distributor.base, redistributor: VIRT_MAP.gicRedistributor.base } : {
    version, distributor: VIRT_MAP.gicDistributor.base, cpuInterface: VIRT_MAP.gicCpuInterface.base,
    virtualControl: VIRT_MAP.gicVirtualControl.base, virtualCpuInterface: VIRT_MAP.gicVirtualCpuInterface.base,
  };
}
