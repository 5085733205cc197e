/**
 * "The host is unharmed", register by register: what the host may expect of each of them when a run of a guest is over. One class for
 * every register and mode; `harm` checks two snapshots against it.
 */
import { REGISTERS, REGISTER_LIST } from '@worldswitch/arm64-sysreg';
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import type { HostConstants } from './host/context.ts';
import type { Revision } from './switch/step.ts';

/**
 * `preserved`: as before. `constant`: a value the host always has there. `status`: what the last exception or event left. `time`: moves
 * by itself. `scratch`: nothing of the host's is in it, or it cannot be read.
 */
export type RegisterClass = 'preserved' | 'constant' | 'status' | 'time' | 'scratch';

const STATUS = /^(ESR_EL2|FAR_EL2|HPFAR_EL2|ELR_EL2|SPSR_EL2|ISR_EL1|DISR_EL1|VDISR_EL2|IC[CV]_(IAR|HPPIR|RPR|HAPR).*|PMOVS.*|MDCCSR_EL0|OSLSR_EL1)$/;
const TIME = /^(CNT(P|V)CT(SS)?_EL0|CNT\w+_TVAL_EL[02]|PMCCNTR_EL0|PMEVCNTR\d+_EL0|PMXEVCNTR_EL0|RNDR(RS)?)$/;
/** Views of PSTATE, and the timer the host uses itself. */
const MOVING = /^(NZCV|DAIF|CurrentEL|SPSel|PAN|UAO|DIT|SSBS|TCO|ALLINT)$/;

/** The EL1 world of a host at EL2 is its guests'. */
const GUESTS_WITH_VHE: readonly RegisterName[] = [
  'VMPIDR_EL2', 'CSSELR_EL1', 'CCSIDR_EL1', 'CCSIDR2_EL1', 'SCTLR_EL1', 'CPACR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'TCR_EL1', 'ESR_EL1', 'AFSR0_EL1',
  'AFSR1_EL1', 'FAR_EL1', 'MAIR_EL1', 'VBAR_EL1', 'CONTEXTIDR_EL1', 'AMAIR_EL1', 'CNTKCTL_EL1', 'PAR_EL1', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1',
];
/** In both modes: the guest's timer, whose control the host finds off, and the host's own, which stands in for the guest's physical one. */
const TIMERS: Readonly<Record<AccessorMode, readonly RegisterName[]>> = {
  nvhe: ['CNTV_CVAL_EL0', 'CNTP_CVAL_EL0', 'CNTP_CTL_EL0'], vhe: ['CNTV_CVAL_EL0', 'CNTHP_CVAL_EL2', 'CNTHP_CTL_EL2', 'CNTVOFF_EL2'],
};

/** Values of `constant` registers while the host runs. */
export function constantsOf(mode: AccessorMode, constants: HostConstants): Partial<Record<RegisterName, bigint>> {
  return {
    HCR_EL2: constants.hcr, CPTR_EL2: constants.cptr, MDCR_EL2: constants.mdcr, VTCR_EL2: constants.vtcr, VTTBR_EL2: 0n, HSTR_EL2: 0n, PMUSERENR_EL0: 0n,
    PMSELR_EL0: 0n, CNTV_CTL_EL0: 0n, VBAR_EL2: mode === 'vhe' ? constants.hostVectors : constants.callVectors,
    ...(mode === 'nvhe' ? { CNTVOFF_EL2: 0n } : {}),
  };
}

const CONSTANT: Readonly<Record<AccessorMode, readonly RegisterName[]>> = {
  nvhe: ['HCR_EL2', 'CPTR_EL2', 'MDCR_EL2', 'VTCR_EL2', 'VTTBR_EL2', 'HSTR_EL2', 'PMUSERENR_EL0', 'PMSELR_EL0', 'CNTV_CTL_EL0', 'VBAR_EL2', 'CNTVOFF_EL2'],
  vhe: ['HCR_EL2', 'CPTR_EL2', 'MDCR_EL2', 'VTCR_EL2', 'VTTBR_EL2', 'HSTR_EL2', 'PMUSERENR_EL0', 'PMSELR_EL0', 'CNTV_CTL_EL0', 'VBAR_EL2'],
};

/** What a revision says of itself here: the registers it leaves to the guest beside those that are nobody else's. */
export type Leaving = Pick<Revision, 'leaves'>;

/** The class of a register under a revision; the one that restores most when it is not told. An EL12 or EL02 name has that of what it reaches. */
export function classOf(name: RegisterName, mode: AccessorMode, revision: Leaving = {}): RegisterClass {
  const { alias, access } = REGISTERS[name];
  if (alias !== undefined) return classOf(alias as RegisterName, mode, revision);
  if (revision.leaves?.(mode).includes(name) === true) return 'scratch';
  if (!/R/.test(access) || MOVING.test(name)) return 'scratch';
  if (CONSTANT[mode].includes(name)) return 'constant';
  if (STATUS.test(name)) return 'status';
  // Where the host's kernel is, its own interrupts leave their return state.
  if (mode === 'nvhe' && (name === 'ELR_EL1' || name === 'SPSR_EL1')) return 'status';
  if (TIME.test(name)) return 'time';
  if (TIMERS[mode].includes(name)) return 'scratch';
  // A selector's window shows what the selector chooses.
  if (name === 'PMXEVTYPER_EL0') return 'scratch';
  if (mode === 'vhe' && GUESTS_WITH_VHE.includes(name)) return 'scratch';
  return 'preserved';
}

/** All 465 registers of a mode. */
export function registerClasses(mode: AccessorMode, revision: Leaving = {}): ReadonlyMap<RegisterName, RegisterClass> {
  return new Map(REGISTER_LIST.map(({ name }) => [name, classOf(name, mode, revision)]));
}

/** What the host finds wrong. */
export interface Harm {
  readonly register: RegisterName;
  readonly class: RegisterClass;
  readonly expected: bigint;
  readonly found: bigint;
}

export type Snapshot = ReadonlyMap<RegisterName, bigint>;

/** Every register that can be read, by a door without side effects. */
export function snapshot(read: (name: RegisterName) => bigint | undefined): Snapshot {
  const values = new Map<RegisterName, bigint>();
  for (const { name, alias, access } of REGISTER_LIST) {
    if (alias !== undefined || !/R/.test(access)) continue;
    const value = read(name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** Registers that break their class between two moments in which the host runs. */
export function harm(mode: AccessorMode, constants: HostConstants, before: Snapshot, after: Snapshot, revision: Leaving = {}): readonly Harm[] {
  const fixed = constantsOf(mode, constants);
  const found: Harm[] = [];
  for (const [register, value] of after) {
    const kind = classOf(register, mode, revision);
    const expected = kind === 'constant' ? fixed[register] : kind === 'preserved' ? before.get(register) : undefined;
    if (expected !== undefined && expected !== value) found.push({ register, class: kind, expected, found: value });
  }
  return found;
}

