/** The AArch64 self-hosted debug facility as pure functions, for cores with EL0 to EL2 and without EL3 (DDI 0487 D2). */
export { ACCESS_KINDS, bytesOf } from './access.ts';
export type { AccessKind, AccessKindRow, ByteRange, DataAccess } from './access.ts';
export { auditBreakpoint, auditWatchpoint } from './audit.ts';
export type { Irregularity } from './audit.ts';
export { breakpointFires, breakpointHit, explainBreakpoint } from './breakpoint.ts';
export { BREAKPOINT_TYPES, breakpointType } from './breakpoint-types.ts';
export type { BreakpointRole, BreakpointType, Comparison } from './breakpoint-types.ts';
export { compileBreakpoints, compileWatchpoints } from './compile.ts';
export type { CompiledBreakpoints, CompiledWatchpoints } from './compile.ts';
export { explainLink } from './context.ts';
export { obstacles, renderCondition } from './explain.ts';
export type { Condition, ConditionValue } from './explain.ts';
export { contextFrom, controlsFrom, taggingFrom } from './from-registers.ts';
export type { ContextRegisters, ControlRegisters, TaggingRegisters } from './from-registers.ts';
export { LEVEL_TABLE, coversLevel, levelRow, rowForLevels } from './levels.ts';
export type { LevelRow } from './levels.ts';
export { MANUAL } from './manual.ts';
export { planBreakpoint, planWatchpoint, splitWatchRange } from './plan.ts';
export type { BreakpointPlan, Plan, PlanError, PlanErrorCode, PlanOptions, WatchKind, WatchpointPlan } from './plan.ts';
export { CHECK_ORDER, comparePriority, explainTaken, winner } from './priority.ts';
export type { CheckId, PriorityRow } from './priority.ts';
export {
  DBGBCR, DBGBVR, DBGWCR, DBGWVR, extendAddress, legaliseDbgbcr, legaliseDbgbvr, legaliseDbgwcr, legaliseDbgwvr,
} from './registers.ts';
export type { BreakpointControl, WatchpointControl } from './registers.ts';
export { brkTargetEL, debugEnabledFrom, debugExceptionTarget, explainEnabledFrom, targetEL } from './routing.ts';
export type { RoutingState } from './routing.ts';
export {
  EXCEPTION_LEVELS, PLAIN_CONTEXT, RESET_CONTROLS, checkImplementation, implementationFrom, isContextAware, isInHost,
} from './state.ts';
export type {
  DebugContext, DebugControls, DebugImplementation, DebugRegisters, DebugSetup, DebugState, ExceptionLevel, TopByteIgnored,
} from './state.ts';
export {
  COMPLETING_EXCEPTIONS, STEP_IDLE, afterEret, afterInstruction, atExceptionEntry, explainReturn, explainStep, stepPending, stepPhase, stepSyndromeBits,
} from './step.ts';
export type { ExceptionMoment, ReturnState, StepAtEntry, StepMachine, StepPhase, StepState } from './step.ts';
export {
  DEBUG_CLASSES, FSC_DEBUG, breakpointSyndrome, brkSyndrome, debugExceptionClass,
  stepSyndrome, watchpointSyndrome,
} from './syndrome.ts';
export type { DebugClass } from './syndrome.ts';
export { describeHit, explainWatchpoint, watchedBytes, watchpointFires, watchpointHit } from './watchpoint.ts';
export type { WatchpointHit } from './watchpoint.ts';
