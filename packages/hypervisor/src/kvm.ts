/** `Kvm`, `Vm` and `Vcpu`: the calls, their order and their refusals. What a call does to a processor is the architecture's. */
import { HYPERVISOR_API_VERSION } from './architecture.ts';
import type { HypervisorArchitecture, VcpuBackend, VcpuRegisters, VmBackend } from './architecture.ts';
import { KvmError } from './error.ts';
import type { Exit } from './exits.ts';
import { NO_GUEST_DEBUG, checkGuestDebug } from './guest-debug.ts';
import type { GuestDebug } from './guest-debug.ts';
import { MemorySlots } from './slots.ts';
import type { MemoryRegion, MemorySlot } from './slots.ts';

/** A hypervisor on one architecture. */
export class Kvm<A> {
  readonly architecture: HypervisorArchitecture<A>;

  /** Throws `KvmError` EINVAL for an architecture made for another version of the contract. */
  constructor(architecture: HypervisorArchitecture<A>) {
    const version: number = architecture.apiVersion;
    if (version !== HYPERVISOR_API_VERSION) {
      throw new KvmError('EINVAL', {
        value: `architecture ${architecture.name}, API version ${version}`, rule: `this hypervisor speaks version ${HYPERVISOR_API_VERSION}`,
        remedy: 'install matching releases',
      });
    }
    this.architecture = architecture;
  }

  createVm(): Vm<A> {
    return new Vm(this.architecture);
  }
}

/** A virtual machine: memory slots and vCPUs. */
export class Vm<A> {
  readonly architecture: HypervisorArchitecture<A>;
  readonly #backend: VmBackend<A>;
  readonly #slots: MemorySlots;
  readonly #vcpus = new Map<number, Vcpu<A>>();
  #alive = true;

