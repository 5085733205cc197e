/** Address translation: stages 1 and 2, the architectural TLB, AT and TLBI. */
export { mmuFeatures } from './features.ts';
export type { Granule, MmuFeatures, MmuIdentification } from './features.ts';
export { Mmu } from './mmu.ts';
export type { AtResult, MmuState } from './mmu.ts';
export type { RegimeKind } from './regime.ts';
export type { TlbEntry, TlbGeometry } from './tlb.ts';
export { CONTROL_REGISTERS } from './types.ts';
export type { ControlRegister, MmuFault, MmuOk, MmuPort, MmuResult, Requester } from './types.ts';
