/** The user-space half of virtualisation, without an architecture: a guest's address space, its processor, its breakpoints. */
export { Breakpoints } from './breakpoints.ts';
export type { DebugKnowledge, Requested, Unit } from './breakpoints.ts';
export { GuestMemory } from './guest-memory.ts';
export type { HostRam } from './guest-memory.ts';
export { VcpuCpu } from './vcpu-cpu.ts';
export type { HostTime, VcpuCpuOptions } from './vcpu-cpu.ts';
