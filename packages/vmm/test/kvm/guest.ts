/** A VM with vCPUs and memory on the bench, and a way to have single instructions executed by a guest. */
import { arm64Vcpu, arm64Vm } from '@worldswitch/arm64-hypervisor';
import type { Arm64DebugExit, Arm64Vcpu, Arm64Vm } from '@worldswitch/arm64-hypervisor';
import type { Exit, Vcpu, Vm } from '@worldswitch/hypervisor';
import { RAM } from '../../src/test/bare-guest.ts';
import { kvmBench } from './bench.ts';
import type { KvmBench } from './bench.ts';

export { RAM };
/** Nothing is there: an access is the VMM's. */
export const MMIO = 0x0900_0000n;
export const MINUS = (n: bigint): bigint => BigInt.asUintN(64, -n);

export type TestExit = Exit<Arm64DebugExit>;
export type TestVcpu = Vcpu<Arm64DebugExit>;

export interface KvmGuest extends KvmBench {
  readonly vm: Vm<Arm64DebugExit>;
  readonly vmBackend: Arm64Vm;
  readonly vcpu: TestVcpu;
  readonly vcpus: readonly TestVcpu[];
  readonly backend: Arm64Vcpu;
  /** Assembles to an address of the guest's. */
  program(source: string, at?: bigint): void;
  /** Memory of the guest's. */
  read(at: bigint, size?: 1 | 2 | 4 | 8): bigint;
  write(at: bigint, value: bigint, size?: 1 | 2 | 4 | 8): void;
}

export interface KvmGuestOptions extends NonNullable<Parameters<typeof kvmBench>[0]> {
  readonly vcpus?: number;
  /** Of all vCPUs; those after the first are stopped besides. */
  readonly features?: readonly string[];
  readonly source?: string;
  readonly size?: bigint;
  readonly logDirtyPages?: boolean;
  readonly prepare?: (vm: Vm<Arm64DebugExit>) => void;
}

const HOST = 'debugger';

export function kvmGuest({ vcpus = 1, features = ['psci-0.2'], source, size = 0x10_0000n, logDirtyPages = false, prepare, ...options }: KvmGuestOptions = {}): KvmGuest {
  const bench = kvmBench(options);
  const vm = bench.kvm.createVm();
  prepare?.(vm);
  vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size, hostAddress: bench.memory.base, logDirtyPages });
  const made = Array.from({ length: vcpus }, (_, id) => {
    const vcpu = vm.createVcpu(id);
    vcpu.initialise(id === 0 ? features : [...features, 'power-off']);
    return vcpu;
  });
  const [vcpu] = made;
  vcpu.setRegister('pc', RAM);
  const place = (at: bigint): bigint => bench.memory.base + (at - RAM);
  const one: KvmGuest = {
    ...bench, vm, vmBackend: arm64Vm(vm), vcpu, vcpus: made, backend: arm64Vcpu(vcpu),
    program: (text, at = RAM) => { bench.load(place(at), at, text); },
    read: (at, bytes = 8) => bench.machine.memory.read(place(at), bytes, HOST) ?? 0n,
    write: (at, value, bytes = 8) => { bench.machine.memory.write(place(at), bytes, value, HOST); },
  };
  if (source !== undefined) one.program(source);
  return one;
}

/** Runs while nothing but the end of a budget comes of it; fails after `runs`. */
export function runUntil(vcpu: TestVcpu, runs = 50): TestExit {
  for (let n = 0; n < runs; n++) {
    const exit = vcpu.run({ budget: 10_000 });
    if (exit.kind !== 'interrupted') return exit;
  }
  throw new Error(`the guest did not come to an end in ${runs} runs: pc 0x${vcpu.getRegister('pc').toString(16)}`);
}

/** Sets registers, and runs from `pc`. What the guest still waited for is over. */
export function runAt(vcpu: TestVcpu, pc: bigint, registers: Readonly<Record<string, bigint>> = {}): TestExit {
  vcpu.run({ immediateExit: true });
  for (const [name, value] of Object.entries(registers)) vcpu.setRegister(name, value);
  vcpu.setRegister('pc', pc);
  return runUntil(vcpu);
}

/** `hvc #0`, and a store to nowhere that says that the guest went on. For `firmware`. */
export const CALLS = `hvc #0\n str xzr, [x20]\n smc #0\n str xzr, [x20]\n smc #1\n str xzr, [x20]`;
const INSTRUCTION = { hvc: 0n, smc: 8n, 'smc #1': 16n } as const;

/** Calls the firmware by an instruction of `CALLS`. x0 to x3, or how else it ended. */
export function call(one: Pick<KvmGuest, 'vcpu'>, values: readonly bigint[], by: keyof typeof INSTRUCTION = 'hvc', vcpu = one.vcpu): readonly bigint[] | TestExit {
  const registers = Object.fromEntries([0, 1, 2, 3].map((n) => [`x${n}`, values[n] ?? 0xdead_0000n + BigInt(n)]));
  const exit = runAt(vcpu, RAM + INSTRUCTION[by], { ...registers, x20: MMIO });
  if (exit.kind !== 'mmio') return exit;
  return [0, 1, 2, 3].map((n) => vcpu.getRegister(`x${n}`));
}
