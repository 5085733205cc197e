/** Instruction vectors: what QEMU does to a state, recorded; see README.md. */
export { BUFFER, SLOT, VectorState, changes, digestOf } from './state.ts';
export { stateOf } from './random.ts';
export { fixedRegisters, startOf, translationTables, WINDOW_PHYSICAL, type MemoryPiece, type Start } from './environment.ts';
export { forms, formOf, nameOf, type Form, type FormClass } from './forms.ts';
export { before, instanceOf, instancesOf, type Instance } from './generate.ts';
export { capture, type ProcessorView } from './result.ts';
export { departures, type Departure } from './departures.ts';
export { exclusions } from './exclusions.ts';
export { formsWithoutVectors, mismatch, vectorsOf, type Vector } from './store.ts';
