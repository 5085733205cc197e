/** The order in which the checks of one instruction win over each other. One list for the processor and for explanations. */
import { all, fact, type Condition } from './explain.ts';
import { MANUAL } from './manual.ts';

/** One place in the order. `rank` is the manual's number, for the source only; the list order is what counts. */
export interface PriorityRow {
  readonly id: string;
  readonly name: string;
  /** Number in the manual's list, absent for interrupts, whose place is free. */
  readonly rank?: number;
  readonly note?: string;
  readonly source: string;
}

const source = MANUAL.priority;

/** Highest priority first. */
export const CHECK_ORDER = [
  { id: 'interrupt', name: 'interrupt', note: 'the architecture leaves its place free; taken between instructions, ahead of the rest', source },
  { id: 'software-step', name: 'Software Step exception', rank: 4, source },
  { id: 'pc-alignment', name: 'PC alignment fault', rank: 7, source },
  { id: 'illegal-state', name: 'Illegal Execution state', rank: 8, note: '8 or 11 by choice of the implementation; we take 8', source },
  { id: 'instruction-abort', name: 'Instruction Abort', rank: 9, source },
  { id: 'breakpoint', name: 'Breakpoint exception', rank: 10, note: 'after the fetch, before decoding', source },
  { id: 'brk', name: 'Breakpoint Instruction exception', rank: 13, source },
  { id: 'undefined-or-trap', name: 'UNDEFINED instruction, or trap', rank: 19, note: '18 to 25 in detail; traps to EL1 before traps to EL2', source },
  { id: 'exception-generating', name: 'SVC, HVC or SMC', rank: 28, source },
  { id: 'sp-alignment', name: 'SP alignment fault', rank: 41, source },
  { id: 'data-abort', name: 'Data Abort from the MMU', rank: 44, note: 'alignment, translation, permission', source },
  { id: 'watchpoint', name: 'Watchpoint exception', rank: 46, source },
  { id: 'external-abort', name: 'External abort on the data access', rank: 47, source },
] as const satisfies readonly PriorityRow[];

/** A name in the order. */
export type CheckId = (typeof CHECK_ORDER)[number]['id'];

function place(id: CheckId): number {
  return CHECK_ORDER.findIndex((row) => row.id === id);
}

/** Negative when `a` wins over `b`, positive when it loses, 0 when they are the same. Usable with `sort`. */
export function comparePriority(a: CheckId, b: CheckId): number {
  return place(a) - place(b);
}

/** The check that wins among those pending at one instruction, or undefined for none. */
export function winner(pending: Iterable<CheckId>): CheckId | undefined {
  let best: CheckId | undefined;
  for (const id of pending) if (best === undefined || comparePriority(id, best) < 0) best = id;
  return best;
}

/**
 * Whether `id`, when pending, is what is taken, with one child for every other check pending at the same instruction: the second half of
 * the answer to "why did my breakpoint not fire?", after `explainBreakpoint`.
 */
export function explainTaken(id: CheckId, pending: Iterable<CheckId>): Condition {
  const others = [...new Set(pending)].filter((other) => other !== id);
  return all(`${CHECK_ORDER[place(id)].name} is taken`, source, others.map((other) =>
    fact(`it comes before: ${CHECK_ORDER[place(other)].name}`, comparePriority(id, other) < 0, { place: place(id), other: place(other) }, source)));
}
