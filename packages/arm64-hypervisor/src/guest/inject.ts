/** Exceptions the hypervisor makes for a guest, taken to its EL1. */
import { HCR_EL2, encodeSyndrome, syndromes } from '@worldswitch/arm64-sysreg';
import type { Guest } from './guest.ts';

/** Offset of the synchronous vector in each quarter of the table. */
const SYNCHRONOUS = 0n;
/** Synchronous external abort, not on a walk (DDI 0487 ESR_ELx, DFSC and IFSC). */
const EXTERNAL = 0b010000;

/** The instruction does not exist, as far as this guest is concerned. */
export function injectUndefined(guest: Guest): void {
  guest.pending = { kind: 'exception', esr: encodeSyndrome(syndromes.unknown()), vector: SYNCHRONOUS };
}

/** Nothing answers at an address. */
export function injectAbort(guest: Guest, kind: 'data' | 'instruction', far: bigint, write: boolean): void {
  const lower = guest.el === 0;
  const syndrome = kind === 'data' ? syndromes.dataAbort({ lower, dfsc: EXTERNAL, write }) : syndromes.instructionAbort({ lower, ifsc: EXTERNAL });
  guest.pending = { kind: 'exception', esr: encodeSyndrome(syndrome), far, vector: SYNCHRONOUS };
}

/** A virtual SError, pending until the guest unmasks it. `syndrome`: VSESR_EL2, for processors with the RAS extension. */
export function injectSerror(guest: Guest, syndrome = 0n): void {
  const { state } = guest.memory;
  state.set('vsesr', syndrome);
  state.set('hcr', state.get('hcr') | HCR_EL2.mask('VSE'));
}
