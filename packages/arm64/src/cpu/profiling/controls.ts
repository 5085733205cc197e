/** What the profiling registers say, as functions of their values (DDI 0487 D14 and J1.1.1, the functions named at each). */
import { MDCR_EL2, PMBLIMITR_EL1, PMBSR_EL1, PMSCR_EL1, PMSCR_EL2, type RegisterName } from '@worldswitch/arm64-sysreg';

/** The level of the processor and the registers that count. */
export interface ProfilingState {
  readonly el: 0 | 1 | 2;
  readonly highestEl: 1 | 2;
  /** HCR_EL2.TGE as it acts. */
  readonly tge: boolean;
  readonly get: (name: RegisterName) => bigint;
}

const E2PB = MDCR_EL2.mask('E2PB');
/** MDCR_EL2.E2PB<0>: EL1 may program the buffer. */
const E2PB_OPEN = E2PB & -E2PB;
const BUFFER_ON = PMBLIMITR_EL1.mask('E');
const STOPPED = PMBSR_EL1.mask('S');
const [E0SPE, E1SPE, CX1, PA1, TS1, PCT1] = (['E0SPE', 'E1SPE', 'CX', 'PA', 'TS', 'PCT'] as const).map((field) => PMSCR_EL1.mask(field));
const [E0HSPE, E2SPE, CX2, PA2, TS2, PCT2] = (['E0HSPE', 'E2SPE', 'CX', 'PA', 'TS', 'PCT'] as const).map((field) => PMSCR_EL2.mask(field));


/** Whose translation regime the buffer is written through (`ProfilingBufferOwner`). */
export function bufferOwner({ highestEl, get }: ProfilingState): 1 | 2 {
  return highestEl === 2 && (get('MDCR_EL2') & E2PB) === 0n ? 2 : 1;
}
/** `ProfilingBufferEnabled`: on, and not stopped by a buffer management event. */
export function bufferEnabled({ get }: ProfilingState): boolean {
  return (get('PMBLIMITR_EL1') & BUFFER_ON) !== 0n && (get('PMBSR_EL1') & STOPPED) === 0n;
}
/** `StatisticalProfilingEnabled`, for the present level. */
export function profilingEnabled(s: ProfilingState): boolean {
  if (!bufferEnabled(s)) return false;
  const owner = bufferOwner(s);
  if (owner < s.el || (s.tge && owner === 1)) return false;
  const [register, bit] = s.el === 2 ? (['PMSCR_EL2', E2SPE] as const)
    : s.el === 1 ? (['PMSCR_EL1', E1SPE] as const)
      : s.tge ? (['PMSCR_EL2', E0HSPE] as const) : (['PMSCR_EL1', E0SPE] as const);
  return (s.get(register) & bit) !== 0n;
}
/** PMBIDR_EL1.P, as the present level reads it: it may not program the buffer. */
export function programmingForbidden({ el, highestEl, get }: ProfilingState): boolean {
  return el === 1 && highestEl === 2 && (get('MDCR_EL2') & E2PB_OPEN) === 0n;
}

/** What a sample has in it besides its instruction; of a state where profiling is enabled. */
export interface Collected {
  readonly context1: boolean;
  readonly context2: boolean;
  readonly physicalAddress: boolean;
  readonly timestamp: 'none' | 'virtual' | 'physical';
}
/** `CollectContextIDR1`, `CollectContextIDR2`, `CollectPhysicalAddress` and `CollectTimeStamp` (without FEAT_ECV). */
export function collected(s: ProfilingState): Collected {
  const [el1, el2] = [s.get('PMSCR_EL1'), s.get('PMSCR_EL2')];
  const owner = bufferOwner(s);
  const hypervisor = s.highestEl === 2;
  const physical = hypervisor ? (el2 & PA2) !== 0n && (owner === 2 || (el1 & PA1) !== 0n) : (el1 & PA1) !== 0n;
  // PCT<1> is RES0: the low bit chooses the physical counter, which EL2 has to allow where EL1 owns the buffer.
  const asksPhysical = (owner === 2 ? el2 & lowest(PCT2) : el1 & lowest(PCT1)) !== 0n && (!hypervisor || (el2 & lowest(PCT2)) !== 0n);
  return {
    context1: s.el < 2 && !s.tge && (el1 & CX1) !== 0n,
    context2: hypervisor && (el2 & CX2) !== 0n,
    physicalAddress: physical,
    timestamp: (owner === 2 ? el2 & TS2 : el1 & TS1) === 0n ? 'none' : asksPhysical ? 'physical' : 'virtual',
  };
}
const lowest = (mask: bigint): bigint => mask & -mask;
