/**
 * How code at EL2 names registers, by mode. A hypervisor that runs in both modes writes `el1.SCTLR` where it means the guest's SCTLR_EL1:
 * without VHE that is the plain name, with VHE (E2H=1) the plain name would reach its own SCTLR_EL2, so it is SCTLR_EL12. `hyp` is the
 * other way round: its own registers, by EL2 names without VHE and, as a VHE kernel does that was written for EL1, by EL1 names.
 */
import { ACCESSOR_ROWS } from './facts/redirection.ts';
import { REGISTERS } from './registers.ts';
import type { RegisterName } from './registers.ts';

export type AccessorMode = 'vhe' | 'nvhe';
export type AccessorFamily = 'el1' | 'el0' | 'hyp';

type Rows = (typeof ACCESSOR_ROWS)[number];

/** The registers of a family, without the level suffix: `SCTLR`, `CNTV_CTL`. */
export type AccessorRegister<F extends AccessorFamily> = Extract<Rows, { readonly family: F }>['register'];

/** One way to name a register in one mode. */
export interface Accessor {
  readonly family: AccessorFamily;
  /** The name an instruction is written with. */
  readonly written: RegisterName;
  /** Packed encoding of `written`. */
  readonly encoding: number;
  /** The register it reaches at EL2 in this mode. */
  readonly reached: RegisterName;
}

export type AccessorTable<F extends AccessorFamily> = { readonly [R in AccessorRegister<F>]: Accessor };

/** The three families bound to a mode. */
export interface Accessors {
  readonly mode: AccessorMode;
  readonly el1: AccessorTable<'el1'>;
  readonly el0: AccessorTable<'el0'>;
  readonly hyp: AccessorTable<'hyp'>;
}

/** One alternative: the two encodings a family's register has. */
export interface AccessorAlternative {
  readonly family: AccessorFamily;
  readonly register: string;
  readonly nvhe: RegisterName;
  readonly vhe: RegisterName;
  readonly reached: RegisterName;
}

/** Every alternative, for listing and for checking generated code. */
export const ACCESSOR_ALTERNATIVES: readonly AccessorAlternative[] = ACCESSOR_ROWS;

/**
 * Registers a world switch moves that have the same name in both modes (they have an encoding of their own at EL2, or are shared by all
 * levels), so no alternative is needed.
 */
export const SAME_IN_BOTH_MODES: readonly RegisterName[] = [
  'SP_EL1', 'PAR_EL1', 'TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'CSSELR_EL1', 'ACTLR_EL1', 'MDSCR_EL1', 'MDCCINT_EL1', 'SP_EL0', 'PMUSERENR_EL0',
  'PMSELR_EL0', 'VMPIDR_EL2', 'VPIDR_EL2', 'VTTBR_EL2', 'VTCR_EL2', 'HCR_EL2', 'HSTR_EL2', 'MDCR_EL2', 'HPFAR_EL2', 'CNTVOFF_EL2', 'TPIDR_EL2',
  'VDISR_EL2', 'VSESR_EL2', 'DACR32_EL2', 'IFSR32_EL2', 'FPEXC32_EL2', 'DBGVCR32_EL2', 'SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq',
];

function table<F extends AccessorFamily>(family: F, mode: AccessorMode): AccessorTable<F> {
  const entries = ACCESSOR_ALTERNATIVES.filter((r) => r.family === family).map((r): [string, Accessor] => {
    const written = r[mode];
    return [r.register, { family, written, encoding: REGISTERS[written].packed, reached: r.reached }];
  });
  return Object.fromEntries(entries) as AccessorTable<F>;
}

/** Binds the families to a mode, once; the result is plain data. */
export function accessors({ mode }: { readonly mode: AccessorMode }): Accessors {
  return { mode, el1: table('el1', mode), el0: table('el0', mode), hyp: table('hyp', mode) };
}
