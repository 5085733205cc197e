/** The user-space half of virtualisation, without an architecture: a guest's address space, its processor and its state, its breakpoints. */
export { Breakpoints } from './breakpoints.ts';
export type { DebugKnowledge, Requested, Unit } from './breakpoints.ts';
export { GuestMemory } from './guest-memory.ts';
export type { HostRam } from './guest-memory.ts';
export { registersOfBytes } from './state/byte-registers.ts';
export type { ByteRegisters } from './state/byte-registers.ts';
export { VMM_FAULTS } from './state/faults.ts';
export type { VmmFault, VmmFaultName } from './state/faults.ts';
export { RegisterList, compareRegisters, registerSize } from './state/register-list.ts';
export type {
  ListOutcome, RefusedRegister, RegisterDifference, RegisterField, RegisterFields, RegisterLevel, RegisterListRules, RegisterValue,
} from './state/register-list.ts';
export { withScratchVcpu } from './state/scratch.ts';
export { VcpuSync } from './state/vcpu-sync.ts';
export type { CoreRegister, StateKnowledge, SyncedVcpu, VcpuState, VcpuSyncOptions } from './state/vcpu-sync.ts';
export { VcpuCpu } from './vcpu-cpu.ts';
export type { HostTime, VcpuCpuOptions } from './vcpu-cpu.ts';
