export { GicV2 } from './gicv2.ts';
export type { GicV2Config, GicV2Outputs } from './gicv2.ts';
export * from './registers.ts';
