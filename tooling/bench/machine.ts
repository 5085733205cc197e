/** The machine that benchmarks run guests on, and the guest with the kernels. */
import { readFileSync } from 'node:fs';
import { CORTEX_A57, createInstructionTable, createVirt, STATE, virtProcessors } from '@worldswitch/arm64';
import * as devices from '@worldswitch/devices';
import { Engine, type EngineKind } from '@worldswitch/engine';
import * as images from '@worldswitch/image';
import { EngineMemory, type Machine } from '@worldswitch/machine';
import { repositoryRoot } from '../files.ts';

/** The kernels in the order of the guest's selector, which counts from 1. */
export const KERNELS = ['list', 'matrix', 'state', 'sort', 'memory', 'calls'] as const;

const PT_LOAD = 1;
const RAM = 64 << 20;
/** The board's two banks. */
const FLASH = 128 << 20;

/** The guest, made to run one kernel that often. @throws Error if the ELF has no word `parameters`. */
export function kernelGuest(kernel: number, iterations: number): Uint8Array {
  const elf = new Uint8Array(readFileSync(`${repositoryRoot}/guests/arm64/bench-kernels/bench-kernels.elf`));
  const file = images.parseElf(elf);
  const address = images.elfSymbols(file).find(({ name }) => name === 'parameters')?.value;
  const segment = file.segments.find(({ type, virtualAddress, bytes }) =>
    type === PT_LOAD && address !== undefined && address >= virtualAddress && address + 16n <= virtualAddress + BigInt(bytes.length));
  if (address === undefined || segment === undefined) throw new Error('bench-kernels.elf has no symbol `parameters` in a loaded segment; rebuild the guests');
  const view = new DataView(elf.buffer, segment.bytes.byteOffset + Number(address - segment.virtualAddress), 16);
  view.setBigUint64(0, BigInt(kernel), true);
  view.setBigUint64(8, BigInt(iterations), true);
  return elf;
}

/** A board with a guest, ready to run. */
export interface Bench {
  readonly engine: Engine;
  readonly machine: Machine;
  /** What the guest has said. */
  readonly said: () => string;
}

export function bootElf(kind: EngineKind, elf: Uint8Array): Bench {
  const engine = new Engine({ table: createInstructionTable(), layout: STATE, order: 'little', kind, reserve: RAM + FLASH });
  let said = '';
  const { machine } = createVirt({
    devices, images, memory: new EngineMemory(engine.memory), makeCpu: virtProcessors(engine, CORTEX_A57), ram: RAM,
    image: { kind: 'elf', elf }, console: (byte) => { said += String.fromCharCode(byte); },
  });
  return { engine, machine, said: () => said };
}
