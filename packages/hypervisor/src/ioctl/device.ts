/** `KvmDevice`: /dev/kvm as a program sees it: descriptors, ioctls by number with the bytes of their structures, and mapped `kvm_run`. */
import type { Plain } from '@worldswitch/machine';
import type { HypervisorArchitecture, UserMemory } from '../architecture.ts';
import { CONSTANTS, ERRNO, ioctlNamed, requestTable } from '../abi/index.ts';
import type { IoctlLevel, IoctlName } from '../abi/index.ts';
import { KvmError } from '../error.ts';
import type { ErrnoName } from '../error.ts';
import type { Kvm } from '../kvm.ts';
import { Argument } from './argument.ts';
import type { IoctlArgument } from './argument.ts';
import { MAPPING_SIZE, systemHandlers } from './calls-system.ts';
import { vcpuHandlers } from './calls-vcpu.ts';
import { vmHandlers } from './calls-vm.ts';
import { attributeHandlers, refuse } from './context.ts';
import type { Caller, Handler } from './context.ts';
import { EventFd } from './eventfd.ts';
import { Counted, Descriptors } from './files.ts';
import type { OpenFile, VcpuObject, VmObject } from './files.ts';
import { Runner } from './run.ts';
import { Scheduler } from './scheduler.ts';
import type { HostTime } from './scheduler.ts';
import { fileState, vmState } from './state.ts';

export interface KvmDeviceOptions {
  /** What pointers point into: `UserSpace`, or your own. */
  readonly memory: UserMemory;
  /** Time of the host, which passes while all vCPUs wait. Without it a run that waits ends with EINTR. */
  readonly time?: HostTime;
  /** Instructions after which KVM_RUN ends with EINTR, as by a timer's signal; 1,000,000 by default. */
  readonly slice?: number;
}

const SLICE = 1_000_000;
const PAGE = MAPPING_SIZE / 2;

interface Shared<A> {
  readonly scheduler: Scheduler<A>;
  readonly runner: Runner<A>;
  readonly vms: Set<VmObject<A>>;
}

/** One program on a host with KVM. No call throws for what it is passed: results below 0 are error numbers, `lastRefusal` says why. */
export class KvmDevice<A> {
  readonly kvm: Kvm<A>;
  readonly memory: UserMemory;
  readonly #caller: Caller<A>;
  readonly #shared: Shared<A>;
  readonly #requests: Readonly<Record<IoctlLevel, ReadonlyMap<number, IoctlName>>>;
  readonly #mappings = new Map<Uint8Array, VcpuObject<A>>();
  readonly #system = systemHandlers<A>();
  readonly #vm = vmHandlers<A>();
  readonly #vcpu = vcpuHandlers<A>();
  readonly #device = attributeHandlers<A, Extract<OpenFile<A>, { kind: 'device' }>>(({ device }) => device.backend.attributes);
  #lastRefusal: KvmError | undefined;

  constructor(kvm: Kvm<A>, options: KvmDeviceOptions, shared?: Shared<A>) {
    const { memory, time, slice = SLICE } = options;
    const { abi } = kvm.architecture;
    const scheduler = shared?.scheduler ?? new Scheduler<A>(time);
    this.kvm = kvm;
    this.memory = memory;
    this.#shared = shared ?? { scheduler, runner: new Runner(kvm.architecture, scheduler, slice), vms: new Set() };
    this.#requests = requestTable(abi);
    this.#caller = { kvm, abi, memory, owner: {}, descriptors: new Descriptors<A>(), ...this.#shared };
  }

  get architecture(): HypervisorArchitecture<A> {
    return this.kvm.architecture;
  }
  /** Open descriptors. */
  get descriptors(): number {
    return this.#caller.descriptors.size;
  }
  /** Why the last call that was refused was: the value, the rule and the way out. */
  get lastRefusal(): KvmError | undefined {
    return this.#lastRefusal;
  }

