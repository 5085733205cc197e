/**
 * What the debug facility looks at, as plain read-only data. Nothing here is kept between calls: a processor hands in its registers
 * and gets an answer; a debugger hands in the same and gets the reasons.
 */
import { ID_AA64DFR0_EL1 } from '@worldswitch/arm64-sysreg';
import { extract, hex } from '@worldswitch/bits';

/** EL0 to EL2. EL3 is taken to be absent, so there is one Security state and MDCR_EL3 and SDD do not exist. */
export type ExceptionLevel = 0 | 1 | 2;

/** Every Exception level, lowest first. */
export const EXCEPTION_LEVELS: readonly ExceptionLevel[] = [0, 1, 2];

/** What this core implements. Counts are numbers of units, not the "minus one" of the ID register. */
export interface DebugImplementation {
  /** Number of breakpoints, 2 to 16 (ID_AA64DFR0_EL1.BRPs + 1). */
  readonly breakpoints: number;
  /** How many of them are context-aware, 1 to `breakpoints`; they are the highest numbered ones (CTX_CMPs + 1). */
  readonly contextAware: number;
  /** Number of watchpoints, 2 to 16 (WRPs + 1). */
  readonly watchpoints: number;
  /** EL2 is implemented. */
  readonly EL2: boolean;
  /** FEAT_VHE: HCR_EL2.E2H and CONTEXTIDR_EL2 exist. */
  readonly VHE: boolean;
  /** FEAT_Debugv8p2: breakpoint types 12 to 15 exist even without FEAT_VHE. */
  readonly debugv8p2: boolean;
  /** AArch32 is implemented at some level, so DBGBCR.BAS is writable. */
  readonly aarch32: boolean;
  /** Bytes zeroed by DC ZVA (DCZID_EL0), a power of two up to 2048; also the granule of the FAR rule. */
  readonly zvaBytes: number;
  /** Bytes a DC IVAC counts as writing: a power of two from the smallest data cache line up to 2048. */
  readonly invalidateBytes: number;
}

/** One bit of system registers each, named as the manual names them. */
export interface DebugControls {
  /** MDSCR_EL1.MDE: breakpoints and watchpoints enabled. */
  readonly MDE: boolean;
  /** MDSCR_EL1.KDE: debug exceptions allowed from the debug target level itself. */
  readonly KDE: boolean;
  /** MDSCR_EL1.SS: software step enabled. */
  readonly SS: boolean;
  /** OSLSR_EL1.OSLK: the OS Lock is locked (its reset value). */
  readonly OSLK: boolean;
  /** The OS Double Lock is in force: OSDLR_EL1.DLK = 1, DBGPRCR_EL1.CORENPDRQ = 0 and not in Debug state. */
  readonly doubleLock: boolean;
  /** MDCR_EL2.TDE: debug exceptions from EL0 and EL1 go to EL2. */
  readonly TDE: boolean;
  /** HCR_EL2.TGE: general exceptions go to EL2; implies the effect of TDE. */
  readonly TGE: boolean;
  /** HCR_EL2.E2H: EL2 hosts an operating system (FEAT_VHE). */
  readonly E2H: boolean;
}

/** Whether address bits 63:56 are a tag, for each half of the address space; bit 55 selects the half. */
export interface TopByteIgnored {
  readonly lower: boolean;
  readonly upper: boolean;
}

/** The software context that context-aware breakpoints and tagged addresses are compared against. */
export interface DebugContext {
  /** CONTEXTIDR_EL1.PROCID, 32 bits. */
  readonly contextidrEL1: number;
  /** CONTEXTIDR_EL2.PROCID, 32 bits. */
  readonly contextidrEL2: number;
  /** VTTBR_EL2.VMID as stored, 16 bits; only the low 8 count unless `vmid16`. */
  readonly vmid: number;
  /** VTCR_EL2.VS = 1 with FEAT_VMID16. */
  readonly vmid16: boolean;
  /** Tagging of instruction addresses, indexed by Exception level. */
  readonly instructionTags: readonly [TopByteIgnored, TopByteIgnored, TopByteIgnored];
  /** Tagging of data addresses, indexed by Exception level. */
  readonly dataTags: readonly [TopByteIgnored, TopByteIgnored, TopByteIgnored];
}

/** The comparator registers, index = unit number. Arrays may be longer than the implemented count; the surplus is not looked at. */
export interface DebugRegisters {
  readonly bcr: readonly bigint[];
  readonly bvr: readonly bigint[];
  readonly wcr: readonly bigint[];
  readonly wvr: readonly bigint[];
}

/** Everything that changes seldom: what a compiled matcher is compiled from. */
export interface DebugSetup {
  readonly implementation: DebugImplementation;
  readonly controls: DebugControls;
  readonly context: DebugContext;
  readonly registers: DebugRegisters;
}

