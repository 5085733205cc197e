import { encodeSyndrome, syndromes } from '@worldswitch/arm64-sysreg';
import type { DataAccess, EngineFault, TranslationKind } from '@worldswitch/engine';
import { transferOf } from '../execute/transfer.ts';
import type { MmuFault, MmuResult } from '../mmu/index.ts';
import type { ExceptionEntry } from './exceptions.ts';
import { undefinedTarget } from './system-access.ts';
import type { ProcessorState } from './processor-state.ts';

const FSC = { external: 0x10, alignment: 0x21 } as const;
const HPFAR_FIPA = ((1n << 40n) - 1n) << 4n;

/** Bits of the engine's `AccessShape.attributes` that are the processor's own, above those of `execute/attributes.ts`. */
export const MAINTENANCE = 1 << 16;

/** What building the exception of a memory fault needs. */
export interface AbortPort {
  readonly state: ProcessorState;
  /** Translates again, to find out what an access that failed would have met. */
  translate(address: bigint, kind: TranslationKind, unprivileged: boolean): MmuResult;
  /** The instruction word at an address that was fetched from. */
  wordAt(pc: bigint): number | undefined;
}

/** The exception of a data access that failed (DDI 0487 D17.2.37, ISS of a Data Abort). */
export function dataAbort(port: AbortPort, { address, shape, faultAddress }: DataAccess, fault: MmuFault | EngineFault): ExceptionEntry {
  const { state } = port;
  const { el } = state.pstate;
  const common = { returnTo: state.core.pc, far: faultAddress };
  // An update counts as a read where a read would have failed, too (WnR in the ISS): always, for alignment and external aborts.
  const write = shape.kind === 'write' || (shape.kind === 'update' && !('kind' in fault) && port.translate(faultAddress, 'read', shape.unprivileged).ok);
  const cacheMaintenance = (shape.attributes & MAINTENANCE) !== 0;
  // An unaligned access to Device memory is refused before its permissions are looked at.
  const misaligned = address % BigInt(shape.alignTo) !== 0n;
  const ahead = 'kind' in fault ? undefined : misaligned ? fault.alignment : undefined;
  if ('kind' in fault || ahead !== undefined) {
    const alignment = ahead !== undefined || ('kind' in fault && fault.kind === 'alignment');
    const met = port.translate(address, shape.kind === 'read' ? 'read' : 'write', shape.unprivileged);
    const stage2 = ahead === 2 || (shape.alignment === 'normal' && met.ok && met.device === 2);
    const to = alignment && stage2 && el < 2 ? 2 : undefinedTarget(state);
    const syndrome = syndromes.dataAbort({ dfsc: alignment ? FSC.alignment : FSC.external, write, cacheMaintenance, lower: el < to });
    return { ...common, far: alignment ? address : faultAddress, to, syndrome: encodeSyndrome(syndrome) };
  }
  const to = fault.toEl2 ? 2 : 1;
  const word = fault.stage === 2 && !fault.s1ptw ? port.wordAt(state.core.pc) : undefined;
  const transfer = word === undefined ? undefined : transferOf(word);
  const syndrome = syndromes.dataAbort({
    dfsc: fault.status, write, cacheMaintenance, s1ptw: fault.s1ptw, external: false, lower: el < to, ...(transfer === undefined ? {} : { transfer }),
  });
  return { ...common, to, syndrome: encodeSyndrome(syndrome), ...hpfarOf(fault) };
}

/** The exception of a fetch that failed. */
export function instructionAbort(state: ProcessorState, address: bigint, fault: MmuFault | EngineFault): ExceptionEntry {
  const { el } = state.pstate;
  const common = { returnTo: address, far: address };
  if ('kind' in fault) {
    const to = undefinedTarget(state);
    const syndrome = fault.kind === 'alignment' ? syndromes.pcAlignment() : syndromes.instructionAbort({ ifsc: FSC.external, lower: el < to });
    return { ...common, to, syndrome: encodeSyndrome(syndrome) };
  }
  const to = fault.toEl2 ? 2 : 1;
  const syndrome = syndromes.instructionAbort({ ifsc: fault.status, s1ptw: fault.s1ptw, lower: el < to });
  return { ...common, to, syndrome: encodeSyndrome(syndrome), ...hpfarOf(fault) };
}

// Valid for every stage 2 fault but a permission fault of the final address; writing it there too is allowed.
function hpfarOf({ stage, ipa }: MmuFault): { hpfar?: bigint } {
  return stage === 2 && ipa !== undefined ? { hpfar: (ipa >> 8n) & HPFAR_FIPA } : {};
}

/** An AT operation as an access: its syndrome has WnR and CM set. */
export function translationAccess(address: bigint): DataAccess {
  return { address, faultAddress: address, shape: { kind: 'write', size: 1, element: 1, alignment: 'normal', alignTo: 1, unprivileged: false, attributes: MAINTENANCE } };
}
