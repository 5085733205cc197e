/** A KVM to hold sentences against: our hypervisor on a real machine, with memory of the host for guests. */
import { A64 } from '@worldswitch/arm64';
import type { Arm64DebugExit, Arm64Hypervisor } from '@worldswitch/arm64-hypervisor';
import { Kvm, KvmError } from '@worldswitch/hypervisor';
import { assemble } from '@worldswitch/isa';
import type { Machine } from '@worldswitch/machine';
import { RAM, bareHost } from '../../src/test/bare-guest.ts';

export interface KvmBench {
  readonly kvm: Kvm<Arm64DebugExit>;
  readonly hypervisor: Arm64Hypervisor;
  /** The host. */
  readonly machine: Machine;
  /** Where its memory for guests begins, and how much of it there is. */
  readonly memory: { readonly base: bigint; readonly size: bigint };
  /** Puts a program into memory of the host, assembled for an address of the guest's. */
  load(hostAddress: bigint, origin: bigint, source: string): void;
}

const OWN = 8n << 20n;

export function kvmBench(options: Partial<Parameters<typeof bareHost>[0]> = {}): KvmBench {
  const { hypervisor, host } = bareHost({ mode: 'vhe', ...options });
  return {
    kvm: new Kvm(hypervisor), hypervisor, machine: host.machine, memory: { base: RAM + OWN, size: BigInt(options.ram ?? 16 << 20) },
    load: (hostAddress, origin, source) => { host.machine.memory.loadBytes(hostAddress, assemble(source, { instructionSet: A64, origin }).bytes); },
  };
}

/** The errno of a refusal, `none` for a call that is taken. */
export function errnoOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof KvmError) return error.errno;
    throw error;
  }
}
