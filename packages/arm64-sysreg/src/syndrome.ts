/** ESR_ELx values: exception classes, typed ISS codecs, builders for every class the machine raises (DDI 0487 ESR_EL1, ESR_EL2). */
import { fields } from '@worldswitch/bits';
import { unpackEncoding } from './encoding.ts';
import { EXCEPTION_CLASSES, ISS_LAYOUTS } from './facts/syndromes.ts';

/** Names of exception classes, e.g. `DABT_LOW`. */
export type ExceptionClassName = keyof typeof EXCEPTION_CLASSES;
/** Names of ISS layouts, e.g. `dabt`. */
export type IssLayoutName = keyof typeof ISS_LAYOUTS;

/** Exception class numbers by name: `EC.SYS64` is 0x18. */
export const EC = Object.fromEntries(Object.entries(EXCEPTION_CLASSES).map(([name, c]) => [name, c.ec])) as {
  readonly [N in ExceptionClassName]: (typeof EXCEPTION_CLASSES)[N]['ec'];
};

const byNumber = new Map<number, ExceptionClassName>(Object.entries(EXCEPTION_CLASSES).map(([name, c]) => [c.ec, name as ExceptionClassName]));

/** The name of a class number, undefined for an unallocated one. */
export function exceptionClassName(ec: number): ExceptionClassName | undefined {
  return byNumber.get(ec);
}

/** Typed ISS codecs by layout: `ISS.dabt.decode(iss).DFSC`. */
export const ISS = {
  none: fields(ISS_LAYOUTS.none.fields), wfx: fields(ISS_LAYOUTS.wfx.fields), sys64: fields(ISS_LAYOUTS.sys64.fields),
  mcr: fields(ISS_LAYOUTS.mcr.fields), mcrr: fields(ISS_LAYOUTS.mcrr.fields), ldc: fields(ISS_LAYOUTS.ldc.fields),
  fp: fields(ISS_LAYOUTS.fp.fields), sve: fields(ISS_LAYOUTS.sve.fields), pac: fields(ISS_LAYOUTS.pac.fields),
  imm16: fields(ISS_LAYOUTS.imm16.fields), smc32: fields(ISS_LAYOUTS.smc32.fields), iabt: fields(ISS_LAYOUTS.iabt.fields),
  dabt: fields(ISS_LAYOUTS.dabt.fields), bp: fields(ISS_LAYOUTS.bp.fields), step: fields(ISS_LAYOUTS.step.fields),
  wp: fields(ISS_LAYOUTS.wp.fields), brk: fields(ISS_LAYOUTS.brk.fields), serror: fields(ISS_LAYOUTS.serror.fields),
  eret: fields(ISS_LAYOUTS.eret.fields), bti: fields(ISS_LAYOUTS.bti.fields), fpac: fields(ISS_LAYOUTS.fpac.fields),
  fpexc: fields(ISS_LAYOUTS.fpexc.fields), other: fields(ISS_LAYOUTS.other.fields),
} as const;

/** What an exception reports: class, instruction length bit, instruction specific syndrome (25 bits). */
export interface Syndrome {
  readonly ec: number;
  readonly il: 0 | 1;
  readonly iss: number;
}

/** The ESR_ELx value of a syndrome. */
export function encodeSyndrome({ ec, il, iss }: Syndrome): bigint {
  return (BigInt(ec) << 26n) | (BigInt(il) << 25n) | BigInt(iss);
}

/** Takes an ESR_ELx value apart; ISS2 and the bits above 31 are ignored. */
export function decodeSyndrome(esr: bigint): Syndrome & { readonly name: ExceptionClassName | undefined } {
  const ec = Number((esr >> 26n) & 0x3fn);
  return { ec, il: Number((esr >> 25n) & 1n) as 0 | 1, iss: Number(esr & 0x1ff_ffffn), name: byNumber.get(ec) };
}

