/** The arm64 hypervisor as the neutral `Kvm` wants it: one host, its revision and its VMs. */
import { HYPERVISOR_API_VERSION, KvmError } from '@worldswitch/hypervisor';
import type { Abi, Capabilities, HypervisorArchitecture, RevisionSummary } from '@worldswitch/hypervisor';
import { abiOf } from './abi/abi.ts';
import { extensionOf, extensionSource } from './abi/extensions.ts';
import type { Arm64DebugExit } from './exits/context.ts';
import { Host } from './host/host.ts';
import type { HostOptions } from './host/host.ts';
import type { HostProcessor } from './processor.ts';
import { faithfulTo } from './switch/faults.ts';
import { DEFAULT_REVISION, REVISIONS, revisionNamed } from './switch/revisions/index.ts';
import type { Revision } from './switch/step.ts';
import { WorldSwitch } from './switch/world.ts';
import { Arm64Vm } from './vm.ts';
import type { VmOptions } from './vm.ts';

export interface Arm64HypervisorOptions extends HostOptions, VmOptions {
  /** By name, or one of your own; the newest that is built by default. */
  readonly revision?: string | Revision;
  /** Faults of the original code to have as well, by name (see `FAULTS`), or all that the revision had. None by default. */
  readonly faithful?: 'all' | readonly string[];
}

export class Arm64Hypervisor implements HypervisorArchitecture<Arm64DebugExit> {
  readonly name = 'arm64';
  readonly apiVersion = HYPERVISOR_API_VERSION;
  readonly revisions: readonly RevisionSummary[] = REVISIONS;
  readonly capabilities: Capabilities;
  readonly abi: Abi<Arm64DebugExit>;
  readonly host: Host;
  readonly world: WorldSwitch;
  readonly #options: Arm64HypervisorOptions;

  /**
   * Takes over a processor that has just been reset and boots the host on it. Throws `KvmError` EINVAL for a revision that does not exist
   * in the mode or lacks a fault asked for, EINVAL or ENOMEM for pages, `StepListError` for one of your own that is not valid in the mode.
   */
  constructor(processor: HostProcessor, options: Arm64HypervisorOptions) {
    const { mode, revision: wanted = DEFAULT_REVISION, faithful } = options;
    const revision = typeof wanted === 'string' ? revisionNamed(wanted, mode) : wanted;
    this.#options = options;
    const faults = faithfulTo(revision.name, faithful);
    const timerControl = revision.timerControl?.(mode, faults);
    this.host = new Host(processor, options, { contextLayout: revision.layout, ...(timerControl !== undefined && { timerControl }), ownCallVectors: revision.ownCallVectors ?? false });
    this.world = new WorldSwitch(this.host, revision, faults);
    this.abi = abiOf(this.host.byteOrder);
    this.capabilities = extensionSource(this.host, revision).capabilities;
  }

  hostMemory(address: bigint, size: bigint): boolean {
    const { memory } = this.host.processor;
    const { base, size: own } = this.host.pages.range;
    const overlaps = address < base + own && base < address + size;
    return !overlaps && memory.readBytes(address, 1) !== undefined && memory.readBytes(address + size - 1n, 1) !== undefined;
  }

  extension(capability: number): number {
    return extensionOf(capability, extensionSource(this.host, this.world.revision, this.#options.profile));
  }

  /** `type`: bits of the guest's physical addresses, from 32 up to the host's; 0 for 40, or the host's where it has fewer. */
  createVm(type = 0n): Arm64Vm {
    const { addressBits } = this.host;
    if (type !== 0n && (type < 32n || type > BigInt(addressBits))) {
      throw new KvmError('EINVAL', { value: `type ${type}`, rule: `a type is a number of address bits from 32 to ${addressBits}, or 0`, remedy: 'pass 0 for the default' });
    }
    return new Arm64Vm(this.host, this.world, { ...this.#options, addressBits: type === 0n ? Math.min(40, addressBits) : Number(type) });
  }
}