  constructor(architecture: HypervisorArchitecture<A>) {
    const { capabilities } = architecture;
    this.architecture = architecture;
    this.#backend = architecture.createVm();
    this.#slots = new MemorySlots({
      slots: capabilities.memorySlots, addressBits: capabilities.addressBits, hostMemory: (address, size) => architecture.hostMemory(address, size),
    });
  }

  get slots(): readonly MemorySlot[] {
    return this.#slots.list();
  }

  get vcpus(): readonly Vcpu<A>[] {
    return [...this.#vcpus.values()];
  }

  /** Creates, moves, deletes or re-flags a memory slot. Throws `KvmError` EINVAL, EEXIST, EFAULT; EIO on a disposed VM. */
  setMemoryRegion(region: MemoryRegion): void {
    this.#check();
    const change = this.#slots.plan(region);
    this.#slots.commit(change);
    if (change.remove) this.#backend.slotRemoved(change.remove);
    if (change.add) this.#backend.slotAdded(change.add);
  }

  /** Throws `KvmError` EINVAL (number), EEXIST (in use), EIO. */
  createVcpu(id: number): Vcpu<A> {
    this.#check();
    const { maxVcpus } = this.architecture.capabilities;
    if (!Number.isInteger(id) || id < 0 || id >= maxVcpus) {
      throw new KvmError('EINVAL', { value: `vCPU ${id}`, rule: `vCPUs are numbered 0 to ${maxVcpus - 1}`, remedy: 'use a number in that range' });
    }
    if (this.#vcpus.has(id)) throw new KvmError('EEXIST', { value: `vCPU ${id}`, rule: 'a number is used once', remedy: 'use the vCPU that exists' });
    const vcpu = new Vcpu(id, this.architecture, this.#backend.createVcpu(id, (address) => this.#slots.at(address)));
    this.#vcpus.set(id, vcpu);
    return vcpu;
  }

  /** Ends the VM: later calls are refused with EIO. Memory of the host is free again. */
  dispose(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#backend.dispose();
  }

  #check(): void {
    if (!this.#alive) throw new KvmError('EIO', { value: 'this VM', rule: 'a disposed VM takes no calls', remedy: 'create another with Kvm.createVm()' });
  }
}

/** What `Vcpu.run` may be told. */
export interface RunOptions {
  /** Instructions of the machine; the largest safe number by default, which is no limit in practice. */
  readonly budget?: number;
}

/** A virtual processor. */
export class Vcpu<A> {
  readonly id: number;
  readonly #architecture: HypervisorArchitecture<A>;
  readonly #backend: VcpuBackend<A>;
  #initialised = false;
  #dead: string | undefined;
  #guestDebug: GuestDebug = NO_GUEST_DEBUG;

  constructor(id: number, architecture: HypervisorArchitecture<A>, backend: VcpuBackend<A>) {
    this.id = id;
    this.#architecture = architecture;
    this.#backend = backend;
  }

  /** Reset, and the choice of features, before anything else. May be repeated: a reset. */
  initialise(features: readonly string[] = []): void {
    this.#backend.initialise(features);
    this.#initialised = true;
    this.#dead = undefined;
  }

  /** Runs the guest until something concerns the VMM. Throws `KvmError` ENOEXEC before `initialise`, EINVAL for a budget, EIO on a dead vCPU. */
  run({ budget = Number.MAX_SAFE_INTEGER }: RunOptions = {}): Exit<A> {
    this.#check();
    if (!Number.isSafeInteger(budget) || budget < 1) {
      throw new KvmError('EINVAL', { value: `budget ${budget}`, rule: 'a budget is a whole number of instructions from 1 up', remedy: 'leave it out for no limit' });
    }
    if (this.#dead !== undefined) {
      throw new KvmError('EIO', { value: `vCPU ${this.id}`, rule: `it died of ${this.#dead}`, remedy: 'initialise it again' });
    }
    const exit = this.#backend.run(budget);
    if (exit.kind === 'internal-error' && exit.dead) this.#dead = exit.reason;
    return exit;
  }

  /** Makes the present run (called from a device), or the next, end with `interrupted`. */
  interrupt(): void {
    this.#backend.interrupt();
  }

  /** Replaces the whole request. Throws `KvmError` EINVAL, ENOBUFS; then the old one stays in force. */
  setGuestDebug(debug: GuestDebug): void {
    checkGuestDebug(debug, this.#architecture.capabilities);
    this.#guestDebug = debug.enable ? debug : NO_GUEST_DEBUG;
    this.#backend.setGuestDebug(this.#guestDebug);
  }

  get guestDebug(): GuestDebug {
    return this.#guestDebug;
  }

  /** Sets an interrupt input of the vCPU by the architecture's name (`irq`, `fiq`). Throws `KvmError` EINVAL. */
  setLine(line: string, level: boolean): void {
    if (this.#backend.setLine(line, level)) return;
    throw new KvmError('EINVAL', { value: `interrupt line '${line}'`, rule: `vCPUs of ${this.#architecture.name} do not have it`, remedy: 'see the architecture\'s documentation for their names' });
  }

  /** Levels of the vCPU's own outputs, for a VMM's interrupt controller. A change ends a run with `interrupted`. */
  get deviceLines(): Readonly<Record<string, boolean>> {
    return this.#backend.deviceLines;
  }

  get registers(): VcpuRegisters {
    return this.#backend.registers;
  }

  /** A register. Throws `KvmError` ENOEXEC before `initialise`, ENOENT for an unknown name. */
  getRegister(name: string): bigint {
    this.#check();
    return this.#backend.registers.read(name) ?? this.#unknown(name);
  }

  /** Throws `KvmError` ENOEXEC, ENOENT, EINVAL. */
  setRegister(name: string, value: bigint): void {
    this.#check();
    if (value < 0n || value >= 1n << 128n) {
      throw new KvmError('EINVAL', { value: `${name} = ${value}`, rule: 'register values are unsigned', remedy: 'use BigInt.asUintN' });
    }
    if (!this.#backend.registers.write(name, value)) this.#unknown(name);
  }

  #unknown(name: string): never {
    throw new KvmError('ENOENT', { value: `register ${name}`, rule: 'the vCPU does not have it', remedy: 'see registers.names' });
  }

  #check(): void {
    if (!this.#initialised) throw new KvmError('ENOEXEC', { value: `vCPU ${this.id}`, rule: 'a vCPU is initialised before it is used', remedy: 'call initialise() first' });
  }
}
