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

type Halves = Pick<ReturnType<typeof TCR_EL1.decode>, 'TBI0' | 'TBI1' | 'TBID0' | 'TBID1'>;

function twoHalves(tcr: Halves, instruction: boolean): TopByteIgnored {
  return {
    lower: tcr.TBI0 === 1 && !(instruction && tcr.TBID0 === 1),
    upper: tcr.TBI1 === 1 && !(instruction && tcr.TBID1 === 1),
  };
}

/**
 * Address tagging (DDI 0487 D8 Address tagging): the TBI bits, less the TBID bits for instructions. EL0 belongs to the EL2&0 regime
 * while E2H and TGE are set. With E2H = 0 the EL2 regime has a single range and does not consult bit 55, so both halves follow TBI.
 */
export function taggingFrom(raw: TaggingRegisters): Pick<DebugContext, 'instructionTags' | 'dataTags'> {
  const { E2H, TGE } = HCR_EL2.decode(raw.HCR_EL2);
  const tcr1 = TCR_EL1.decode(raw.TCR_EL1);
  const tcr2 = TCR_EL2.e2h1.decode(raw.TCR_EL2);
  const { TBI, TBID } = TCR_EL2.e2h0.decode(raw.TCR_EL2);
  const regime = (el: ExceptionLevel, instruction: boolean): TopByteIgnored => {
    if (el === 1 || (el === 0 && !(E2H === 1 && TGE === 1))) return twoHalves(tcr1, instruction);
    if (E2H === 1) return twoHalves(tcr2, instruction);
    const tagged = TBI === 1 && !(instruction && TBID === 1);
    return { lower: tagged, upper: tagged };
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
    contextidrEL1: CONTEXTIDR_EL1.decode(raw.CONTEXTIDR_EL1).PROCID,
    contextidrEL2: CONTEXTIDR_EL2.decode(raw.CONTEXTIDR_EL2).PROCID,
    vmid: VTTBR_EL2.decode(raw.VTTBR_EL2).VMID,
    vmid16: VTCR_EL2.decode(raw.VTCR_EL2).VS === 1,
    ...taggingFrom(raw),
  };
}
