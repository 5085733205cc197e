/** What keeps engine and machine honest: a toy architecture, program fuzzing, and the conformance suite every architecture passes. */
export { Random } from './random.ts';
export * from './conformance/subject.ts';
export { compareEngines, KINDS, prepare, stateHash, turns, warm, type Case, type Divergence } from './conformance/run.ts';
export { rewritingHash } from './conformance/code.ts';
export { listing, shrink } from './conformance/shrink.ts';
export { conformance, expectConformance, FAST, LARGE, type Effort, type TestFramework } from './conformance/suite.ts';
export { TOY_INSTRUCTIONS } from './toy/assembly.ts';
export { loadConstant, toyOnMachineUnderTest, toyUnderTest } from './toy/conformance.ts';
export { toyArchitecture, ToyCpu, type ToyArchitecture } from './toy/cpu.ts';
export { createToy, type Toy, type ToyOptions } from './toy/create.ts';
export type { DrivenToyState } from './toy/driven.ts';
export { CAUSE, CONTROL, INTERRUPT, ToyGuest, type ToyGuestState, type ToyTime } from './toy/guest.ts';
export { ToyMachine, toyTable, TOY_DEVICE, TOY_ENTRY, TOY_HOSTED, TOY_RAM, TOY_ROM, type ToyState } from './toy/machine.ts';
export { TOY_ROWS } from './toy/rows.ts';
export { R as TOY_REGISTERS, TOY_SEMANTICS, TOY_STATE, V as TOY_VECTORS } from './toy/semantics.ts';
