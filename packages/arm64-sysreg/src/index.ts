/** Every AArch64 system register as data: encodings, fields, access rules, VHE redirection, syndromes, typed codecs. */
export { ACCESSOR_ALTERNATIVES, SAME_IN_BOTH_MODES, accessors } from './accessors.ts';
export type { Accessor, AccessorAlternative, AccessorFamily, AccessorMode, AccessorRegister, AccessorTable, Accessors } from './accessors.ts';
export type { RegisterCodec } from './codec.ts';
export * from './codecs/index.ts';
export type { Check, Condition, ControlState, Outcome } from './conditions.ts';
export { parseCheck, parseCondition } from './conditions.ts';
export { describeEsr, explainEsr } from './describe.ts';
export type { DescriptionNode } from './describe.ts';
export { genericName, packEncoding, parseGenericName, unpackEncoding } from './encoding.ts';
export { ACCESS_RULES } from './facts/access.ts';
export { SYSTEM_INSTRUCTIONS } from './facts/instructions.ts';
export { LATER_REGISTERS } from './facts/later.ts';
export { E2H_REDIRECTION, EL1_SUBSTITUTES, HOST_EL0_TIMERS, NOT_REDIRECTED, NOT_REDIRECTED_FAMILIES, VNCR_OFFSETS } from './facts/redirection.ts';
export { EXCEPTION_CLASSES, FAULT_STATUS, ISS_LAYOUTS, ISS_MEANINGS, SYNCHRONOUS_PRIORITY, VECTOR_OFFSETS } from './facts/syndromes.ts';
export { familyOf, indexInFamily } from './family.ts';
export { REFERENCE_FEATURES, hasFeatures, masksOf, visible } from './features.ts';
export type { Features, LayoutMasks } from './features.ts';
export type {
  AccessSize, BarrierDomain, DeferredEvents, EventBatch, ExceptionEvent, HostPort, HostedAccess, HostedVectorMove, PortInstruction, PortPlace, ProcessorEvent, ProcessorEvents, ReadingInstruction, RegisterAccess,
  SteeringEvent, Verdict,
} from './host-port.ts';
export { lintInstructions, lintRegisters, lintRules } from './lint.ts';
export {
  REGISTERS, REGISTER_LIST, SPLIT_ENCODINGS, byEncoding, classify, encodingOf, instructionAt, isRegisterName, layoutOf, nameOf, registerAt,
} from './registers.ts';
export type { Direction, Register, RegisterGroup, RegisterName, SystemInstructionName } from './registers.ts';
export { compileAccess, controlRegisters, resolve } from './resolve.ts';
export type { Access, AccessContext, Resolution } from './resolve.ts';
export type {
  AccessRule, AccessRules, BitRange, EncodingTuple, LayoutRow, LevelChecks, RegisterRow, RegisterRows, RegisterStatus, ReservedKind,
  SystemInstructionRow, SystemInstructionRows,
} from './row.ts';
export { EC, ISS, decodeSyndrome, encodeSyndrome, exceptionClassName, syndromes, sysregIss } from './syndrome.ts';
export type { DataAbortSyndrome, ExceptionClassName, IssLayoutName, Syndrome, TransferSyndrome } from './syndrome.ts';
