/** The contracts between processors, devices and boards, and the neutral machinery that drives them. */
export { MachineError } from './error.ts';
export type { MachineErrorCode } from './error.ts';
export { clonePlain, firstDifference, plainEqual, stateOf } from './plain.ts';
export type { Plain } from './plain.ts';
export { formatHash, hashPlain, XxHash32 } from './hash.ts';
export { truncate } from './device.ts';
export type { Device, DirectStorage, DmaPort, Initiator, InterruptLine, RomDevice, Width } from './device.ts';
export { OrGate, Wire } from './wire.ts';
export { VirtualClock } from './clock.ts';
export type { Clock, ClockEvent } from './clock.ts';
export { RecordedInputs } from './inputs.ts';
export type { InputEntry, InputLog } from './inputs.ts';
export { createExclusiveMonitor } from './monitor.ts';
export type { ExclusiveMonitor } from './monitor.ts';
export { regionEnd } from './memory.ts';
export type { AddressMap, PhysicalMemory, Region, RegionKind } from './memory.ts';
export { checkRange, ReferenceMemory } from './reference-memory.ts';
export { EngineMemory } from './engine-memory.ts';
export { API_VERSION } from './cpu.ts';
export type {
  Access, AccessVerdict, Architecture, Cpu, CpuModel, DebugFacility, DebugHit, GuestDoor, MachinePort, Observation, ObservationKind, ObservationRing, ObservationScope,
  OutOfBandStops, PlainDoor, RegisterDoors, SetStop, Stop, Translation,
} from './cpu.ts';
export type { Board, BoardBuilder, Placement } from './board.ts';
export { Machine, processor } from './machine.ts';
export type { MachineSnapshot, MachineStop, RunLimits } from './machine.ts';
