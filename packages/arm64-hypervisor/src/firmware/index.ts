/** A guest's firmware as KVM plays it: PSCI, the calling convention's own functions, random numbers, KVM's own. Pure functions. */
export { SmcccFilter, filterAttribute, FILTER_ACTIONS, SMCCC_CONTROL } from './filter.ts';
export type { FilterAction } from './filter.ts';
export { firmwareCall } from './firmware.ts';
export type { FirmwareCaller, FirmwareOutcome, StolenTime } from './firmware.ts';
export { PSCI_LATER, PV_TIME, SMCCC, TRNG, VENDOR } from './identifiers.ts';
export { AFFINITY, kvmPsci } from './psci.ts';
export type { PsciCpu, PsciMachine } from './psci.ts';
export { FIRMWARE_FEATURES, PSCI_VERSION } from './state.ts';
export type { FirmwareBitmapName, FirmwareState } from './state.ts';
export { reproducibleSource } from './trng.ts';
export type { RandomSource } from './trng.ts';
export { VmFirmware } from './vm-firmware.ts';
export type { CpuStart, FirmwareCpu, VmFirmwareOptions } from './vm-firmware.ts';
