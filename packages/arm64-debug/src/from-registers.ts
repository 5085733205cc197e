/** The plain facts of `state.ts`, read out of system register values. */
import {
  CONTEXTIDR_EL1, CONTEXTIDR_EL2, DBGPRCR_EL1, HCR_EL2, MDCR_EL2, MDSCR_EL1, OSDLR_EL1, OSLSR_EL1, TCR_EL1, TCR_EL2, VTCR_EL2, VTTBR_EL2,
} from '@worldswitch/arm64-sysreg';
import { EXCEPTION_LEVELS, type DebugContext, type DebugControls, type ExceptionLevel, type TopByteIgnored } from './state.ts';

/** Raw values of the registers behind `DebugControls`, as a debugger or a snapshot sees them: stored values, no E2H redirection. */
export interface ControlRegisters {
  readonly MDSCR_EL1: bigint;
  readonly OSLSR_EL1: bigint;
  /** Both matter only with FEAT_DoubleLock. Default 0. */
  readonly OSDLR_EL1?: bigint;
  readonly DBGPRCR_EL1?: bigint;
  /** 0 on a core without EL2. */
  readonly MDCR_EL2: bigint;
  readonly HCR_EL2: bigint;
}

/** Reads the controls. The processor is taken not to be in Debug state, where the OS Double Lock has no effect. */
export function controlsFrom(raw: ControlRegisters): DebugControls {
  const has = (value: bigint, mask: bigint): boolean => (value & mask) !== 0n;
  return {
    MDE: has(raw.MDSCR_EL1, MASK.MDE),
    KDE: has(raw.MDSCR_EL1, MASK.KDE),
    SS: has(raw.MDSCR_EL1, MASK.SS),
    OSLK: has(raw.OSLSR_EL1, MASK.OSLK),
    doubleLock: has(raw.OSDLR_EL1 ?? 0n, MASK.DLK) && !has(raw.DBGPRCR_EL1 ?? 0n, MASK.CORENPDRQ),
    TDE: has(raw.MDCR_EL2, MASK.TDE),
    TGE: has(raw.HCR_EL2, MASK.TGE),
    E2H: has(raw.HCR_EL2, MASK.E2H),
  };
}

/** Read at every exception, so not through whole-register decoding. */
const MASK = {
  MDE: MDSCR_EL1.mask('MDE'), KDE: MDSCR_EL1.mask('KDE'), SS: MDSCR_EL1.mask('SS'), OSLK: OSLSR_EL1.mask('OSLK'), DLK: OSDLR_EL1.mask('DLK'),
  CORENPDRQ: DBGPRCR_EL1.mask('CORENPDRQ'), TDE: MDCR_EL2.mask('TDE'), TGE: HCR_EL2.mask('TGE'), E2H: HCR_EL2.mask('E2H'),
} as const;

/** Raw values of the registers behind address tagging. */
export interface TaggingRegisters {
  readonly TCR_EL1: bigint;
  readonly TCR_EL2: bigint;
  readonly HCR_EL2: bigint;
}

/** Raw values of the registers behind `DebugContext`. */
export interface ContextRegisters extends TaggingRegisters {
  readonly CONTEXTIDR_EL1: bigint;
  readonly CONTEXTIDR_EL2: bigint;
  readonly VTTBR_EL2: bigint;
  readonly VTCR_EL2: bigint;
}

/** TBI0, TBI1, TBID0 and TBID1 lie alike in TCR_EL1 and, with E2H = 1, in TCR_EL2. */
const HALVES = { TBI0: TCR_EL1.mask('TBI0'), TBI1: TCR_EL1.mask('TBI1'), TBID0: TCR_EL1.mask('TBID0'), TBID1: TCR_EL1.mask('TBID1') } as const;
const WHOLE = { TBI: TCR_EL2.e2h0.mask('TBI'), TBID: TCR_EL2.e2h0.mask('TBID') } as const;

function tagged(tcr: bigint, tbi: bigint, tbid: bigint, instruction: boolean): boolean {
  return (tcr & tbi) !== 0n && !(instruction && (tcr & tbid) !== 0n);
}
function twoHalves(tcr: bigint, instruction: boolean): TopByteIgnored {
  return { lower: tagged(tcr, HALVES.TBI0, HALVES.TBID0, instruction), upper: tagged(tcr, HALVES.TBI1, HALVES.TBID1, instruction) };
}

/**
 * Address tagging (DDI 0487 D8 Address tagging): the TBI bits, less the TBID bits for instructions. EL0 belongs to the EL2&0 regime
 * while E2H and TGE are set. With E2H = 0 the EL2 regime has a single range and does not consult bit 55, so both halves follow TBI.
 */
export function taggingFrom(raw: TaggingRegisters): Pick<DebugContext, 'instructionTags' | 'dataTags'> {
  const e2h = (raw.HCR_EL2 & MASK.E2H) !== 0n;
  const host = e2h && (raw.HCR_EL2 & MASK.TGE) !== 0n;
  const regime = (el: ExceptionLevel, instruction: boolean): TopByteIgnored => {
    if (el === 1 || (el === 0 && !host)) return twoHalves(raw.TCR_EL1, instruction);
    if (e2h) return twoHalves(raw.TCR_EL2, instruction);
    const both = tagged(raw.TCR_EL2, WHOLE.TBI, WHOLE.TBID, instruction);
    return { lower: both, upper: both };
  };
  const levels = (instruction: boolean): DebugContext['dataTags'] => {
    const [el0, el1, el2] = EXCEPTION_LEVELS.map((el) => regime(el, instruction));
    return [el0, el1, el2];
  };
  return { instructionTags: levels(true), dataTags: levels(false) };
}

/** Reads the software context. */
export function contextFrom(raw: ContextRegisters): DebugContext {
  return {
    contextidrEL1: Number(CONTEXTIDR_EL1.get(raw.CONTEXTIDR_EL1, 'PROCID')),
    contextidrEL2: Number(CONTEXTIDR_EL2.get(raw.CONTEXTIDR_EL2, 'PROCID')),
    vmid: Number(VTTBR_EL2.get(raw.VTTBR_EL2, 'VMID')),
    vmid16: VTCR_EL2.get(raw.VTCR_EL2, 'VS') === 1n,
    ...taggingFrom(raw),
  };
}