/** The setup together with the present position of the processor. */
export interface DebugState extends DebugSetup {
  /** PSTATE.EL. */
  readonly el: ExceptionLevel;
  /** PSTATE.D: debug exceptions masked at the target level. */
  readonly D: boolean;
}

const NO_TAGS: TopByteIgnored = { lower: false, upper: false };

/** Context with every identifier 0 and no tagging. */
export const PLAIN_CONTEXT: DebugContext = {
  contextidrEL1: 0, contextidrEL2: 0, vmid: 0, vmid16: false,
  instructionTags: [NO_TAGS, NO_TAGS, NO_TAGS],
  dataTags: [NO_TAGS, NO_TAGS, NO_TAGS],
};

/** Controls after a reset: the OS Lock locked, everything else off (fields with an UNKNOWN reset value taken as 0). */
export const RESET_CONTROLS: DebugControls = {
  MDE: false, KDE: false, SS: false, OSLK: true, doubleLock: false, TDE: false, TGE: false, E2H: false,
};

/**
 * Reads the counts out of ID_AA64DFR0_EL1; what that register does not say comes in `rest`. DebugVer 8 and above is FEAT_Debugv8p2.
 * Throws RangeError when the register claims fewer than 2 units or more context-aware breakpoints than breakpoints.
 */
export function implementationFrom(
  idAa64dfr0: bigint,
  rest: Omit<DebugImplementation, 'breakpoints' | 'contextAware' | 'watchpoints' | 'debugv8p2'>,
): DebugImplementation {
  const id = ID_AA64DFR0_EL1.decode(idAa64dfr0);
  const implementation: DebugImplementation = {
    ...rest,
    breakpoints: id.BRPs + 1,
    contextAware: id.CTX_CMPs + 1,
    watchpoints: id.WRPs + 1,
    debugv8p2: id.DebugVer >= 8,
  };
  checkImplementation(implementation);
  return implementation;
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;
}

/** Throws RangeError, naming value, rule and way out, when an implementation description is not one the architecture allows. */
export function checkImplementation(implementation: DebugImplementation): void {
  const { breakpoints, contextAware, watchpoints, zvaBytes, invalidateBytes } = implementation;
  const refuse = (value: string, rule: string): never => {
    throw new RangeError(`${value}: ${rule}; correct the processor model or its ID_AA64DFR0_EL1`);
  };
  for (const [name, count] of [['breakpoints', breakpoints], ['watchpoints', watchpoints]] as const) {
    if (!Number.isInteger(count) || count < 2 || count > 16) refuse(`${count} ${name}`, 'a core has 2 to 16');
  }
  if (!Number.isInteger(contextAware) || contextAware < 1 || contextAware > breakpoints) {
    refuse(`${contextAware} context-aware breakpoints`, `between 1 and all ${breakpoints} breakpoints are context-aware`);
  }
  for (const [name, bytes] of [['DC ZVA', zvaBytes], ['DC IVAC', invalidateBytes]] as const) {
    if (!isPowerOfTwo(bytes) || bytes < 4 || bytes > 2048) refuse(`${bytes} bytes for ${name}`, 'the block is a power of two from 4 to 2048 bytes');
  }
  if (implementation.VHE && !implementation.EL2) refuse('FEAT_VHE without EL2', 'the Virtualization Host Extensions are part of EL2');
}

/** Whether breakpoint `n` is implemented and context-aware: the highest numbered ones are. */
export function isContextAware(n: number, implementation: DebugImplementation): boolean {
  return n >= implementation.breakpoints - implementation.contextAware && n < implementation.breakpoints;
}

/** Whether execution at `el` belongs to a host operating system at EL2: E2H, and EL2 or (with TGE) EL0. */
export function isInHost(el: ExceptionLevel, controls: DebugControls): boolean {
  return controls.E2H && (el === 2 || (el === 0 && controls.TGE));
}

/** Whether bits 63:56 of `address` are ignored, given the tagging of its translation regime. */
export function ignoresTopByte(tags: TopByteIgnored, address: bigint): boolean {
  return extract(address, 55, 55) === 1n ? tags.upper : tags.lower;
}

/** Refuses a unit number that is not a whole number from 0; beyond the implemented count is an answer, not an error. */
export function checkUnit(kind: 'breakpoint' | 'watchpoint', n: number): void {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`${kind} ${n}: units are numbered from 0; pass a whole number`);
}

/** Refuses an address outside 64 bits. */
export function checkAddress(address: bigint): void {
  if (address < 0n || address >= 1n << 64n) {
    throw new RangeError(`address ${hex(address)}: addresses are unsigned 64-bit values; use BigInt.asUintN(64, …)`);
  }
}
