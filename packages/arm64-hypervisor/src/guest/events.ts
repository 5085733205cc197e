/** Exceptions that a VMM gives a vCPU, or finds pending there (KVM_SET_VCPU_EVENTS, KVM_GET_VCPU_EVENTS). */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Guest } from './guest.ts';
import { injectAbort, injectSerror } from './inject.ts';

export interface VcpuEvents {
  /** A virtual SError is pending. */
  readonly serrorPending: boolean;
  /** ESR_EL1 of it but for the class: where the host has the RAS extension, 25 bits. */
  readonly serrorEsr?: bigint;
}

export interface NewVcpuEvents extends VcpuEvents {
  /** An external data abort at the address of the last fault, taken when the vCPU runs next. */
  readonly dataAbortPending?: boolean;
}

/** Bits of ESR_ELx below IL: what VSESR_EL2 has of them. */
const ISS = (1n << 25n) - 1n;
/** ISV of an SError: the syndrome is of the implementation's own making (DDI 0487 ESR_ELx, ISS of an SError, IDS). */
const OWN_SYNDROME = 1n << 24n;

/** `ras`: whether the host has the RAS extension. */
export function readEvents({ memory: { state } }: Guest, ras: boolean): VcpuEvents {
  const serrorPending = (state.get('hcr') & HCR_EL2.mask('VSE')) !== 0n;
  if (!ras) return { serrorPending };
  return { serrorPending, serrorEsr: serrorPending ? state.get('vsesr') : 0n };
}

/** What is not said to be pending is left as it is. Throws `KvmError` EINVAL for a syndrome that cannot be given. */
export function writeEvents(guest: Guest, { serrorPending, serrorEsr, dataAbortPending = false }: NewVcpuEvents, ras: boolean): void {
  if (serrorPending && serrorEsr !== undefined) {
    if (!ras) refuse('an SError\'s syndrome', 'the host has no RAS extension, by which it would be given', 'leave it out');
    if (serrorEsr < 0n || serrorEsr > ISS) refuse(`an SError's syndrome ${hex(BigInt.asUintN(64, serrorEsr))}`, `it has bits 24:0 (${hex(ISS)})`, 'clear the others');
  }
  if (serrorPending) injectSerror(guest, serrorEsr ?? OWN_SYNDROME);
  if (dataAbortPending) injectAbort(guest, 'data', guest.memory.state.get('fault-far'), false);
}

function refuse(value: string, rule: string, remedy: string): never {
  throw new KvmError('EINVAL', { value, rule, remedy });
}
