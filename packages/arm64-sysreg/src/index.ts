/** Every AArch64 system register as data: encodings, fields, access rules, VHE redirection, syndromes, typed codecs. */
export * from './codecs/index.ts';
export { genericName, packEncoding, parseGenericName, unpackEncoding } from './encoding.ts';
export { familyOf, indexInFamily } from './family.ts';
export {
  REGISTERS, REGISTER_LIST, SPLIT_ENCODINGS, byEncoding, classify, encodingOf, instructionAt, isRegisterName, layoutOf, nameOf, registerAt,
} from './registers.ts';
export type { Direction, Register, RegisterGroup, RegisterName, SystemInstructionName } from './registers.ts';
export { SYSTEM_INSTRUCTIONS } from './facts/instructions.ts';
export { LATER_REGISTERS } from './facts/later.ts';
export type {
  AccessRule, AccessRules, BitRange, EncodingTuple, LayoutRow, LevelChecks, RegisterRow, RegisterRows, RegisterStatus, ReservedKind,
  SystemInstructionRow,
} from './row.ts';
