/** Our arm64 hypervisor on a real machine, as a program sees it through /dev/kvm. */
import { A64, LAB, createHostBoard } from '@worldswitch/arm64';
import { Arm64Hypervisor, HOSTED_SIZE, HOST_MEMORY, hostOn, processorOf } from '@worldswitch/arm64-hypervisor';
import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import * as devices from '@worldswitch/devices';
import { Kvm } from '@worldswitch/hypervisor';
import { KvmDevice, UserSpace } from '@worldswitch/hypervisor/ioctl';
import * as images from '@worldswitch/image';
import { assemble } from '@worldswitch/isa';
import type { Machine } from '@worldswitch/machine';

const MIB = 1 << 20;
const HOST_RAM = 0x4000_0000n;

export interface Arm64Host {
  readonly kvm: Kvm<Arm64DebugExit>;
  readonly machine: Machine;
  /** Where memory for guests begins in the host; a program has it at the same address. */
  readonly ram: bigint;
  readonly ramSize: bigint;
  /** A new program. */
  program(options?: { readonly slice?: number }): { readonly device: KvmDevice<Arm64DebugExit>; readonly memory: UserSpace };
}

export function arm64Host({ gic = 2, ram = 4 * MIB }: { readonly gic?: 2 | 3; readonly ram?: number } = {}): Arm64Host {
  const board = createHostBoard({ devices, images, model: LAB, kind: 'interpreter', ram: HOST_MEMORY + ram, hosted: HOSTED_SIZE, gic });
  const kvm = new Kvm<Arm64DebugExit>(new Arm64Hypervisor(processorOf({ ...board, pace: 'skip' }), { mode: 'vhe', ...hostOn(board.places) }));
  const base = HOST_RAM + BigInt(HOST_MEMORY);
  const { machine } = board;
  return {
    kvm, machine, ram: base, ramSize: BigInt(ram),
    program: ({ slice } = {}) => {
      const memory = new UserSpace({ ram: { base, size: BigInt(ram), memory: machine.memory } });
      const time = { now: () => machine.clock.now(), skipTo: (tick: bigint) => { machine.skipTo(tick); } };
      return { device: new KvmDevice(kvm, { memory, time, ...(slice !== undefined && { slice }) }), memory };
    },
  };
}

/** A program for a guest at an address. */
export const code = (source: string, origin: bigint): Uint8Array => assemble(source, { instructionSet: A64, origin }).bytes;
