export { GicV3 } from './gicv3.ts';
export type { GicV3Config, GicV3Processor, SoftwareInterrupt } from './gicv3.ts';
export type { PendingInterrupt } from './state.ts';
export * from './registers.ts';
