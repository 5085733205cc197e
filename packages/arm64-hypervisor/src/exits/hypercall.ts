/** HVC and SMC. */
import type { ExitContext, Outcome } from './context.ts';
import { RESUME } from './context.ts';

const NOT_SUPPORTED = (1n << 64n) - 1n;
/** `imm16` in ISS. */
const IMMEDIATE = 0xffff;

/** HVC, with any immediate. The PC is behind it already. */
export function hvc({ firmware }: ExitContext): Outcome {
  return firmware('hvc');
}

/** SMC traps before it executes. With an immediate of 0 it is as good as HVC, others are reserved (DEN 0028 2.9). */
export function smc({ guest, iss, smcCalls, firmware }: ExitContext): Outcome {
  guest.skip();
  if (smcCalls && (iss & IMMEDIATE) === 0) return firmware('smc');
  guest.setX(0, NOT_SUPPORTED);
  return RESUME;
}
