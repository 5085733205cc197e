export { GicInterface } from './interface.ts';
export { withGicV3 } from './model.ts';
export type { GicGroup, GicOffer, GicPort, GicSoftwareInterrupt } from './port.ts';
