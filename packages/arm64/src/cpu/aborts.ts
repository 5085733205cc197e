import { encodeSyndrome, syndromes, type TransferSyndrome } from '@worldswitch/arm64-sysreg';
import type { DataAccess, EngineFault, TranslationKind } from '@worldswitch/engine';
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
  const write = shape.kind === 'write' || (shape.kind === 'update' && port.translate(faultAddress, 'read', shape.unprivileged).ok);
  const cacheMaintenance = (shape.attributes & MAINTENANCE) !== 0;
  if ('kind' in fault) {
    const alignment = fault.kind === 'alignment';
    const met = port.translate(address, shape.kind === 'read' ? 'read' : 'write', shape.unprivileged);
    const to = alignment && shape.alignment === 'normal' && met.ok && met.device === 2 && el < 2 ? 2 : undefinedTarget(state);
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

const LOAD_STORE = { unsignedOffset: 0x3900_0000, other: 0x3800_0000, mask: 0x3f00_0000 } as const;
const ORDERED = { mask: 0x3fa0_0000, value: 0x0880_0000 } as const;

/**
 * The register transfer that a syndrome with ISV=1 describes: a load or store of one general-purpose register without writeback.
 * Undefined for everything else (pairs, exclusives, SIMD, atomics, writeback, cache maintenance).
 */
export function transferOf(word: number): TransferSyndrome | undefined {
  const size = 2 ** (word >>> 30) as 1 | 2 | 4 | 8;
  const register = word & 31;
  if ((word & ORDERED.mask) === ORDERED.value) return { size, signExtend: false, register, wide: size === 8, acquireRelease: true };
  const kind = word & LOAD_STORE.mask;
  if (kind === LOAD_STORE.other && !withoutWriteback(word)) return undefined;
  if (kind !== LOAD_STORE.unsignedOffset && kind !== LOAD_STORE.other) return undefined;
  const opc = (word >>> 22) & 3;
  if (size === 8 && opc >= 2) return undefined;
  return { size, signExtend: opc >= 2, register, wide: opc === 2 || size === 8, acquireRelease: false };
}

/** Unscaled and unprivileged offsets, and register offsets; the rest of the class writes its base register back, or is atomic. */
function withoutWriteback(word: number): boolean {
  const low = (word >>> 10) & 3;
  return (word & (1 << 21)) === 0 ? low === 0 || low === 2 : low === 2;
}
