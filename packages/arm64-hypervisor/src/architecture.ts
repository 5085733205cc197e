/** The arm64 hypervisor as the neutral `Kvm` wants it: one host, its revision and its VMs. */
import { KvmError, HYPERVISOR_API_VERSION } from '@worldswitch/hypervisor';
import type { Capabilities, HypervisorArchitecture, RevisionSummary } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from './exits/context.ts';
import { Host } from './host/host.ts';
import type { HostOptions } from './host/host.ts';
import type { HostProcessor } from './processor.ts';
import { REVISIONS } from './switch/revisions/two-hooks.ts';
import type { Revision } from './switch/step.ts';
import { WorldSwitch } from './switch/world.ts';
import { Arm64Vm } from './vm.ts';
import type { VmOptions } from './vm.ts';

export interface Arm64HypervisorOptions extends HostOptions, VmOptions {
  /** By name, or one of your own; the newest that is built by default. */
  readonly revision?: string | Revision;
}

/** VMIDs of 8 bits; 0 is the host's. */
const VMIDS = 255;

function chooseRevision(wanted: string | Revision | undefined): Revision {
  if (typeof wanted === 'object') return wanted;
  const found = REVISIONS.find(({ name }) => name === (wanted ?? 'two-hooks'));
  if (!found) {
    throw new KvmError('EINVAL', { value: `revision '${wanted ?? ''}'`, rule: 'no such state of the world switch is built', remedy: `choose from ${REVISIONS.map(({ name }) => name).join(', ')}` });
  }
  return found;
}

export class Arm64Hypervisor implements HypervisorArchitecture<Arm64DebugExit> {
  readonly name = 'arm64';
  readonly apiVersion = HYPERVISOR_API_VERSION;
  readonly revisions: readonly RevisionSummary[] = REVISIONS;
  readonly capabilities: Capabilities;
  readonly host: Host;
  readonly world: WorldSwitch;
  readonly #options: Arm64HypervisorOptions;
  #nextVmid = 1;

  /**
   * Takes over a processor that has just been reset and boots the host on it. Throws `KvmError` EINVAL for an unknown revision, EINVAL
   * or ENOMEM for pages, `StepListError` for a revision that is not valid in the mode.
   */
  constructor(processor: HostProcessor, options: Arm64HypervisorOptions) {
    const revision = chooseRevision(options.revision);
    this.#options = options;
    this.host = new Host(processor, options);
    this.world = new WorldSwitch(this.host, revision);
    const { features, addressBits } = this.host;
    this.capabilities = { maxVcpus: 8, memorySlots: 512, addressBits, breakpoints: features.breakpoints, watchpoints: features.watchpoints };
  }

  hostMemory(address: bigint, size: bigint): boolean {
    const { memory } = this.host.processor;
    const { base, size: own } = this.host.pages.range;
    const overlaps = address < base + own && base < address + size;
    return !overlaps && memory.readBytes(address, 1) !== undefined && memory.readBytes(address + size - 1n, 1) !== undefined;
  }

  createVm(): Arm64Vm {
    if (this.#nextVmid > VMIDS) {
      throw new KvmError('ENOSPC', { value: `VM ${this.#nextVmid}`, rule: `a host has ${VMIDS} VMIDs and does not use one twice`, remedy: 'start a new host' });
    }
    return new Arm64Vm(this.host, this.world, this.#nextVmid++, this.#options);
  }
}
