/** PSCI, the calling convention it uses, and semihosting: pure functions for whoever plays the firmware (a board, a hypervisor). */
export { narrowCall, NOT_SUPPORTED, toResult } from './smccc.ts';
export type { SmcccCall, SmcccCaller } from './smccc.ts';
export { psci, PSCI, PSCI_RESULT } from './psci.ts';
export type { PowerState, PsciOutcome, PsciPort } from './psci.ts';
export { newSemihostingState, semihosting, SYS } from './semihosting.ts';
export type { SemihostingOutcome, SemihostingPort, SemihostingState } from './semihosting.ts';
