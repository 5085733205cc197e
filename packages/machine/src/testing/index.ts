/** For tests of devices, boards and run loops; free of any test framework. */
export { checkDevice } from './conformance.ts';
export type { ConformanceOptions, Subject } from './conformance.ts';
export { Random } from './random.ts';
export { ScriptedCpu } from './scripted-cpu.ts';
export type { ScriptedOp, ScriptedRow } from './scripted-cpu.ts';
