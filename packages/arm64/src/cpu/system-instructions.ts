import type { SystemInstructionName } from '@worldswitch/arm64-sysreg';
import type { AccessShape, Core } from '@worldswitch/engine';
import type { AtResult, Mmu, Requester } from '../mmu/index.ts';
import type { ProcessorState } from './processor-state.ts';

/** Bytes that DC ZVA zeroes, as DCZID_EL0 says. */
export const ZVA_BYTES = 64;

/** Marks a DC ZVA among accesses: watchpoints report its operand. */
export const ZVA = 1 << 17;

const ZVA_SHAPE: AccessShape = {
  kind: 'write', size: ZVA_BYTES, element: 8, alignment: 'normal', alignTo: ZVA_BYTES, unprivileged: false, attributes: ZVA,
};

/** What the system instructions act on. */
export interface SystemInstructionPort {
  readonly state: ProcessorState;
  readonly mmu: Mmu;
  readonly requester: () => Requester;
  /** Translations have changed: what copies them forgets. */
  forgetTranslations(): void;
  /** Takes the alignment fault of a DC ZVA to Device memory. */
  alignmentFault(address: bigint, shape: AccessShape): void;
  /** Takes the exception of an AT that an exception to EL2 ends. */
  translationAbort(fault: Extract<AtResult, { readonly ok: false }>['fault']): void;
}

/**
 * AT, TLBI, DC and IC. There are no caches to maintain: reads and fetches see every write at once, so DC and IC other than ZVA do
 * nothing.
 */
export function systemInstruction(port: SystemInstructionPort, name: SystemInstructionName, value: bigint): void {
  const { state, mmu } = port;
  const { core } = state;
  if (name.startsWith('TLBI ')) {
    mmu.invalidate(name, value, { el: level(state) });
    port.forgetTranslations();
  } else if (name.startsWith('AT ')) {
    const result = mmu.addressTranslate(name, value, { el: level(state), pan: state.pstate.PAN });
    if (result.ok) state.registers.set('PAR_EL1', result.par);
    else port.translationAbort(result.fault);
  } else if (name === 'DC ZVA') zero(port, core, value);
}

/** These are UNDEFINED at EL0. */
function level({ pstate }: ProcessorState): 1 | 2 {
  return pstate.el === 2 ? 2 : 1;
}

// Checked as a whole block; where it faults, FAR holds the address that was given.
function zero(port: SystemInstructionPort, core: Core, operand: bigint): void {
  const block = operand & ~BigInt(ZVA_BYTES - 1);
  const result = port.mmu.translate(operand, 'write', port.requester());
  if (result.ok && result.strict) {
    port.alignmentFault(operand, ZVA_SHAPE);
    return;
  }
  const access = core.access(result.ok ? block : operand & ~0n, result.ok ? ZVA_SHAPE : { ...ZVA_SHAPE, size: 1, element: 1, alignTo: 1 });
  if (access === undefined) return;
  for (let offset = 0; offset < ZVA_BYTES; offset += 8) access.write(offset, 8, 0n);
}
