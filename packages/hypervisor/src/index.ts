/** KVM without an architecture: VMs, vCPUs, memory slots, exits, guest debug and the ledger. */
export { HYPERVISOR_API_VERSION } from './architecture.ts';
export type {
  Abi, ArchitectureCall, Attribute, Attributes, CallTarget, Capabilities, DeviceBackend, HypervisorArchitecture, MpState, OneRegisters, RevisionSummary, VcpuBackend,
  UserMemory, VcpuRegisters, VmBackend,
} from './architecture.ts';
export { ERRNO, KvmError, whileDoing } from './error.ts';
export type { ErrnoName, KvmRefusal } from './error.ts';
export { EXIT_REASON, SYSTEM_EVENT } from './exits.ts';
export type { Exit, ExitKind, HypercallExit, InternalErrorExit, MmioExit, SystemEvent } from './exits.ts';
export { GUEST_DEBUG_CONTROL, NO_GUEST_DEBUG, checkGuestDebug, controlWord } from './guest-debug.ts';
export type { GuestDebug, HardwareDebugRegisters } from './guest-debug.ts';
export { KVM_API_VERSION, Kvm } from './kvm.ts';
export { Device, Vm } from './vm.ts';
export { Vcpu } from './vcpu.ts';
export type { RunOptions } from './vcpu.ts';
export { runVcpus } from './run-vcpus.ts';
export type { RunVcpusEnd, RunVcpusOptions } from './run-vcpus.ts';
export { Ledger, deadSaves, redundantRestores, summarise, verdicts } from './ledger.ts';
export type { Count, LedgerOperation, LedgerOwner, LedgerRow, LedgerSummary, LedgerVerdict } from './ledger.ts';
export { MemorySlots, PAGE_SIZE } from './slots.ts';
export type { MemoryRegion, MemorySlot, SlotChange, SlotLimits } from './slots.ts';
