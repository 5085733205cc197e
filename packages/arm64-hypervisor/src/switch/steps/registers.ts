/** Which registers a context holds, by concern, as data: the slot, and how code at EL2 names the register in either mode. */
import type { AccessorRegister, RegisterName } from '@worldswitch/arm64-sysreg';
import type { HostedCode, Named } from '../code.ts';

/** A register by family, or by a name that is the same in both modes. */
export type Naming =
  | { readonly family: 'el1'; readonly register: AccessorRegister<'el1'> }
  | { readonly family: 'hyp'; readonly register: AccessorRegister<'hyp'> }
  | { readonly family: 'same'; readonly register: RegisterName };

/** One register of a context. */
export type Moved = Naming & { readonly slot: string };

const el1 = (register: AccessorRegister<'el1'>): Moved => ({ family: 'el1', register, slot: `${register}_EL1` });
const same = (register: RegisterName): Moved => ({ family: 'same', register, slot: register });
const hyp = (register: AccessorRegister<'hyp'>, slot: string): Moved => ({ family: 'hyp', register, slot });

/** Registers of the EL1 world that a VHE host, being at EL2, does not use: 20. */
const EL1_ONLY: readonly Moved[] = [
  same('VMPIDR_EL2'), same('CSSELR_EL1'), el1('SCTLR'), el1('CPACR'), el1('TTBR0'), el1('TTBR1'), el1('TCR'), el1('ESR'), el1('AFSR0'), el1('AFSR1'),
  el1('FAR'), el1('MAIR'), el1('VBAR'), el1('CONTEXTIDR'), el1('AMAIR'), el1('CNTKCTL'), same('PAR_EL1'), same('SP_EL1'), el1('ELR'), el1('SPSR'),
];

/** EL1 registers a host at EL2 uses all the same, because E2H does not redirect them. */
const SHARED: readonly Moved[] = [same('ACTLR_EL1'), same('TPIDR_EL1')];

/** Where the level below goes on: the guest's PC and PSTATE, or those of the host's kernel. */
const RETURN_STATE: readonly Moved[] = [hyp('ELR', 'PC'), hyp('SPSR', 'PSTATE')];

/** Shared by all levels. */
const COMMON: readonly Moved[] = [same('MDSCR_EL1'), same('SP_EL0')];
const USER: readonly Moved[] = [same('TPIDR_EL0'), same('TPIDRRO_EL0')];

/** The 28 registers of a guest, and of a host without VHE. */
export const FULL_CONTEXT: readonly Moved[] = [...EL1_ONLY, ...SHARED, ...RETURN_STATE, ...COMMON, ...USER];

/** With the RAS extension, to be moved with them: the deferred virtual SError of the level below, whose DISR_EL1 it is with HCR_EL2.AMO. */
export const DEFERRED_SERROR: readonly Moved[] = [{ ...same('VDISR_EL2'), slot: 'DISR_EL1' }];

/** The 8 registers of a VHE host. */
export const VHE_HOST_CONTEXT: readonly Moved[] = [...SHARED, ...RETURN_STATE, ...COMMON, ...USER];

// The assembly of 2015: a frame beside the array of system registers.

/** What the frame has beside general registers; in the order in which it is saved. */
export const FRAME_STACK: readonly Moved[] = [same('SP_EL0')];
export const FRAME_RETURN: readonly Moved[] = RETURN_STATE;
export const FRAME_EL1: readonly Moved[] = [same('SP_EL1'), el1('ELR'), el1('SPSR')];

/** The 22 of the array, in the order of mid-2015. */
export const SYSREGS_2015: readonly Moved[] = [
  same('VMPIDR_EL2'), same('CSSELR_EL1'), el1('SCTLR'), same('ACTLR_EL1'), el1('CPACR'), el1('TTBR0'), el1('TTBR1'), el1('TCR'), el1('ESR'), el1('AFSR0'), el1('AFSR1'),
  el1('FAR'), el1('MAIR'), el1('VBAR'), el1('CONTEXTIDR'), same('TPIDR_EL0'), same('TPIDRRO_EL0'), same('TPIDR_EL1'), el1('AMAIR'), el1('CNTKCTL'), same('PAR_EL1'), same('MDSCR_EL1'),
];

