/** The guest's timers while it does not run, and its physical timer, which is never in hardware. */
import type { Guest } from './guest.ts';

const ENABLE = 1n;
const IMASK = 2n;
const ISTATUS = 4n;
const U64 = 64;

/** CNT<x>_CTL as the guest reads it: ISTATUS is ENABLE and the condition (DDI 0487 D12.2.4). `now` is the timer's own count. */
export function timerControl(ctl: bigint, cval: bigint, now: bigint): bigint {
  return (ctl & (ENABLE | IMASK)) | ((ctl & ENABLE) !== 0n && BigInt.asUintN(U64, now) >= cval ? ISTATUS : 0n);
}

/** The level of a timer's output. */
export function timerLine(ctl: bigint, cval: bigint, now: bigint): boolean {
  return (timerControl(ctl, cval, now) & (ENABLE | IMASK | ISTATUS)) === (ENABLE | ISTATUS);
}

/** The tick at which an enabled, unmasked timer fires that has not yet; undefined for any other. */
export function timerDue(ctl: bigint, cval: bigint, now: bigint): bigint | undefined {
  return (ctl & (ENABLE | IMASK)) === ENABLE && now < cval ? cval : undefined;
}

export type PhysicalTimerRegister = 'CNTP_CTL_EL0' | 'CNTP_CVAL_EL0' | 'CNTP_TVAL_EL0';

/** A trapped access to the physical timer. `count` is the physical count. */
export function readPhysicalTimer(guest: Guest, register: PhysicalTimerRegister, count: bigint): bigint {
  const { state } = guest.memory;
  const cval = state.get('cntp-cval');
  switch (register) {
    case 'CNTP_CTL_EL0': return timerControl(state.get('cntp-ctl'), cval, count);
    case 'CNTP_CVAL_EL0': return cval;
    case 'CNTP_TVAL_EL0': return BigInt.asUintN(32, cval - count);
  }
}

export function writePhysicalTimer(guest: Guest, register: PhysicalTimerRegister, value: bigint, count: bigint): void {
  const { state } = guest.memory;
  switch (register) {
    case 'CNTP_CTL_EL0': state.set('cntp-ctl', value & (ENABLE | IMASK)); break;
    case 'CNTP_CVAL_EL0': state.set('cntp-cval', value); break;
    case 'CNTP_TVAL_EL0': state.set('cntp-cval', BigInt.asUintN(U64, count + BigInt.asIntN(32, value))); break;
  }
}
