/**
 * What of the host's identification registers guests see, and what of that a VMM can lower: fields by their names in the manual, with the
 * rule for a value that is safe to claim (Linux 6.12, arch/arm64/kernel/cpufeature.c and arch/arm64/kvm/sys_regs.c). A field that is not
 * named is zero for guests.
 */
import type { RegisterName } from '@worldswitch/arm64-sysreg';

/**
 * Which values can stand in for the host's: those up to it (`lower`; `lower signed` where the highest bit is a sign), those from it
 * upwards, or, `fixed`, no other.
 */
export type FieldRule = 'lower' | 'lower signed' | 'higher' | 'fixed';

export interface IdentificationRow {
  readonly fields: Readonly<Record<string, FieldRule>>;
  /** Lowest value of a field that can be set; 0 for others. */
  readonly least?: Readonly<Record<string, bigint>>;
  /** Fields that are not given on, whatever the host has. */
  readonly hidden?: Readonly<Record<string, string>>;
  /** Bits that no field names but that are as the host's. */
  readonly constant?: bigint;
}

const lower = (...names: readonly string[]): Readonly<Record<string, FieldRule>> => Object.fromEntries(names.map((name) => [name, 'lower']));
const fixed = (...names: readonly string[]): Readonly<Record<string, FieldRule>> => Object.fromEntries(names.map((name) => [name, 'fixed']));
const without = (why: string, ...names: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries(names.map((name) => [name, why]));

const NO_EL2 = 'guests have neither EL2 nor EL3';
const NO_SLOT = 'no world switch moves its registers';

export const IDENTIFICATION = {
  ID_AA64PFR0_EL1: {
    fields: { ...lower('CSV3', 'CSV2', 'DIT', 'GIC', 'EL3', 'EL2', 'EL1', 'EL0', 'SEL2'), ...fixed('SVE', 'RAS', 'AdvSIMD', 'FP') },
    // GIC, CSV2 and CSV3 are what the VM says: see `Identification`.
    hidden: { ...without(NO_EL2, 'EL3', 'EL2', 'SEL2'), ...without(NO_SLOT, 'SVE'), CSV2: 'of the VM', CSV3: 'of the VM', GIC: 'of the VM' },
  },
  ID_AA64PFR1_EL1: { fields: { ...lower('CSV2_frac', 'SSBS', 'BT'), ...fixed('MPAM_frac', 'RAS_frac', 'SME', 'MTE') }, hidden: without(NO_SLOT, 'MPAM_frac', 'SME', 'MTE') },
  ID_AA64ZFR0_EL1: { fields: {} },
  ID_AA64DFR0_EL1: {
    fields: { ...lower('WRPs', 'PMUVer', 'DebugVer'), DoubleLock: 'lower signed', ...fixed('CTX_CMPs', 'BRPs') },
    least: { DebugVer: 6n },
    // PMUVer is there for vCPUs with the feature.
    hidden: { PMUVer: 'of the VM' },
  },
  ID_AA64ISAR0_EL1: { fields: lower('RNDR', 'TLB', 'TS', 'FHM', 'DP', 'SM4', 'SM3', 'SHA3', 'RDM', 'Atomic', 'CRC32', 'SHA2', 'SHA1', 'AES') },
  ID_AA64ISAR1_EL1: {
    fields: { ...lower('XS', 'I8MM', 'DGH', 'BF16', 'SPECRES', 'SB', 'FRINTTS', 'LRCPC', 'FCMA', 'JSCVT', 'DPB'), ...fixed('GPI', 'GPA', 'API', 'APA') },
    hidden: without('pointer authentication is UNDEFINED for guests (HCR_EL2.{API, APK})', 'GPI', 'GPA', 'API', 'APA'),
  },
  ID_AA64ISAR2_EL1: {
    fields: { ...lower('LUT', 'CSSC', 'RPRFM', 'CLRBHB', 'BC', 'MOPS', 'RPRES', 'WFxT'), ...fixed('APA3', 'GPA3') },
    hidden: without('pointer authentication is UNDEFINED for guests (HCR_EL2.{API, APK})', 'APA3', 'GPA3'),
  },
  ID_AA64MMFR0_EL1: {
    fields: {
      ...lower('ECV', 'FGT', 'ExS', 'TGran16', 'BigEndEL0', 'SNSMem', 'BigEnd', 'ASIDBits', 'PARange'), TGran4: 'lower signed', TGran64: 'lower signed',
      ...fixed('TGran4_2', 'TGran64_2', 'TGran16_2'),
    },
  },
  ID_AA64MMFR1_EL1: {
    fields: { ...lower('ECBHB', 'TIDCP1', 'AFP', 'ETS', 'PAN', 'LO', 'HPDS', 'HAFDBS'), SpecSEI: 'higher', ...fixed('HCX', 'TWED', 'XNX', 'VH', 'VMIDBits') },
    hidden: { ...without(NO_EL2, 'VH'), LO: 'LORegions are not emulated' },
  },
  ID_AA64MMFR2_EL1: { fields: { ...lower('E0PD', 'BBM', 'TTL', 'AT', 'ST', 'VARange', 'IESB', 'LSM', 'UAO', 'CnP'), ...fixed('EVT', 'FWB', 'IDS', 'NV', 'CCIDX') }, hidden: { ...without(NO_EL2, 'NV'), CCIDX: 'caches are described in the 32-bit format' } },
  ID_AA64MMFR3_EL1: { fields: lower('S1POE', 'S1PIE', 'TCRX'), hidden: without(NO_SLOT, 'S1POE', 'S1PIE', 'TCRX') },
  CTR_EL0: { fields: { ...lower('DIC', 'IDC', 'DminLine', 'IminLine'), ...fixed('CWG', 'ERG', 'L1Ip') }, constant: 1n << 31n },
} as const satisfies Partial<Record<RegisterName, IdentificationRow>>;

export type IdentificationName = keyof typeof IDENTIFICATION;

/**
 * Registers of AArch32 state: zero, and any write is taken and forgotten, where no exception level has that state. CRm and op2 of op0 = 3, op1
 * = 0, CRn = 0.
 */
export const AARCH32_IDENTIFICATION: readonly RegisterName[] = [
  'ID_PFR0_EL1', 'ID_PFR1_EL1', 'ID_DFR0_EL1', 'ID_MMFR0_EL1', 'ID_MMFR1_EL1', 'ID_MMFR2_EL1', 'ID_MMFR3_EL1', 'ID_ISAR0_EL1', 'ID_ISAR1_EL1', 'ID_ISAR2_EL1',
  'ID_ISAR3_EL1', 'ID_ISAR4_EL1', 'ID_ISAR5_EL1', 'ID_MMFR4_EL1', 'ID_ISAR6_EL1', 'MVFR0_EL1', 'MVFR1_EL1', 'MVFR2_EL1', 'ID_PFR2_EL1', 'ID_MMFR5_EL1',
];
