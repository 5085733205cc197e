/** Which Exception levels a breakpoint or watchpoint applies to: HMC, SSC and PMC (breakpoints) or PAC (watchpoints). */
import { MANUAL } from './manual.ts';
import type { DebugImplementation, ExceptionLevel } from './state.ts';

/** One defined combination. `needsEL2`: reserved on a core without EL2. */
export interface LevelRow {
  readonly HMC: 0 | 1;
  readonly SSC: 0 | 3;
  /** PMC or PAC. */
  readonly PxC: 0 | 1 | 2 | 3;
  readonly levels: readonly ExceptionLevel[];
  readonly needsEL2: boolean;
  readonly source: string;
}

const source = MANUAL.breakpoint;

/**
 * The combinations defined for a core without EL3, and so with one Security state. Every other one is reserved there: we treat a
 * reserved combination as a disabled unit, one of the choices the architecture leaves open. HMC = SSC = PxC = 0 is among them: it
 * is the AArch32 "User, System and Supervisor" form and means nothing to AArch64.
 */
export const LEVEL_TABLE: readonly LevelRow[] = [
  { HMC: 0, SSC: 0b00, PxC: 0b01, levels: [1], needsEL2: false, source },
  { HMC: 0, SSC: 0b00, PxC: 0b10, levels: [0], needsEL2: false, source },
  { HMC: 0, SSC: 0b00, PxC: 0b11, levels: [0, 1], needsEL2: false, source },
  { HMC: 1, SSC: 0b00, PxC: 0b01, levels: [1, 2], needsEL2: true, source },
  { HMC: 1, SSC: 0b00, PxC: 0b11, levels: [0, 1, 2], needsEL2: true, source },
  { HMC: 1, SSC: 0b11, PxC: 0b00, levels: [2], needsEL2: true, source },
];

/** The row for a combination, or undefined where it is reserved on this core. */
export function levelRow(HMC: number, SSC: number, PxC: number, implementation: Pick<DebugImplementation, 'EL2'>): LevelRow | undefined {
  return LEVEL_TABLE.find((row) => row.HMC === HMC && row.SSC === SSC && row.PxC === PxC && (implementation.EL2 || !row.needsEL2));
}

/** Whether a combination covers level `el`; false for every level where it is reserved. */
export function coversLevel(HMC: number, SSC: number, PxC: number, el: ExceptionLevel, implementation: Pick<DebugImplementation, 'EL2'>): boolean {
  return levelRow(HMC, SSC, PxC, implementation)?.levels.includes(el) ?? false;
}

/** The row that covers exactly `levels` (any order), or undefined: not every set can be expressed, {EL0, EL2} for one cannot. */
export function rowForLevels(levels: readonly ExceptionLevel[], implementation: Pick<DebugImplementation, 'EL2'>): LevelRow | undefined {
  const wanted = new Set(levels);
  return LEVEL_TABLE.find((row) =>
    (implementation.EL2 || !row.needsEL2) && row.levels.length === wanted.size && row.levels.every((el) => wanted.has(el)));
}
