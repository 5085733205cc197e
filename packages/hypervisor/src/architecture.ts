/** What an architecture brings to the hypervisor: an object, like its processor. Nothing in this package knows which one it is. */
import type { Exit } from './exits.ts';
import type { GuestDebug } from './guest-debug.ts';
import type { MemorySlot } from './slots.ts';

/** The version of this contract; `Kvm` refuses others. */
export const HYPERVISOR_API_VERSION = 1;

/** A state of the world switch that can be chosen, and where it is valid. */
export interface RevisionSummary {
  readonly name: string;
  readonly modes: readonly string[];
  readonly about: string;
}

/** Counts and sizes a VMM may ask for before it creates anything. */
export interface Capabilities {
  readonly maxVcpus: number;
  readonly memorySlots: number;
  /** Bits of a guest physical address. */
  readonly addressBits: number;
  readonly breakpoints: number;
  readonly watchpoints: number;
}

/** Guest registers by name, in memory or, while a guest is stopped in the middle, in hardware: the architecture knows. */
export interface VcpuRegisters {
  readonly names: readonly string[];
  /** Undefined for a name the vCPU does not have. */
  read(name: string): bigint | undefined;
  /** False for a name the vCPU does not have. Throws `KvmError` EINVAL for a value the register cannot take. */
  write(name: string, value: bigint): boolean;
}

/** Registers by the kernel's identifiers (KVM_GET_ONE_REG). A value is unsigned; its width is in the identifier (`id[55:52]`: log2 of bytes). */
export interface OneRegisters {
  /** Identifiers in the kernel's order. Throws `KvmError` EPERM while a feature is not finalised. */
  list(): readonly bigint[];
  /** Throws `KvmError` ENOENT (unknown), EINVAL (architecture, size, offset), EPERM. */
  get(id: bigint): bigint;
  /** Throws as `get`, and EINVAL for a value that does not fit, EBUSY for what is fixed since the VM ran. Then nothing has changed. */
  set(id: bigint, value: bigint): void;
}

/** One attribute of a device, a vCPU or a VM (`kvm_device_attr`). */
export interface Attribute {
  /** Bytes at `addr`, in the host's order; 0 where `addr` is not looked at. */
  readonly size: number;
  /** Absent: it cannot be read. Throws `KvmError`. */
  readonly get?: () => Uint8Array;
  /** Absent: it cannot be written. `value` has `size` bytes. Throws `KvmError`; then nothing has changed. */
  readonly set?: (value: Uint8Array) => void;
}

/** Attributes by group and number. */
export interface Attributes {
  /** Undefined for one that does not exist (ENXIO). Throws `KvmError` ENODEV where a feature is missing. */
  find(group: number, attribute: bigint): Attribute | undefined;
}

/** `kvm_mp_state` in words. */
export type MpState = 'runnable' | 'stopped' | 'suspended';

/** One vCPU as the architecture runs it. Arguments have been checked by `Vcpu`. */
export interface VcpuBackend<A> {
  /** Full reset with these features. Throws `KvmError` EINVAL, ENOENT. */
  initialise(features: readonly string[]): void;
  /** Features that are chosen at `initialise` and complete only now, by name. Throws `KvmError` EINVAL, EPERM. */
  finalise(feature: string): void;
  /** What a run asks first: throws `KvmError` for a vCPU or VM that is not ready (EPERM, EINVAL, ENXIO). Changes nothing but what a first run fixes. */
  prepare(): void;
  /** Completes what the VMM answered (a read, a call) without running. */
  complete(): void;
  /** Runs at most `budget` ticks of the machine. Never throws for what the guest does. */
  run(budget: number): Exit<A>;
  /** Makes the present or next run end with `interrupted`. */
  interrupt(): void;
  setGuestDebug(debug: GuestDebug): void;
  /** Sets an interrupt input. False for a line the vCPU does not have. */
  setLine(line: string, level: boolean): boolean;
  /** Levels of the vCPU's outputs to a VMM's interrupt controller: its timers. */
  readonly deviceLines: Readonly<Record<string, boolean>>;
  readonly registers: VcpuRegisters;
  readonly oneRegisters: OneRegisters;
  readonly attributes: Attributes;
  mpState: MpState;
  /** False while it waits for an interrupt and none has come for it, or is stopped; so that others may run. Absent: it is not known. */
  readonly ready?: boolean;
}

/** A device in the hypervisor: an interrupt controller (KVM_CREATE_DEVICE). */
export interface DeviceBackend {
  readonly attributes: Attributes;
}

