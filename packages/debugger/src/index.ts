/** Stops, stepping, symbols, listings and explanations, for any architecture. */
export { DebuggerError } from './error.ts';
export type { DebuggerErrorCode, DebuggerFault } from './error.ts';
export { obstaclesOf, renderExplanation } from './explain.ts';
export type { DebugQuestion, Explanation } from './explain.ts';
export { listing, renderListing } from './listing.ts';
export type { DecodedInstruction, ListingLine, ListingSource } from './listing.ts';
export { nearest } from './nearest.ts';
export { stepInto, stepOver } from './stepping.ts';
export type { Steppable, StepResult } from './stepping.ts';
export { StopTable } from './stops.ts';
export type { SlotCount, Stop, StopHit, StopRequest, StopTarget, WatchAccess } from './stops.ts';
export { SymbolTable } from './symbols.ts';
export type { Place, SymbolLike } from './symbols.ts';
