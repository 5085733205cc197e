/** What the translation unit needs of the processor, and what it answers. */
import type { TranslationKind } from '@worldswitch/engine';
import type { MmuFeatures } from './features.ts';

/** The system registers that translation depends on, by the storage they name (no redirection of any kind). */
export const CONTROL_REGISTERS = [
  'SCTLR_EL1', 'TCR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'MAIR_EL1', 'SCTLR_EL2', 'TCR_EL2', 'TTBR0_EL2', 'TTBR1_EL2', 'MAIR_EL2', 'HCR_EL2',
  'VTCR_EL2', 'VTTBR_EL2',
] as const;

export type ControlRegister = (typeof CONTROL_REGISTERS)[number];

/** What the translation unit asks of its surroundings. */
export interface MmuPort {
  /** The stored value of a register. Asked at the first use after {@link Mmu.invalidateRegimes}, never in between. */
  register(name: ControlRegister): bigint;
  readonly features: MmuFeatures;
  /** Eight bytes of physical memory, little endian; undefined where a walk takes an external abort. Addresses are multiples of 8. */
  readPhysical(address: number): bigint | undefined;
  /** Stores a descriptor that hardware updated (access flag, dirty state), little endian; false where nothing can be stored. */
  writePhysical(address: number, value: bigint): boolean;
  /** Entries are gone without a TLBI: whoever keeps copies of translations drops those of these addresses, in all regimes. */
  replaced?(address: bigint, bytes: number): void;
}

/** For whom an address is translated. */
export interface Requester {
  readonly el: 0 | 1 | 2;
  /** PSTATE.PAN. */
  readonly pan: boolean;
  /** LDTR, STTR and the like; the caller passes false where PSTATE.UAO makes them ordinary accesses. */
  readonly unprivileged: boolean;
}

/** Where an address lies. */
export interface MmuOk {
  readonly ok: true;
  /** Physical address of the byte asked for. */
  readonly physical: number;
  /** Device memory, reached by data: unaligned accesses and DC ZVA take an alignment fault (DDI 0487 B2.5.2). */
  readonly strict: boolean;
  /** Which stage makes the memory Device; the alignment fault is that stage's. 0 is Normal memory. */
  readonly device: 0 | 1 | 2;
  /** Bytes of the naturally aligned range around the address that this answer holds for: at least the smallest page, 4096. */
  readonly pageSize: number;
}

/** Everything the syndrome, FAR and HPFAR of an abort are made of, direction and instruction aside. */
export interface MmuFault {
  readonly stage: 1 | 2;
  /** DFSC or IFSC, with the level in it. */
  readonly status: number;
  readonly level: number;
  /** A stage 2 fault of a stage 1 descriptor's address. */
  readonly s1ptw: boolean;
  /** The address as given, tag included: FAR. */
  readonly address: bigint;
  /** Of stage 2 faults, the intermediate physical address that faulted (the descriptor's for {@link MmuFault.s1ptw}). */
  readonly ipa?: bigint;
  readonly toEl2: boolean;
  /** An external abort on a walk (EA, FnV and HCR_EL2.TEA concern it). */
  readonly external: boolean;
  /**
   * Present where the memory is Device by this stage and its alignment check comes before the fault: an unaligned data access or DC ZVA
   * takes an alignment fault of this stage instead.
   */
  readonly alignment?: 1 | 2;
}

export type MmuResult = MmuOk | { readonly ok: false; readonly fault: MmuFault };

export type { TranslationKind };
