/** /dev/kvm in bytes: descriptors, ioctls with the kernel's numbers and structures, mapped `kvm_run`, events. */
export { COALESCED_MMIO_OFFSET, KvmDevice, errorName } from './device.ts';
export type { KvmDeviceOptions } from './device.ts';
export type { IoctlArgument } from './argument.ts';
export type { HostTime } from './scheduler.ts';
export { UserSpace } from './user-space.ts';
export type { MappedRam, UserSpaceOptions } from './user-space.ts';
export type { UserMemory } from '../architecture.ts';
