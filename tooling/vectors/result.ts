/** From the moment a case ended, at a vector, to the state a vector keeps: the same rules for QEMU and for our processor. */
import { VBAR_EL1, VBAR_EL2, VectorState } from './state.ts';

/** Syndromes of the end markers, by the level whose vector they reach. */
const HVC_MARKER = 0x5a00_ffffn;
const BRK_MARKER = 0xf200_ffffn;

/** Exception classes after which FAR_ELx is valid: aborts, PC alignment, watchpoints. */
const withFar = new Set([0x20, 0x21, 0x22, 0x24, 0x25, 0x34, 0x35]);
const DATA_ABORTS = new Set([0x24, 0x25]);
/** ISS bits 24:14 of a data abort: ISV, SAS, SSE, SRT, SF, AR; valid at stage 2 only. */
const ISV_FIELDS = 0x1ff_c000n;

/**
 * `raw` holds at `esr`, `far`, `to`, `pstate` what ESR, FAR, ELR − slot and SPSR of the level say that took the last exception, and in
 * `vector` where: 0x2000 (EL2) or 0x1000 (EL1) plus the offset from VBAR. An end marker becomes "no exception"; what is not valid or
 * left open is cleared.
 */
export function normalise(raw: VectorState, before: VectorState): VectorState {
  const state = raw.clone();
  state.bytes.set(before.bytes.subarray(0, 8));
  for (const name of ['hcr', 'marker'] as const) state.set(name, before.get(name));
  const esr = raw.get('esr');
  const toEl1 = (raw.get('vector') & 0x3000n) === 0x1000n;
  if (esr === HVC_MARKER || esr === BRK_MARKER) {
    if (esr === HVC_MARKER) state.set('to', raw.get('to') - 4n); // HVC's return address is behind it, BRK's is itself
    for (const name of ['esr', 'far', 'vector'] as const) state.set(name, 0n);
  } else {
    const exceptionClass = Number((esr >> 26n) & 0x3fn);
    if (!withFar.has(exceptionClass)) state.set('far', 0n);
    if (DATA_ABORTS.has(exceptionClass)) state.set('esr', esr & ~ISV_FIELDS);
  }
  // An exception to EL1 has used these two; they are in `to` and `pstate`.
  if (toEl1) for (const name of ['elr_el1', 'spsr_el1'] as const) state.set(name, before.get(name));
  state.set('par_el1', state.get('par_el1') & ~0x600n);
  return state;
}

/** What {@link capture} reads of a processor that stands at a vector. */
export interface ProcessorView {
  /** X0…X30. */
  x(index: number): bigint;
  /** Q0…Q31, 128 bits. */
  q(index: number): bigint;
  /** A system or special register by its architectural name, without side effects: ESR_EL1, SP_EL0, FPCR, DBGBVR0_EL1… */
  sysreg(name: string): bigint;
  readonly pc: bigint;
  /** The 512 bytes at the buffer. */
  readonly data: Uint8Array;
}

const registers = {
  sp_el2: 'SP_EL2', fpcr: 'FPCR', fpsr: 'FPSR', tpidr_el0: 'TPIDR_EL0', tpidrro_el0: 'TPIDRRO_EL0', tpidr_el1: 'TPIDR_EL1',
  par_el1: 'PAR_EL1', sp_el0: 'SP_EL0', sp_el1: 'SP_EL1', elr_el1: 'ELR_EL1', spsr_el1: 'SPSR_EL1', contextidr_el1: 'CONTEXTIDR_EL1',
  dbgbvr0_el1: 'DBGBVR0_EL1', dbgwvr0_el1: 'DBGWVR0_EL1',
} as const;

/**
 * The state after, from a processor whose case has ended: run it from its entry until the pc is in the 2 KiB of VBAR_EL2 or VBAR_EL1
 * (three instructions at most), then call this.
 *
 * @throws RangeError if the pc is at no vector: the processor went astray.
 */
export function capture(view: ProcessorView, slot: bigint, before: VectorState): VectorState {
  const level = view.pc >= VBAR_EL2 && view.pc < VBAR_EL2 + 0x800n ? 2 : view.pc >= VBAR_EL1 && view.pc < VBAR_EL1 + 0x800n ? 1 : undefined;
  if (level === undefined) {
    throw new RangeError(`the case has not ended: pc ${view.pc.toString(16)} is at no vector; after three instructions it has to be`);
  }
  const state = new VectorState();
  for (let index = 0; index < 31; index++) state.setX(index, view.x(index));
  for (let index = 0; index < 32; index++) state.setQ(index, view.q(index));
  for (const [name, register] of Object.entries(registers)) state.set(name as keyof typeof registers, view.sysreg(register));
  state.set('esr', view.sysreg(`ESR_EL${level}`));
  state.set('far', view.sysreg(`FAR_EL${level}`));
  state.set('pstate', view.sysreg(`SPSR_EL${level}`));
  state.set('to', BigInt.asUintN(64, view.sysreg(`ELR_EL${level}`) - slot));
  state.set('vector', (view.pc - (level === 2 ? VBAR_EL2 : VBAR_EL1)) | (level === 2 ? 0x2000n : 0x1000n));
  state.data.set(view.data);
  return normalise(state, before);
}
