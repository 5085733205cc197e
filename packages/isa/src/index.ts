/** Describe instructions once, as data; derive the decoder, the assembler and the disassembler. */
export { encode, extractOperands, fieldValue, parsePattern, PatternError, patternOf } from './pattern.ts';
export type { FieldNames, Operands, Pattern, PatternField } from './pattern.ts';
export { STATUSES } from './row.ts';
export type { Alias, Condition, Match, Row, Rows, Status, Variant } from './row.ts';
export { ConditionError } from './condition.ts';
export type { Predicate, Predicates } from './condition.ts';
export { compileDecoder } from './decoder.ts';
export type { AnyDecoded, CompiledRow, Decoded, Decoder, DecoderOptions, TypedDecoder } from './decoder.ts';
export { lint } from './lint.ts';
export type { LintOptions, LintRule, Problem } from './lint.ts';
export { Cursor } from './cursor.ts';
export { evaluateExpression } from './expression.ts';
export type { ExpressionResult, SymbolScope } from './expression.ts';
export type { FieldValues, Kind, Kinds, ParseContext, PrintContext } from './kind.ts';
export { COMMON_KINDS, namesKind, parseScaled } from './kinds.ts';
export { parseTemplate, TemplateError } from './template.ts';
export { createInstructionSet } from './instruction-set.ts';
export type {
  AssembledInstruction, AssembleInstructionOptions, DisassembleOptions, Disassembly, InstructionSet, InstructionSetOptions, LiteralLoad, TypedInstructionSet,
} from './instruction-set.ts';
export { roundTrip } from './round-trip.ts';
export type { RoundTripFailure, RoundTripOptions } from './round-trip.ts';
export { assemble, AssemblyError } from './assembler/assemble.ts';
export type { AssembleOptions, AssemblyProblem, LineMapEntry, Program } from './assembler/assemble.ts';
