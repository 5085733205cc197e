/** Interrupts and their registers without a board around them: for a controller that is software, of which a hypervisor makes its guests'. */
export { InterruptState, PRIVATE, SGIS } from './interrupt-state.ts';
export { Distributor as GicV2Distributor } from '../gicv2/distributor.ts';
export type { GicV2Implementation } from '../gicv2/distributor.ts';
export { Interrupts as GicV2Interrupts } from '../gicv2/state.ts';
export { Distributor as GicV3Distributor } from '../gicv3/distributor.ts';
export type { GicV3Implementation } from '../gicv3/distributor.ts';
export { Redistributor as GicV3Redistributor } from '../gicv3/redistributor.ts';
export type { RedistributorPlace } from '../gicv3/redistributor.ts';
export { Interrupts as GicV3Interrupts } from '../gicv3/state.ts';
export * as GICV2 from '../gicv2/registers.ts';
export * as GICV3 from '../gicv3/registers.ts';