export interface VmBackend<A> {
  /** Bits of a guest physical address of this VM. */
  readonly addressBits: number;
  /** A slot has come; its pages are mapped when the guest first touches them, or at once. */
  slotAdded(slot: MemorySlot): void;
  /** A slot is gone or moved; nothing of it may stay mapped or cached. `moved`: it is added again elsewhere, with its dirty pages. */
  slotRemoved(slot: MemorySlot, moved: boolean): void;
  /** Logging of a slot begins or ends. */
  slotLogging(slot: MemorySlot): void;
  /** Pages of a slot written since the last call, one bit each, the lowest of the lowest byte first, in whole 64-bit words; they are clean after it, unless the VM clears them by `clearDirtyPages`. */
  takeDirtyPages(slot: MemorySlot): Uint8Array;
  /** Makes pages clean: those whose bit is set in `bitmap`, which begins with page `first` of the slot. Pages and range have been checked. Absent: `takeDirtyPages` alone does. */
  readonly clearDirtyPages?: (slot: MemorySlot, first: number, bitmap: Uint8Array) => void;
  createVcpu(id: number, slotAt: (address: bigint) => MemorySlot | undefined): VcpuBackend<A>;
  /** By the kernel's number. Throws `KvmError` ENODEV (unknown type), EEXIST, EBUSY, EINVAL. */
  createDevice(type: number): DeviceBackend;
  /** Whether the type could be made. Throws `KvmError` ENODEV. */
  testDevice(type: number): void;
  readonly attributes: Attributes;
  /** KVM_CHECK_EXTENSION of a VM: 0 for what it does not have. */
  extension(capability: number): number;
  /** KVM_ENABLE_CAP. Throws `KvmError` EINVAL for one that cannot be enabled, or not now. */
  enableCapability(capability: number, args: readonly bigint[]): void;
  /** KVM_IRQ_LINE, the architecture's numbering. Throws `KvmError` ENXIO, EINVAL. */
  irqLine(irq: number, level: boolean): void;
  /** An input of the interrupt controller in the hypervisor, as event descriptors name it. Throws `KvmError` ENXIO without one, EINVAL for no input. */
  gsi(number: number, level: boolean): void;
  /** How far the interrupt controller in the hypervisor is: event descriptors may be bound to one that is ready. Absent: there is none. */
  readonly interruptController?: 'absent' | 'created' | 'ready';
  /** Tells of each level-triggered input whose interrupt the guest has completed, by `gsi` number, for as long as the VM lives. */
  readonly whenCompleted?: (listener: (gsi: number) => void) => void;
  dispose(): void;
}

/**
 * A call that only one architecture has, or has in its own way: its argument's bytes, in the ABI's layout, in and out. Found by the name of the
 * request. Returns what the ioctl returns; throws `KvmError`.
 */
export interface ArchitectureCall<A> {
  /** As in the kernel's headers: `KVM_ARM_VCPU_INIT`. */
  readonly name: string;
  run(target: CallTarget<A>, argument: Uint8Array): number;
}
export interface CallTarget<A> {
  readonly vm: VmBackend<A>;
  /** Absent for calls on a VM. */
  readonly vcpu?: VcpuBackend<A>;
  /** Whether `initialise` was called. */
  readonly initialised?: boolean;
  /** `Vcpu.initialise`, of which the hypervisor then knows; for calls on a vCPU, in place of the backend's. */
  readonly initialise?: (features: readonly string[]) => void;
  /** What pointers in the argument point into; absent for callers that have no addresses. */
  readonly memory?: UserMemory;
}

/** The memory of the program that makes the calls. */
export interface UserMemory {
  /** A copy; undefined where some of it is not the program's. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** False where some of it is not the program's, or is read-only; nothing has been written then. */
  write(address: bigint, bytes: Uint8Array): boolean;
}

/** How the architecture's ioctls look in bytes. */
export interface Abi<A> {
  /** `generic` (arm64, x86, riscv) or `powerpc`: how a request's number is put together. */
  readonly encoding: 'generic' | 'powerpc';
  /** Which set of structures: pointers and alignment differ. */
  readonly structs: 'arm64' | 'ppc32';
  readonly byteOrder: 'little' | 'big';
  readonly calls: readonly ArchitectureCall<A>[];
  /** `kvm_run.flags` of a debug exit; 0 if absent. */
  readonly debugExitFlags?: number;
  /** `kvm_run.debug.arch` of an exit, from the start of the union. */
  debugExit(exit: A, pc: bigint): Uint8Array;
  /** `kvm_guest_debug` in words. Throws `KvmError` EINVAL. */
  guestDebug(argument: Uint8Array): GuestDebug;
  /** `kvm_run.s.regs`, written after each run; empty where there is none. */
  syncRegisters(vcpu: VcpuBackend<A>): Uint8Array;
}

/** `A` is the payload of debug exits. */
export interface HypervisorArchitecture<A> {
  readonly name: string;
  readonly apiVersion: typeof HYPERVISOR_API_VERSION;
  readonly capabilities: Capabilities;
  readonly revisions: readonly RevisionSummary[];
  readonly abi: Abi<A>;
  /** Whether the host has memory in all of a range. */
  hostMemory(address: bigint, size: bigint): boolean;
  /** KVM_CHECK_EXTENSION before there is a VM. */
  extension(capability: number): number;
  /** `type` as KVM_CREATE_VM has it: on arm64 the guest's address bits, 0 for 40. Throws `KvmError` EINVAL. */
  createVm(type: bigint): VmBackend<A>;
}
