/** A guest's firmware as KVM plays it: PSCI, the calling convention's own functions, random numbers, KVM's own. Pure functions. */
export { AFFINITY } from './psci.ts';
export { VmFirmware } from './vm-firmware.ts';
export type { CpuStart, FirmwareCpu, VmFirmwareOptions } from './vm-firmware.ts';
