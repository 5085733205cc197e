/** A program that uses the bench's KVM through /dev/kvm: ioctls by number, structures as bytes. */
import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import { requestOf, structCodec } from '@worldswitch/hypervisor/abi';
import type { IoctlName, StructName } from '@worldswitch/hypervisor/abi';
import { KvmDevice, UserSpace, errorName } from '@worldswitch/hypervisor/ioctl';
import type { IoctlArgument } from '@worldswitch/hypervisor/ioctl';
import { RAM } from '../../src/test/bare-guest.ts';
import { kvmBench } from './bench.ts';
import type { KvmBench } from './bench.ts';

const GENERIC = { encoding: 'generic', structs: 'arm64' } as const;
export const request = (name: IoctlName): number => requestOf(name, GENERIC) ?? 0;
/** A structure of arm64, little-endian. */
export const struct = <S extends StructName<'arm64'>>(name: S) => structCodec('arm64', name, 'little');

/** Identifiers of core registers: x0 to x30, SP_EL0, PC, PSTATE. */
export const CORE = { x: (n: number): bigint => 0x6030_0000_0010_0000n + BigInt(2 * n), sp: 0x6030_0000_0010_003en, pc: 0x6030_0000_0010_0040n, pstate: 0x6030_0000_0010_0042n } as const;

export interface ByteProgram extends KvmBench {
  readonly device: KvmDevice<Arm64DebugExit>;
  readonly space: UserSpace;
  readonly system: number;
  /** By name: the result, or its error's name. */
  readonly call: (fd: number, name: IoctlName, argument?: IoctlArgument) => number | string;
}
export interface ByteGuest extends ByteProgram {
  readonly vm: number;
  readonly vcpu: number;
  /** `kvm_run`, mapped. */
  readonly run: Uint8Array;
  register(id: bigint): bigint;
  setRegister(id: bigint, value: bigint): void;
}

export function byteProgram(options: Parameters<typeof kvmBench>[0] = {}): ByteProgram {
  const bench = kvmBench(options);
  const { machine, memory: { base, size } } = bench;
  const space = new UserSpace({ ram: { base, size, memory: machine.memory } });
  const time = { now: () => machine.clock.now(), skipTo: (tick: bigint) => { machine.skipTo(tick); } };
  const device = new KvmDevice(bench.kvm, { memory: space, time, slice: 100_000 });
  const call = (fd: number, name: IoctlName, argument: IoctlArgument = 0): number | string => {
    const result = device.ioctl(fd, request(name), argument);
    return errorName(result) ?? result;
  };
  return { ...bench, device, space, system: device.open('/dev/kvm'), call };
}

/** What KVM_ARM_VCPU_INIT gets: the generic target, PSCI 0.2. */
export const INIT = struct('kvm_vcpu_init').encode({ target: 5, features: [4] });

/** With a megabyte at `RAM`, the program there, and an initialised vCPU that begins with it. */
export function byteGuest(source: string, options: Parameters<typeof kvmBench>[0] = {}): ByteGuest {
  const made = byteProgram(options);
  const { call, system, memory: { base }, device, space } = made;
  const vm = Number(call(system, 'KVM_CREATE_VM'));
  call(vm, 'KVM_SET_USER_MEMORY_REGION', struct('kvm_userspace_memory_region').encode({ guest_phys_addr: RAM, memory_size: 0x10_0000n, userspace_addr: base }));
  const vcpu = Number(call(vm, 'KVM_CREATE_VCPU', 0));
  call(vcpu, 'KVM_ARM_VCPU_INIT', INIT);
  made.load(base, RAM, source);
  const run = device.mmap(vcpu, 4096);
  if (typeof run === 'number') throw new Error(`mmap: ${run}`);
  const value = space.allocate(16);
  const oneReg = struct('kvm_one_reg');
  const guest: ByteGuest = {
    ...made, vm, vcpu, run,
    register: (id) => {
      const result = call(vcpu, 'KVM_GET_ONE_REG', oneReg.encode({ id, addr: value }));
      if (result !== 0) throw new Error(`KVM_GET_ONE_REG: ${result}`);
      return new DataView(space.read(value, 8)?.buffer ?? new ArrayBuffer(8)).getBigUint64(0, true);
    },
    setRegister: (id, wanted) => {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setBigUint64(0, wanted, true);
      space.write(value, bytes);
      const result = call(vcpu, 'KVM_SET_ONE_REG', oneReg.encode({ id, addr: value }));
      if (result !== 0) throw new Error(`KVM_SET_ONE_REG: ${result}`);
    },
  };
  guest.setRegister(CORE.pc, RAM);
  return guest;
}
export { RAM };
