/** The arm64 processor. */
export { Arm64Cpu } from './arm64-cpu.ts';
export { Arm64Processor, type Arm64Fault } from './cpu.ts';
export type { ExceptionEntry } from './exceptions.ts';
export { withGicV3, type GicGroup, type GicOffer, type GicPort, type GicSoftwareInterrupt } from './gic-interface/index.ts';
export { hostPort } from './host-port.ts';
export { INPUTS, type InputName } from './interrupts.ts';
export { CORTEX_A57, LAB, MODELS, NEOVERSE_N1, type Arm64Model } from './model.ts';
export { decodeRecords, EVENT as SAMPLE_EVENT, withProfiling, type CodeAddress, type SampleRecord } from './profiling/index.ts';
export type { FirmwarePort, ProcessorOptions } from './options.ts';
export { virtProcessors } from './virt-cpu.ts';
