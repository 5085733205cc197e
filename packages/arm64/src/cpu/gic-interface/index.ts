export { GicInterface } from './interface.ts';
export type { GicInterfaceSetup, View } from './interface.ts';
export { withGicV3 } from './model.ts';
export type { GicGroup, GicOffer, GicPort, GicSoftwareInterrupt, RegisterStore } from './port.ts';