/** The four that a host at EL2 shares with its guests, next to each other so that two pairs move them. */
export const SHARED_ALTERNATIVES: readonly Moved[] = [same('TPIDR_EL0'), same('TPIDRRO_EL0'), same('TPIDR_EL1'), same('ACTLR_EL1')];

/** And what was forgotten at first: see the fault unshared-mdscr. */
export const SHARED_MDSCR: readonly Moved[] = [same('MDSCR_EL1')];

/** The same 22 with the shared four at the end. */
export const SYSREGS_ALTERNATIVES: readonly Moved[] = [
  same('VMPIDR_EL2'), same('CSSELR_EL1'), el1('SCTLR'), el1('AMAIR'), el1('CPACR'), el1('TTBR0'), el1('TTBR1'), el1('TCR'), el1('ESR'), el1('AFSR0'), el1('AFSR1'),
  el1('FAR'), el1('MAIR'), el1('VBAR'), el1('CONTEXTIDR'), el1('CNTKCTL'), same('PAR_EL1'), same('MDSCR_EL1'), ...SHARED_ALTERNATIVES,
];

/** Of a 32-bit guest's EL1, by the names EL2 has for them. */
export const AARCH32_BANKED: readonly Moved[] = [
  same('SPSR_abt'), same('SPSR_und'), same('SPSR_irq'), same('SPSR_fiq'), same('DACR32_EL2'), same('IFSR32_EL2'), same('FPEXC32_EL2'),
];

/**
 * The EL1 set since ACTLR_EL1, which a guest cannot write, is no longer moved: 20 registers, in the order of Linux 6.1. VMPIDR_EL2 is only
 * ever given, from where it is known: 21 on the way in.
 */
export const EL1_SET: readonly Moved[] = [
  same('CSSELR_EL1'), el1('SCTLR'), el1('TCR'), el1('CPACR'), el1('TTBR0'), el1('TTBR1'), el1('ESR'), el1('AFSR0'), el1('AFSR1'), el1('FAR'), el1('MAIR'), el1('VBAR'),
  el1('CONTEXTIDR'), el1('AMAIR'), el1('CNTKCTL'), same('PAR_EL1'), same('TPIDR_EL1'), same('SP_EL1'), el1('ELR'), el1('SPSR'),
];
export const EL1_SET_GIVEN: readonly Moved[] = [same('VMPIDR_EL2'), ...EL1_SET];

/** The other concerns of the same generation, each moved by itself. */
export const DEBUG_CONTROL: readonly Moved[] = [same('MDSCR_EL1')];
export const USER_SET: readonly Moved[] = USER;

/** An AArch32 guest's banked registers and its EL1 registers that AArch64 has under other names. DBGVCR32_EL2 goes with the debug set where there is no VHE. */
export const AARCH32_SET: readonly Moved[] = [same('SPSR_abt'), same('SPSR_und'), same('SPSR_irq'), same('SPSR_fiq'), same('DACR32_EL2'), same('IFSR32_EL2')];

/** Binds a naming to the mode of the code. */
export function named(code: HostedCode, naming: Naming): Named {
  switch (naming.family) {
    case 'el1': return code.el1[naming.register];
    case 'hyp': return code.hyp[naming.register];
    case 'same': return naming.register;
  }
}

/** Breakpoint registers by number: `DBGBCR3_EL1`. */
export function debugRegister(kind: 'BCR' | 'BVR' | 'WCR' | 'WVR', n: number): RegisterName {
  return `DBG${kind}${n}_EL1` as RegisterName;
}
