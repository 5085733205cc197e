import type { CpuModel } from '@worldswitch/machine';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { IMPLEMENTED_EVENTS } from './performance/index.ts';

/** A processor as data: what it has, and what its identification registers say. */
export interface Arm64Model extends CpuModel {
  /** Features by the manual's names (`FEAT_VHE`). A register, field or instruction of another feature does not exist. */
  readonly features: ReadonlySet<string>;
  /** Registers that read as constants. */
  readonly constants: Readonly<Partial<Record<RegisterName, bigint>>>;
  /** CCSIDR_EL1 by the index in CSSELR_EL1 (level and instruction bit). */
  readonly caches: Readonly<Record<number, bigint>>;
  /** Values after reset that are not 0. */
  readonly reset: Readonly<Partial<Record<RegisterName, bigint>>>;
  /** AArch32 state is never implemented; the identification registers say so. */
}

/** ARMv8.0 with the optional parts that every core here has. EL0 to EL2, AArch64 only. */
const V8_0 = ['FEAT_AA64', 'FEAT_FP', 'FEAT_AdvSIMD', 'FEAT_CRC32', 'FEAT_PMUv3', 'FEAT_DoubleLock'] as const;
const V8_1 = ['FEAT_VHE', 'FEAT_LSE', 'FEAT_LOR', 'FEAT_PAN', 'FEAT_VMID16', 'FEAT_HPDS', 'FEAT_RDM', 'FEAT_PMUv3p1', 'FEAT_Debugv8p1'] as const;
const V8_2 = ['FEAT_UAO', 'FEAT_PAN2', 'FEAT_DPB', 'FEAT_XNX', 'FEAT_Debugv8p2', 'FEAT_TTCNP'] as const;

/** Bytes zeroed by DC ZVA: 64, as 4 << BS says. */
const DCZID_64_BYTES = 4n;
/** Writeback granule, reservation granule and line sizes of both cores (CTR_EL0). */
const CTR = 0x8444_c004n;
/** SCTLR_EL1 with its RES1 bits, caches and MMU off. */
const SCTLR_RESET = 0x00c5_0838n;
const SCTLR_RESET_PAN = 0x30c5_0838n;

/**
 * Cortex-A57 r1p0: ARMv8.0, no VHE. Identification values as the processor's manual (DDI 0488) gives them, less what is not built:
 * AArch32 state, EL3, and the cryptographic extension.
 */
export const CORTEX_A57: Arm64Model = {
  name: 'cortex-a57',
  features: new Set(V8_0),
  constants: {
    MIDR_EL1: 0x411f_d070n,
    REVIDR_EL1: 0n,
    CTR_EL0: CTR,
    DCZID_EL0: DCZID_64_BYTES,
    PMCEID0_EL0: IMPLEMENTED_EVENTS,
    PMCEID1_EL0: 0n,
    CLIDR_EL1: 0x0a20_0023n,
    AIDR_EL1: 0n,
    ID_AA64PFR0_EL1: 0x0000_0111n,
    ID_AA64DFR0_EL1: 0x1030_5106n,
    ID_AA64ISAR0_EL1: 0x0001_0000n,
    ID_AA64MMFR0_EL1: 0x0000_1124n,
  },
  caches: { 0: 0x701f_e00an, 1: 0x201f_e012n, 2: 0x70ff_e07an },
  reset: { SCTLR_EL1: SCTLR_RESET, PMCR_EL0: 0x4101_3000n },
};

/** Neoverse N1 r4p1: ARMv8.2 with VHE. Less AArch32, EL3, cryptography, SPE, RAS, half precision and dot product. */
export const NEOVERSE_N1: Arm64Model = {
  name: 'neoverse-n1',
  features: new Set([...V8_0, ...V8_1, ...V8_2, 'FEAT_LRCPC', 'FEAT_SSBS', 'FEAT_SSBS2']),
  constants: {
    MIDR_EL1: 0x414f_d0c1n,
    REVIDR_EL1: 0n,
    CTR_EL0: CTR,
    DCZID_EL0: DCZID_64_BYTES,
    PMCEID0_EL0: IMPLEMENTED_EVENTS,
    PMCEID1_EL0: 0n,
    CLIDR_EL1: 0x8200_0023n,
    AIDR_EL1: 0n,
    ID_AA64PFR0_EL1: 0x0000_0111n,
    ID_AA64PFR1_EL1: 0x0000_0020n,
    ID_AA64DFR0_EL1: 0x1030_5408n,
    ID_AA64ISAR0_EL1: 0x1021_0000n,
    ID_AA64ISAR1_EL1: 0x0010_0001n,
    ID_AA64MMFR0_EL1: 0x0010_1125n,
    ID_AA64MMFR1_EL1: 0x1021_2122n,
    ID_AA64MMFR2_EL1: 0x0000_1011n,
  },
  caches: { 0: 0x701f_e01an, 1: 0x201f_e01an, 2: 0x70ff_e03an },
  reset: { SCTLR_EL1: SCTLR_RESET_PAN, PMCR_EL0: 0x410c_3000n },
};

/** All that is built: what the instruction tests and the lessons run on. */
export const LAB: Arm64Model = {
  ...NEOVERSE_N1,
  name: 'lab',
  features: new Set([...NEOVERSE_N1.features, 'FEAT_LRCPC2', 'FEAT_FlagM', 'FEAT_FlagM2', 'FEAT_DIT']),
  constants: { ...NEOVERSE_N1.constants, MIDR_EL1: 0x000f_0000n, ID_AA64ISAR0_EL1: 0x0020_0000_1021_0000n, ID_AA64ISAR1_EL1: 0x0020_0001n, ID_AA64PFR0_EL1: 0x0001_0000_0000_0111n },
};

export const MODELS: readonly Arm64Model[] = [CORTEX_A57, NEOVERSE_N1, LAB];
