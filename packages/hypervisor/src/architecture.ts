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

/** One vCPU as the architecture runs it. Arguments have been checked by `Vcpu`. */
export interface VcpuBackend<A> {
  /** Full reset with these features. Throws `KvmError` EINVAL, ENOENT. */
  initialise(features: readonly string[]): void;
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
}

export interface VmBackend<A> {
  /** A slot has come; its pages are mapped when the guest first touches them, or at once. */
  slotAdded(slot: MemorySlot): void;
  /** A slot is gone or moved; nothing of it may stay mapped or cached. */
  slotRemoved(slot: MemorySlot): void;
  createVcpu(id: number, slotAt: (address: bigint) => MemorySlot | undefined): VcpuBackend<A>;
  dispose(): void;
}

/** `A` is the payload of debug exits. */
export interface HypervisorArchitecture<A> {
  readonly name: string;
  readonly apiVersion: typeof HYPERVISOR_API_VERSION;
  readonly capabilities: Capabilities;
  readonly revisions: readonly RevisionSummary[];
  /** Whether the host has memory in all of a range. */
  hostMemory(address: bigint, size: bigint): boolean;
  createVm(): VmBackend<A>;
}
