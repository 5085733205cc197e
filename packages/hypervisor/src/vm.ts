/** A virtual machine: the calls on it, their order and their refusals. */
import { readAttribute, writeAttribute, attributeOf } from './attributes.ts';
import type { DeviceBackend, HypervisorArchitecture, UserMemory, VmBackend } from './architecture.ts';
import { architectureCall } from './calls.ts';
import { KvmError } from './error.ts';
import { MemorySlots } from './slots.ts';
import type { MemoryRegion, MemorySlot } from './slots.ts';
import { Vcpu } from './vcpu.ts';

/** A device in the hypervisor, by KVM_CREATE_DEVICE. */
export class Device {
  readonly type: number;
  /** For calls of one architecture, and the byte layer. */
  readonly backend: DeviceBackend;

  constructor(type: number, backend: DeviceBackend) {
    this.type = type;
    this.backend = backend;
  }

  /** Throws `KvmError` ENXIO, ENODEV where it is not there. */
  hasAttribute(group: number, attribute: bigint): void {
    attributeOf(this.backend.attributes, group, attribute);
  }
  getAttribute(group: number, attribute: bigint): Uint8Array {
    return readAttribute(this.backend.attributes, group, attribute);
  }
  setAttribute(group: number, attribute: bigint, value: Uint8Array): void {
    writeAttribute(this.backend.attributes, group, attribute, value);
  }
}

/** A virtual machine: memory slots, vCPUs and devices. */
export class Vm<A> {
  readonly architecture: HypervisorArchitecture<A>;
  /** For calls of one architecture (`Abi.calls`). */
  readonly backend: VmBackend<A>;
  readonly #slots: MemorySlots;
  readonly #vcpus = new Map<number, Vcpu<A>>();
  #alive = true;

  /** Throws `KvmError` EINVAL for a type the architecture does not have. */
  constructor(architecture: HypervisorArchitecture<A>, type: bigint) {
    const { capabilities } = architecture;
    this.architecture = architecture;
    this.backend = architecture.createVm(type);
    this.#slots = new MemorySlots({
      slots: capabilities.memorySlots, addressBits: this.backend.addressBits, hostMemory: (address, size) => architecture.hostMemory(address, size),
    });
  }

  get slots(): readonly MemorySlot[] {
    return this.#slots.list();
  }

  get vcpus(): readonly Vcpu<A>[] {
    return [...this.#vcpus.values()];
  }

  /** KVM_CHECK_EXTENSION of this VM. */
  checkExtension(capability: number): number {
    this.#check();
    return this.backend.extension(capability);
  }

  /** KVM_ENABLE_CAP. Throws `KvmError` EINVAL for a capability that cannot be enabled, flags that are not 0, or a time that is past. */
  enableCapability(capability: number, { flags = 0, args = [] }: { readonly flags?: number; readonly args?: readonly bigint[] } = {}): void {
    this.#check();
    if (flags !== 0) throw new KvmError('EINVAL', { value: `flags ${flags}`, rule: 'no flag is defined', remedy: 'pass 0' });
    this.backend.enableCapability(capability, args);
  }

  /** Creates, moves, deletes or re-flags a memory slot. Throws `KvmError` EINVAL, EEXIST, EFAULT; EIO on a disposed VM. */
  setMemoryRegion(region: MemoryRegion): void {
    this.#check();
    const change = this.#slots.plan(region);
    this.#slots.commit(change);
    if (change.relog) this.backend.slotLogging(change.relog);
    if (change.remove) this.backend.slotRemoved(change.remove, change.add !== undefined);
    if (change.add) this.backend.slotAdded(change.add);
  }

  /**
   * KVM_GET_DIRTY_LOG: pages of a slot written since the last call, one bit each, the lowest first, in whole 64-bit words. Throws `KvmError`
   * EINVAL for a number that no slot can have, ENOENT for a slot that does not exist or is not logged.
   */
  takeDirtyLog(slot: number): Uint8Array {
    this.#check();
    return this.backend.takeDirtyPages(this.#slots.logged(slot));
  }

  /**
   * KVM_CLEAR_DIRTY_LOG, of a VM that clears its log itself (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2): of `pages` from `first`, those whose bit is set
   * in `bitmap`, which has whole 64-bit words and begins with `first`. Throws `KvmError` as `takeDirtyLog`, EINVAL for a range that is not the
   * slot's, does not begin at a multiple of 64, or ends at none before the slot's end.
   */
  clearDirtyLog(slot: number, { first, pages, bitmap }: { readonly first: number; readonly pages: number; readonly bitmap: Uint8Array }): void {
    this.#check();
    const cleared = this.#slots.cleared(slot, first, pages);
    this.backend.clearDirtyPages?.(cleared, first, bitmap.subarray(0, Math.ceil(pages / 64) * 8));
  }

  /** Throws `KvmError` EINVAL (number), EEXIST (in use), EBUSY (an interrupt controller counts on those there are), EIO. */
  createVcpu(id: number): Vcpu<A> {
    this.#check();
    const { maxVcpus } = this.architecture.capabilities;
    if (!Number.isInteger(id) || id < 0 || id >= maxVcpus) {
      throw new KvmError('EINVAL', { value: `vCPU ${id}`, rule: `vCPUs are numbered 0 to ${maxVcpus - 1}`, remedy: 'use a number in that range' });
    }
    if (this.#vcpus.has(id)) throw new KvmError('EEXIST', { value: `vCPU ${id}`, rule: 'a number is used once', remedy: 'use the vCPU that exists' });
    const vcpu = new Vcpu(id, this, this.backend.createVcpu(id, (address) => this.#slots.at(address)));
    this.#vcpus.set(id, vcpu);
    return vcpu;
  }

  /** KVM_CREATE_DEVICE by the kernel's number. Throws `KvmError` ENODEV, EEXIST, EBUSY, EINVAL. */
  createDevice(type: number): Device {
    this.#check();
    return new Device(type, this.backend.createDevice(type));
  }
  /** Whether it could be made (KVM_CREATE_DEVICE_TEST). Throws `KvmError` ENODEV. */
  testDevice(type: number): void {
    this.#check();
    this.backend.testDevice(type);
  }

  /** Throws `KvmError` ENXIO where it is not there. */
  hasAttribute(group: number, attribute: bigint): void {
    this.#check();
    attributeOf(this.backend.attributes, group, attribute);
  }
  getAttribute(group: number, attribute: bigint): Uint8Array {
    this.#check();
    return readAttribute(this.backend.attributes, group, attribute);
  }
  setAttribute(group: number, attribute: bigint, value: Uint8Array): void {
    this.#check();
    writeAttribute(this.backend.attributes, group, attribute, value);
  }

  /** KVM_IRQ_LINE, in the architecture's numbering. Throws `KvmError` ENXIO, EINVAL. */
  irqLine(irq: number, level: boolean): void {
    this.#check();
    this.backend.irqLine(irq, level);
  }

  /** `Vcpu.call` for calls on a VM: `KVM_ARM_PREFERRED_TARGET`. */
  call(name: string, argument: Uint8Array, memory?: UserMemory): number {
    this.#check();
    return architectureCall(this.architecture, name).run({ vm: this.backend, ...(memory && { memory }) }, argument);
  }

  /** Ends the VM: later calls are refused with EIO. Memory of the host is free again. */
  dispose(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.backend.dispose();
  }

  get alive(): boolean {
    return this.#alive;
  }

  #check(): void {
    if (!this.#alive) throw new KvmError('EIO', { value: 'this VM', rule: 'a disposed VM takes no calls', remedy: 'create another with Kvm.createVm()' });
  }
}
