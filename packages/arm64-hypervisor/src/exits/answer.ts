/** What a guest waits for from the VMM, and what it comes to when the vCPU runs again. */
import { readUnsigned } from '@worldswitch/bits';
import type { Guest } from '../guest/guest.ts';

/** A load that waits for its data. */
export interface PendingRead {
  readonly register: number;
  readonly length: 1 | 2 | 4 | 8;
  readonly signExtend: boolean;
  readonly wide: boolean;
}

export type Answer =
  | { readonly kind: 'read'; readonly read: PendingRead; readonly data: Uint8Array }
  | { readonly kind: 'write' }
  | { readonly kind: 'call'; readonly results: readonly bigint[] };

/** Registers that a call's results go to. */
const RESULTS = 4;

/** Nothing becomes of an access in whose place the VMM has had an abort taken. */
export function completeAnswer(guest: Guest, answer: Answer): void {
  if (answer.kind === 'call') {
    for (const [n, value] of answer.results.slice(0, RESULTS).entries()) guest.setX(n, value);
    return;
  }
  if (guest.pending?.kind === 'exception') return;
  if (answer.kind === 'read') completeRead(guest, answer.read, answer.data);
  guest.complete();
}

/** The register gets its value, as the load would have given it. */
function completeRead(guest: Guest, { register, length, signExtend, wide }: PendingRead, data: Uint8Array): void {
  const bits = length * 8;
  const raw = readUnsigned(data, 0, length, guest.bigEndian ? 'big' : 'little');
  guest.setX(register, BigInt.asUintN(wide ? 64 : 32, signExtend ? BigInt.asIntN(bits, raw) : raw));
}