/** The ISS of a trapped MRS, MSR, SYS or SYSL: op0 | op2 | op1 | CRn | Rt | CRm | direction, 1 for a read. */
export function sysregIss(packed: number, rt: number, direction: 'read' | 'write'): number {
  const [op0, op1, crn, crm, op2] = unpackEncoding(packed);
  return (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | (direction === 'read' ? 1 : 0);
}

const syndrome = (ec: number, iss = 0, il: 0 | 1 = 1): Syndrome => ({ ec, il, iss });

/** CV=1, COND=0xE: what every A64 instruction reports where the layout has a condition. */
const ALWAYS = 0x1e0_0000;
/** Fault status of a debug event. */
const DEBUG_EVENT = 0b100010;

/** `lower`: the exception comes from a lower level than it is taken to; it selects the even class of the pair. */
interface From {
  readonly lower: boolean;
}

/** The load or store that faulted, for ISV=1: only single-register accesses without writeback that stage 2 stopped. */
export interface TransferSyndrome {
  /** Access size in bytes. */
  readonly size: 1 | 2 | 4 | 8;
  readonly signExtend: boolean;
  /** Transfer register, 31 = XZR. */
  readonly register: number;
  /** Whether the register is 64 bits wide. */
  readonly wide: boolean;
  readonly acquireRelease: boolean;
}

export interface DataAbortSyndrome extends From {
  /** Fault status code. */
  readonly dfsc: number;
  /** A write, or a cache maintenance or AT instruction. */
  readonly write: boolean;
  readonly cacheMaintenance?: boolean;
  /** A stage 2 fault on a stage 1 walk. */
  readonly s1ptw?: boolean;
  readonly external?: boolean;
  readonly farNotValid?: boolean;
  /** Present exactly when ISV is 1. */
  readonly transfer?: TransferSyndrome;
}

function dataAbort(d: DataAbortSyndrome): Syndrome {
  const t = d.transfer;
  const iss = ISS.dabt.encode({
    DFSC: d.dfsc, WnR: d.write ? 1 : 0, S1PTW: d.s1ptw ? 1 : 0, CM: d.cacheMaintenance ? 1 : 0, EA: d.external ? 1 : 0, FnV: d.farNotValid ? 1 : 0,
    ...(t ? { ISV: 1, SAS: Math.log2(t.size), SSE: t.signExtend ? 1 : 0, SRT: t.register, SF: t.wide ? 1 : 0, AR: t.acquireRelease ? 1 : 0 } : {}),
  });
  return syndrome(d.lower ? EC.DABT_LOW : EC.DABT_CUR, Number(iss));
}

/** Syndrome builders, one per exception class an A64 machine without EL3 raises. IL is 1 in all of them: A64 instructions are 32 bits. */
export const syndromes = {
  /** UNDEFINED instructions and accesses, and what has no better class. */
  unknown: (): Syndrome => syndrome(EC.UNKNOWN),
  /** A trapped WFI or WFE. */
  wfx: (instruction: 'wfi' | 'wfe'): Syndrome => syndrome(EC.WFx, ALWAYS | (instruction === 'wfe' ? 1 : 0)),
  /** A trapped system register access or system instruction; `packed` is the encoding as written. */
  sysreg: (packed: number, rt: number, direction: 'read' | 'write'): Syndrome => syndrome(EC.SYS64, sysregIss(packed, rt, direction)),
  /** A trapped floating-point or Advanced SIMD instruction or register. */
  fp: (): Syndrome => syndrome(EC.FP_ASIMD, ALWAYS),
  sve: (): Syndrome => syndrome(EC.SVE),
  pac: (): Syndrome => syndrome(EC.PAC),
  bti: (btype: number): Syndrome => syndrome(EC.BTI, btype & 3),
  illegalState: (): Syndrome => syndrome(EC.ILL),
  /** ELR is the following instruction. `immediate` is 16 bits. */
  svc: (immediate: number): Syndrome => syndrome(EC.SVC64, immediate & 0xffff),
  hvc: (immediate: number): Syndrome => syndrome(EC.HVC64, immediate & 0xffff),
  /** Trapped by HCR_EL2.TSC: ELR is the SMC itself. */
  smc: (immediate: number): Syndrome => syndrome(EC.SMC64, immediate & 0xffff),
  /** A trapped ERET, ERETAA or ERETAB (nested virtualisation). */
  eret: (form: 'eret' | 'eretaa' | 'eretab'): Syndrome => syndrome(EC.ERET, form === 'eret' ? 0 : form === 'eretaa' ? 2 : 3),
  pacFail: (key: { readonly data: boolean; readonly b: boolean }): Syndrome => syndrome(EC.FPAC, (key.data ? 2 : 0) | (key.b ? 1 : 0)),
  instructionAbort: (d: From & { readonly ifsc: number; readonly s1ptw?: boolean; readonly external?: boolean; readonly farNotValid?: boolean }): Syndrome =>
    syndrome(d.lower ? EC.IABT_LOW : EC.IABT_CUR,
      Number(ISS.iabt.encode({ IFSC: d.ifsc, S1PTW: d.s1ptw ? 1 : 0, EA: d.external ? 1 : 0, FnV: d.farNotValid ? 1 : 0 }))),
  dataAbort,
  pcAlignment: (): Syndrome => syndrome(EC.PC_ALIGN),
  spAlignment: (): Syndrome => syndrome(EC.SP_ALIGN),
  serror: (d: { readonly implementationDefined?: boolean; readonly aet?: number; readonly external?: boolean; readonly dfsc?: number } = {}): Syndrome =>
    syndrome(EC.SERROR, Number(ISS.serror.encode({ IDS: d.implementationDefined ? 1 : 0, AET: d.aet ?? 0, EA: d.external ? 1 : 0, DFSC: d.dfsc ?? 0 }))),
  breakpoint: ({ lower }: From): Syndrome => syndrome(lower ? EC.BREAKPT_LOW : EC.BREAKPT_CUR, DEBUG_EVENT),
  /** `exclusive` says whether the stepped instruction was a load-exclusive; leave it out when no instruction was stepped (ISV=0). */
  softwareStep: (d: From & { readonly exclusive?: boolean }): Syndrome =>
    syndrome(d.lower ? EC.SOFTSTP_LOW : EC.SOFTSTP_CUR, DEBUG_EVENT | (d.exclusive === undefined ? 0 : 1 << 24) | (d.exclusive ? 1 << 6 : 0)),
  watchpoint: (d: From & { readonly write: boolean; readonly cacheMaintenance?: boolean; readonly farNotValid?: boolean; readonly number?: number }): Syndrome =>
    syndrome(d.lower ? EC.WATCHPT_LOW : EC.WATCHPT_CUR, Number(ISS.wp.encode({
      DFSC: DEBUG_EVENT, WnR: d.write ? 1 : 0, CM: d.cacheMaintenance ? 1 : 0, FnV: d.farNotValid ? 1 : 0,
      ...(d.number === undefined ? {} : { WPTV: 1, WPT: d.number }),
    }))),
  /** ELR is the BRK itself. `comment` is its 16-bit immediate. */
  brk: (comment: number): Syndrome => syndrome(EC.BRK64, comment & 0xffff),
  /** An A64 trapped floating-point exception; flags as in FPSR (IDC 7, IXC 4, UFC 3, OFC 2, DZC 1, IOC 0). */
  fpException: (flags: number): Syndrome => syndrome(EC.FP_EXC64, (1 << 23) | (flags & 0x9f)),
} as const;
