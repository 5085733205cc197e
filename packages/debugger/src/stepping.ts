import { DebuggerError } from './error.ts';

/** What stepping asks of a machine. `S` is whatever its runs end with. */
export interface Steppable<S extends { readonly kind: string }> {
  /** Where the world that is stepped stands. */
  readonly pc: bigint;
  /** Executes at most `budget` instructions; kind `budget` where it executed them all. */
  run(budget: number): S;
  /** One instruction of the stepped world, where that is not `run(1)`: a guest's, whose exits cost the host instructions. */
  stepOne?(): S;
  /** Bytes of the instruction at an address if it is a call, which comes back behind itself. */
  callLength(address: bigint): number | undefined;
  /** A stop at an address until it is disposed of, beside the user's own. */
  breakHere(address: bigint): Disposable;
}

export interface StepResult<S> {
  /** Instructions (or, stepping over, steps) that completed. */
  readonly steps: number;
  /** What ended it early; absent where all steps were made. */
  readonly stop?: S;
}

/**
 * Executes `count` instructions, unless a stop comes first. A step that begins on a breakpoint executes the instruction there.
 * `visit` sees the address of each instruction before it is executed.
 *
 * @throws DebuggerError `bad-count`.
 */
export function stepInto<S extends { readonly kind: string }>(machine: Steppable<S>, count = 1, visit?: (pc: bigint) => void): StepResult<S> {
  checkCount(count);
  for (let steps = 0; steps < count; steps++) {
    visit?.(machine.pc);
    const stop = machine.stepOne?.() ?? machine.run(1);
    if (stop.kind !== 'budget') return { steps, stop };
  }
  return { steps: count };
}

/**
 * As `stepInto`, but a call and all that it does is one step: it runs to the instruction behind the call. A callee that never comes
 * back ends with the budget.
 *
 * @throws DebuggerError `bad-count`.
 */
export function stepOver<S extends { readonly kind: string }>(machine: Steppable<S>, count = 1, budget = 100_000_000, visit?: (pc: bigint) => void): StepResult<S> {
  checkCount(count);
  for (let steps = 0; steps < count; steps++) {
    const { pc } = machine;
    const length = machine.callLength(pc);
    if (length === undefined) {
      const { stop } = stepInto(machine, 1, visit);
      if (stop !== undefined) return { steps, stop };
      continue;
    }
    visit?.(pc);
    const behind = pc + BigInt(length);
    const stop = runTo(machine, behind, budget);
    if (machine.pc !== behind) return { steps, stop };
  }
  return { steps: count };
}

function runTo<S extends { readonly kind: string }>(machine: Steppable<S>, address: bigint, budget: number): S {
  using _here = machine.breakHere(address);
  return machine.run(budget);
}

function checkCount(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new DebuggerError({ code: 'bad-count', value: `${count} steps`, rule: 'a number of steps is a whole number from 1 up', remedy: 'give such a number' });
}
