/** The `virt` machine for tests: board, processors and engine of one kind, composed in one call. */
import { createInstructionTable, createVirt, CORTEX_A57, STATE, virtProcessors, Arm64Cpu, type Arm64Model, type BootImage, type Virt } from '@worldswitch/arm64';
import * as devices from '@worldswitch/devices';
import { Engine, type EngineKind, type InstructionTable } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { EngineMemory, type MachineStop } from '@worldswitch/machine';

export interface MachineOptions {
  /** Default `interpreter`. */
  readonly kind?: EngineKind;
  /** Default Cortex-A57. */
  readonly model?: Arm64Model;
  readonly image: BootImage;
  /** Instead of the generated tree. */
  readonly deviceTree?: Uint8Array;
  /** Default true. */
  readonly el2?: boolean;
  /** Bytes of RAM; default the board's. */
  readonly ram?: number;
  /** Version of the interrupt controller; default 2. */
  readonly gic?: 2 | 3;
  /** Keep the digest of program counters. */
  readonly digest?: boolean;
  /** Visits of a jump target that get it translated; default the engine's. */
  readonly threshold?: number;
  /** When context-changing writes act; default `early`. */
  readonly sync?: 'early' | 'late';
  /** Answer HLT #0xF000; its output is the console's. */
  readonly semihosting?: boolean;
  /** Called with the console so far, whenever the guest has sent a character. */
  readonly onConsole?: (machine: Arm64Machine) => void;
}

/** A composed machine of one processor and what tests look at. */
export interface Arm64Machine {
  readonly engine: Engine;
  readonly virt: Virt<EngineMemory>;
  readonly cpu: Arm64Cpu;
  /** What the guest has sent, Latin-1. */
  readonly console: string;
  /** Types on the console. */
  type(text: string): void;
  run(budget: number): MachineStop;
  /** A copy of physical memory, or undefined where there is none. */
  read(address: bigint, bytes: number): Uint8Array | undefined;
}

const tables = new Map<Arm64Model, InstructionTable>();

/** The instructions of a model. Kept, since shapes and bindings are worth sharing between the machines of a test. */
export function instructionsOf(model: Arm64Model): InstructionTable {
  let table = tables.get(model);
  if (table === undefined) {
    table = createInstructionTable({ has: (feature) => model.features.has(feature) });
    tables.set(model, table);
  }
  return table;
}

/** @throws what `createVirt` throws. */
export function arm64Machine(options: MachineOptions): Arm64Machine {
  const { kind = 'interpreter', model = CORTEX_A57, image, deviceTree, el2 = true, gic = 2, digest = false, onConsole, threshold, sync = 'early' } = options;
  const engine = new Engine({ table: instructionsOf(model), layout: STATE, order: 'little', kind, digest, ...(threshold !== undefined && { threshold }) });
  let console = '';
  const virt = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), makeCpu: virtProcessors(engine, model, { sync }), image, el2, gic, model: model.name,
    ...(options.ram !== undefined && { ram: options.ram }), ...(deviceTree !== undefined && { deviceTree }), ...(options.semihosting === true && { semihosting: {} }),
    console: (byte) => {
      console += String.fromCharCode(byte);
      onConsole?.(machine);
    },
  });
  const [cpu] = virt.machine.cpus;
  if (!(cpu instanceof Arm64Cpu)) throw new TypeError('the board has made a processor that is none of virtProcessors');
  const machine: Arm64Machine = {
    engine, virt, cpu,
    get console() { return console; },
    type: (text) => { virt.machine.inputs.post('console', Uint8Array.from(text, (character) => character.charCodeAt(0))); },
    run: (budget) => virt.machine.run({ budget }),
    read: (address, bytes) => virt.machine.memory.readBytes(address, bytes),
  };
  return machine;
}
