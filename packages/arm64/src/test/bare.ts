import { assemble } from '@worldswitch/isa';
import { Engine, type EngineKind } from '@worldswitch/engine';
import { EngineMemory, Machine } from '@worldswitch/machine';
import { A64, createInstructionTable } from '../instructions.ts';
import { STATE } from '../state.ts';
import { virtProcessors, type Arm64Cpu, type Arm64Model } from '../cpu/index.ts';

export const RAM = 0x4000_0000n;

/** A processor with a megabyte of RAM and nothing else, at the start of a program. */
export interface Bare {
  readonly machine: Machine;
  readonly cpu: Arm64Cpu;
  readonly engine: Engine;
}

export function bare(model: Arm64Model, source: string, kind: EngineKind = 'interpreter', el: 1 | 2 = 2, sync: 'early' | 'late' = 'early'): Bare {
  const cpus: Arm64Cpu[] = [];
  const engine = new Engine({ table: createInstructionTable(), layout: STATE, order: 'little', kind });
  const machine = new Machine({
    name: 'bare', cpus: 1, ticksPerSecond: 62_500_000,
    compose(board) {
      board.memory.ram(RAM, 0x10_0000);
      board.cpu((port) => {
        const cpu = virtProcessors(engine, model, { sync })(port, { el, affinity: 0n, frequency: 62_500_000, conduit: 'smc', firmware: () => undefined });
        cpus.push(cpu);
        return cpu;
      });
    },
  }, new EngineMemory(engine.memory));
  const program = assemble(source, { instructionSet: A64, origin: RAM });
  machine.memory.loadBytes(program.origin, program.bytes);
  const [cpu] = cpus;
  cpu.registers.debugger.write('pc', RAM);
  return { machine, cpu, engine };
}
