import { STEP_IDLE, type ExceptionLevel, type StepMachine } from '@worldswitch/arm64-debug';

/** PSTATE without the condition flags, which the engine keeps. Names as DDI 0487 D1.4 has them. */
export interface Pstate {
  el: ExceptionLevel;
  /** PSTATE.SP: 1 for SP_ELx, 0 for SP_EL0. */
  sp: 0 | 1;
  D: boolean;
  A: boolean;
  I: boolean;
  F: boolean;
  IL: boolean;
  PAN: boolean;
  UAO: boolean;
  DIT: boolean;
  SSBS: boolean;
  /** PSTATE.SS and what the next step syndrome tells. */
  step: StepMachine;
}

/** After reset into the highest level: everything masked, the level's own stack pointer. */
export function resetPstate(el: ExceptionLevel): Pstate {
  return { el, sp: el === 0 ? 0 : 1, D: true, A: true, I: true, F: true, IL: false, PAN: false, UAO: false, DIT: false, SSBS: false, step: STEP_IDLE };
}

const BIT = { SS: 21n, IL: 20n, SSBS: 12n, PAN: 22n, UAO: 23n, DIT: 24n, D: 9n, A: 8n, I: 7n, F: 6n, M4: 4n } as const;
const flag = (value: boolean, at: bigint): bigint => (value ? 1n << at : 0n);
const has = (value: bigint, at: bigint): boolean => ((value >> at) & 1n) !== 0n;

/** The SPSR_ELx form (DDI 0487 C5.2.19). `flags` is NZCV as N 8, Z 4, C 2, V 1; `SS` is given apart because entry decides it. */
export function encodeSpsr(p: Pstate, flags: number, SS: boolean): bigint {
  return (BigInt(flags) << 28n) | flag(p.DIT, BIT.DIT) | flag(p.UAO, BIT.UAO) | flag(p.PAN, BIT.PAN) | flag(SS, BIT.SS) | flag(p.IL, BIT.IL)
    | flag(p.SSBS, BIT.SSBS) | flag(p.D, BIT.D) | flag(p.A, BIT.A) | flag(p.I, BIT.I) | flag(p.F, BIT.F) | (BigInt(p.el) << 2n) | BigInt(p.sp);
}

/** What an SPSR value asks for. */
export interface SavedState {
  readonly flags: number;
  readonly el: number;
  readonly sp: 0 | 1;
  /** M[4]: a return to AArch32. */
  readonly aarch32: boolean;
  /** M[1] set, or an EL0 form with SP_EL0 not selected: no mode at all. */
  readonly unused: boolean;
  readonly SS: boolean;
  readonly IL: boolean;
  readonly D: boolean;
  readonly A: boolean;
  readonly I: boolean;
  readonly F: boolean;
  readonly PAN: boolean;
  readonly UAO: boolean;
  readonly DIT: boolean;
  readonly SSBS: boolean;
}

export function decodeSpsr(spsr: bigint): SavedState {
  const el = Number((spsr >> 2n) & 3n);
  const sp = has(spsr, 0n) ? 1 : 0;
  return {
    flags: Number((spsr >> 28n) & 15n), el, sp, aarch32: has(spsr, BIT.M4), unused: has(spsr, 1n) || (el === 0 && sp === 1),
    SS: has(spsr, BIT.SS), IL: has(spsr, BIT.IL), D: has(spsr, BIT.D), A: has(spsr, BIT.A), I: has(spsr, BIT.I), F: has(spsr, BIT.F),
    PAN: has(spsr, BIT.PAN), UAO: has(spsr, BIT.UAO), DIT: has(spsr, BIT.DIT), SSBS: has(spsr, BIT.SSBS),
  };
}