  /** A descriptor of /dev/kvm; -ENOENT for other paths. */
  open(path: string): number {
    return this.#answer(() => {
      if (path !== '/dev/kvm') refuse('ENOENT', path, 'only /dev/kvm is here', 'open that');
      return this.#caller.descriptors.add({ kind: 'system', counted: new Counted(() => undefined) });
    });
  }

  /** A descriptor of a new event counter (eventfd(2), not blocking). */
  eventfd(initial = 0): number {
    return this.#answer(() => {
      const event = new EventFd(BigInt(Math.max(0, Math.trunc(initial) || 0)));
      return this.#caller.descriptors.add({ kind: 'eventfd', event, counted: new Counted(() => { this.#hangUp(event); }) });
    });
  }

  /** Reads an event counter into 8 bytes: 8, -EAGAIN at 0. */
  read(fd: number, bytes: Uint8Array): number {
    return this.#answer(() => this.#event(fd).read(bytes, this.#caller.abi.byteOrder));
  }
  /** Adds 8 bytes to an event counter. */
  write(fd: number, bytes: Uint8Array): number {
    return this.#answer(() => this.#event(fd).write(bytes, this.#caller.abi.byteOrder));
  }

  /** ioctl(2). `argument`: see `IoctlArgument`. What the kernel returns, or an error number negated. */
  ioctl(fd: number, request: number, argument: IoctlArgument = 0): number {
    return this.#answer(() => {
      const file = this.#file(fd);
      return this.#dispatch(file, request >>> 0, new Argument(argument, this.memory));
    });
  }

  /**
   * `kvm_run` of a vCPU as live bytes, the page of coalesced MMIO behind it. `offset` in bytes. The mapping keeps the vCPU until `munmap`. An error
   * number negated where there is nothing to map: -ENODEV on other descriptors, -EINVAL outside KVM_GET_VCPU_MMAP_SIZE.
   */
  mmap(fd: number, length: number, offset = 0): Uint8Array | number {
    let mapping: Uint8Array | undefined;
    const result = this.#answer(() => {
      const file = this.#file(fd);
      if (file.kind !== 'vcpu') return refuse('ENODEV', `descriptor ${fd}`, `a ${file.kind} is not mapped`, 'pass a vCPU');
      const whole = Number.isInteger(length) && Number.isInteger(offset) && length > 0 && offset >= 0 && offset % PAGE === 0;
      if (!whole || offset + Math.ceil(length / PAGE) * PAGE > MAPPING_SIZE) {
        return refuse('EINVAL', `${length} bytes at offset ${offset}`, `a vCPU has ${MAPPING_SIZE} bytes to map, from a page on`, 'ask with KVM_GET_VCPU_MMAP_SIZE');
      }
      mapping = file.vcpu.pages.subarray(offset, offset + length);
      file.counted.take();
      this.#mappings.set(mapping, file.vcpu);
      return 0;
    });
    return mapping ?? result;
  }

  /** Ends a mapping. -EINVAL for bytes that are none. */
  munmap(mapping: Uint8Array): number {
    return this.#answer(() => {
      const vcpu = this.#mappings.get(mapping);
      if (!vcpu) return refuse('EINVAL', `${mapping.length} bytes`, 'they are no mapping of a vCPU', 'pass what mmap gave');
      this.#mappings.delete(mapping);
      vcpu.counted.drop();
      return 0;
    });
  }

  /** A VM lives until its own descriptor, those of its vCPUs and devices and all mappings are closed. -EBADF for what is not open. */
  close(fd: number): number {
    return this.#answer(() => (this.#caller.descriptors.close(fd) ? 0 : this.#bad(fd)));
  }

  /** The program ends: everything it has open is closed. */
  exit(): void {
    for (const [fd] of this.#caller.descriptors.entries()) this.close(fd);
    for (const mapping of [...this.#mappings.keys()]) this.munmap(mapping);
  }

  /** Another program with the same descriptors, as after fork(2): VMs, vCPUs and devices refuse its calls with EIO. */
  fork(memory: UserMemory = this.memory): KvmDevice<A> {
    const child = new KvmDevice(this.kvm, { memory }, this.#shared);
    for (const [fd, file] of this.#caller.descriptors.entries()) child.#caller.descriptors.share(fd, file);
    return child;
  }

  /** What the calls have made: descriptors, VMs, vCPUs with their registers and `kvm_run`. A refused call leaves it as it was. Memory of guests is not in it. */
  state(): Plain {
    const vms = [...this.#shared.vms];
    return { descriptors: this.#caller.descriptors.entries().map(([fd, file]) => fileState(fd, file, vms)), mappings: this.#mappings.size, vms: vms.map((vm) => vmState(vm, this.#shared.scheduler.vcpus)) };
  }

  // Dispatch

  #dispatch(file: OpenFile<A>, request: number, argument: Argument): number {
    if (file.kind === 'eventfd') return refuse('ENOTTY', `request 0x${request.toString(16)}`, 'an event has no ioctls', 'use read and write');
    if (file.kind !== 'system') this.#checkOwner(file.kind === 'vcpu' ? file.vcpu.vm : file.vm);
    const name = this.#requests[file.kind].get(request);
    switch (file.kind) {
      case 'system': return this.#call(name && this.#system[name], undefined, argument, { request, level: file.kind });
      case 'vm': return this.#architecture(name, file.vm, undefined, argument) ?? this.#call(name && this.#vm[name], file.vm, argument, { request, level: file.kind });
      case 'vcpu': return this.#locked(file.vcpu, () => this.#architecture(name, file.vcpu.vm, file.vcpu, argument)
        ?? this.#call(name && this.#vcpu[name], file.vcpu, argument, { request, level: 'vcpu' }));
      case 'device': return this.#call(name && this.#device[name], file, argument, { request, level: file.kind });
    }
  }

  #call<T>(handler: Handler<A, T> | undefined, target: T, argument: Argument, { request, level }: { readonly request: number; readonly level: IoctlLevel }): number {
    if (handler) return handler(this.#caller, target, argument);
    // Only devices tell a call that is not theirs from one with a bad argument.
    return refuse(level === 'device' ? 'ENOTTY' : 'EINVAL', `request 0x${request.toString(16)}`, `a ${level} here does not have it`, 'see IOCTLS for the calls, and their sizes for the numbers');
  }

  /** A call that only the architecture has; undefined where it does not have it. The structure is copied in, and out where the request says so. */
  #architecture(name: IoctlName | undefined, { vm }: VmObject<A>, vcpu: VcpuObject<A> | undefined, argument: Argument): number | undefined {
    const { abi, memory } = this.#caller;
    if (!name || name === 'KVM_SIGNAL_MSI' || !abi.calls.some((call) => call.name === name)) return undefined;
    const { direction, size } = ioctlNamed(name);
    const out = direction === 'read' || direction === 'both';
    const bytes = argument.read(size?.[abi.structs] ?? 0);
    // A structure that cannot be given back is noticed before anything happens.
    if (out) argument.write(bytes);
    const result = vcpu ? vcpu.vcpu.call(name, bytes, memory) : vm.call(name, bytes, memory);
    if (out) argument.write(bytes);
    return result;
  }

  /** One call at a time on a vCPU. A call from inside a run cannot wait for it; it ends as by a signal. */
  #locked(target: VcpuObject<A>, call: () => number): number {
    if (target.running) return refuse('EINTR', `vCPU ${target.vcpu.id}`, 'another call on it has not come back', 'call when it has');
    target.running = true;
    try {
      return call();
    } finally {
      target.running = false;
    }
  }

  #checkOwner({ owner, vm }: VmObject<A>): void {
    if (owner !== this.#caller.owner || !vm.alive) refuse('EIO', 'a VM', owner === this.#caller.owner ? 'it is dead' : 'another program made it', 'make one of your own');
  }

  #file(fd: number): OpenFile<A> {
    return this.#caller.descriptors.get(fd) ?? this.#bad(fd);
  }
  #bad(fd: number): never {
    return refuse('EBADF', `descriptor ${fd}`, 'it is not open', 'pass what open, eventfd or an ioctl gave');
  }
  #event(fd: number): EventFd {
    const file = this.#file(fd);
    return file.kind === 'eventfd' ? file.event : refuse('EINVAL', `descriptor ${fd}`, `a ${file.kind} is not read or written`, 'pass one of eventfd()');
  }
  #hangUp(event: EventFd): void {
    for (const { events } of this.#shared.vms) events.forget(event);
    event.hangUp();
  }

  #answer(call: () => number): number {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof KvmError)) throw error;
      this.#lastRefusal = error;
      return -error.code;
    }
  }
}

/** The name of a result of the byte layer: `EINVAL` for -22; undefined for results that are no error. */
export function errorName(result: number): ErrnoName | undefined {
  return (Object.keys(ERRNO) as ErrnoName[]).find((name) => ERRNO[name] === -result);
}

/** Page of `mmap` where coalesced MMIO is. */
export const COALESCED_MMIO_OFFSET = CONSTANTS.KVM_MMIO.KVM_COALESCED_MMIO_PAGE_OFFSET * PAGE;
