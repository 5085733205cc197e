/** HVC and SMC. */
import type { ExitContext, Outcome } from './context.ts';
import { RESUME } from './context.ts';

const NOT_SUPPORTED = (1n << 64n) - 1n;
const SMCCC_VERSION = 0x8000_0000n;
const SMCCC_1_1 = 0x1_0001n;

/** HVC: PSCI, the calling convention's own functions, or a call the VMM wants. The PC is behind it already. */
export function hvc(context: ExitContext): Outcome {
  const { guest } = context;
  const number = BigInt.asUintN(32, guest.x(0));
  if (context.forwards(number)) {
    const results = [NOT_SUPPORTED, 0n, 0n, 0n];
    context.setPendingCall(results);
    return { kind: 'hypercall', number, args: Array.from({ length: 7 }, (_, n) => guest.x(n + 1)), results };
  }
  if (number === SMCCC_VERSION) {
    setResults(context, SMCCC_1_1);
    return RESUME;
  }
  return context.psci({ function: guest.x(0), arguments: [guest.x(1), guest.x(2), guest.x(3)] });
}

/** SMC traps before it executes; a guest has no firmware below it, so it is told that nothing is there. */
export function smc({ guest }: ExitContext): Outcome {
  guest.setX(0, NOT_SUPPORTED);
  guest.skip();
  return RESUME;
}

function setResults({ guest }: ExitContext, value: bigint): void {
  guest.setX(0, value);
  for (const n of [1, 2, 3]) guest.setX(n, 0n);
}
