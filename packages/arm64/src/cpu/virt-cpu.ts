import type { Engine } from '@worldswitch/engine';
import type { PhysicalMemory } from '@worldswitch/machine';
import type { GuestMemory, MakeCpu, VirtCpuSetup } from '../board/processor.ts';
import { X } from '../state.ts';
import { Arm64Cpu } from './arm64-cpu.ts';
import type { Arm64Processor } from './cpu.ts';
import type { FirmwarePort, ProcessorOptions } from './options.ts';
import type { Arm64Model } from './model.ts';

/** Processors of this package for the `virt` board, on an engine whose physical memory is the board's. `sync` as in {@link ProcessorOptions}. */
export function virtProcessors<M extends PhysicalMemory>(
  engine: Engine, model: Arm64Model, { sync }: Pick<ProcessorOptions, 'sync'> = {},
): (...setup: Parameters<MakeCpu<M>>) => Arm64Cpu {
  return (port, setup) => new Arm64Cpu({
    engine, port, model, ...(sync !== undefined && { sync }), highestEl: setup.el, affinity: setup.affinity, firmware: firmwareOf(setup),
    ...(setup.gic !== undefined && { gic: setup.gic }),
  });
}

function firmwareOf(setup: VirtCpuSetup): FirmwarePort {
  const { semihosting } = setup;
  return {
    call: ({ core, state }, conduit) => {
      if (conduit !== setup.conduit) return false;
      const argument = (n: number): bigint => core.state.get(X[n]);
      const answer = setup.firmware({ function: argument(0), arguments: [argument(1), argument(2), argument(3)], caller: { el: state.pstate.el, aarch64: true } });
      if (answer !== undefined) core.state.set(X[0], answer);
      return true;
    },
    ...(semihosting !== undefined && {
      semihosting: (processor: Arm64Processor) => {
        const { core } = processor;
        const reply = semihosting(Number(core.state.get(X[0]) & 0xffff_ffffn), core.state.get(X[1]), guestMemory(processor));
        if (reply.kind === 'exit') core.end({ kind: 'halted', why: 'semihosting exit', code: reply.code });
        else if (reply.value !== undefined) core.state.set(X[0], reply.value);
        return true;
      },
    }),
  };
}

/** Memory as the processor's present level sees it, byte by byte through its translation. */
function guestMemory({ mmu, core, state }: Arm64Processor): GuestMemory {
  const place = (address: bigint, kind: 'read' | 'write'): number | undefined => {
    const at = mmu.translate(BigInt.asUintN(64, address), kind, { el: state.pstate.el, pan: false, unprivileged: false });
    return at.ok ? at.physical : undefined;
  };
  const { memory } = core.engine;
  return {
    read: (address, length) => {
      const out = new Uint8Array(length);
      for (let index = 0; index < length; index++) {
        const physical = place(address + BigInt(index), 'read');
        const byte = physical === undefined ? undefined : memory.read(physical, 1, 'little', core.index);
        if (byte === undefined) return undefined;
        out[index] = Number(byte);
      }
      return out;
    },
    write: (address, bytes) => bytes.every((byte, index) => {
      const physical = place(address + BigInt(index), 'write');
      return physical !== undefined && memory.write(physical, 1, BigInt(byte), 'little', core.index);
    }),
  };
}
