/** Contexts of the switches of 2015: their arrays of system registers, `sys_regs[]`, in the order that each revision has. */
import { contextLayout, numbered } from './layout.ts';

const names = (prefix: string): readonly string[] => numbered(prefix, 16, 8).map(([name]) => `${name}_EL1`);

/** Entries 1 to 22 before the registers of alternatives were put together. */
const EL1_2015: readonly string[] = [
  'VMPIDR_EL2', 'CSSELR_EL1', 'SCTLR_EL1', 'ACTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1',
  'FAR_EL1', 'MAIR_EL1', 'VBAR_EL1', 'CONTEXTIDR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'AMAIR_EL1', 'CNTKCTL_EL1', 'PAR_EL1', 'MDSCR_EL1',
];
/** The same, with those that the two worlds share at the end: a pair of loads or stores moves two neighbours. */
const EL1_ALTERNATIVES: readonly string[] = [
  'VMPIDR_EL2', 'CSSELR_EL1', 'SCTLR_EL1', 'AMAIR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1', 'AFSR1_EL1',
  'FAR_EL1', 'MAIR_EL1', 'VBAR_EL1', 'CONTEXTIDR_EL1', 'CNTKCTL_EL1', 'PAR_EL1', 'MDSCR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'ACTLR_EL1',
];
/** The last entries: a 32-bit guest's. ThumbEE is gone from Armv8, its two entries are not. */
const AARCH32: readonly string[] = ['DACR32_EL2', 'IFSR32_EL2', 'FPEXC32_EL2', 'DBGVCR32_EL2', 'TEECR32_EL1', 'TEEHBR32_EL1'];
const DEBUG: readonly string[] = [...names('DBGBCR'), ...names('DBGBVR'), ...names('DBGWCR'), ...names('DBGWVR')];

/** Entries of the array, with the reserved one at 0: 94 while the debug registers are in it, 30 when they have sets of their own. */
export const NR_SYS_REGS = { '2015-base': 94, 'debug-ptr': 30, 'vhe': 30 } as const;

export const SYS_REGS = {
  '2015-base': [...EL1_2015, ...DEBUG, 'MDCCINT_EL1', ...AARCH32],
  'debug-ptr': [...EL1_2015, 'MDCCINT_EL1', ...AARCH32],
  'vhe': [...EL1_ALTERNATIVES, 'MDCCINT_EL1', ...AARCH32],
} as const satisfies Readonly<Record<keyof typeof NR_SYS_REGS, readonly string[]>>;

export const CONTEXT_2015_BASE = contextLayout('cpu-context of 2015-base', SYS_REGS['2015-base']);
export const CONTEXT_DEBUG_PTR = contextLayout('cpu-context of debug-ptr', SYS_REGS['debug-ptr']);
export const CONTEXT_VHE = contextLayout('cpu-context of vhe', SYS_REGS.vhe);
