/** What a processor model has of the translation system. */

/** A translation granule by the base-2 logarithm of its bytes. */
export type Granule = 12 | 14 | 16;

/** The translation features of a processor model, as its identification registers state them. 52-bit addresses are not modelled. */
export interface MmuFeatures {
  /** Bits of a physical address: ID_AA64MMFR0_EL1.PARange. */
  readonly physicalBits: 32 | 36 | 40 | 42 | 44 | 48;
  readonly stage1Granules: readonly Granule[];
  readonly stage2Granules: readonly Granule[];
  readonly asid16: boolean;
  readonly vmid16: boolean;
  /** FEAT_HAFDBS: nothing, the access flag, or access flag and dirty state. */
  readonly hardwareUpdate: 'none' | 'access' | 'dirty';
  readonly pan: boolean;
  /** FEAT_PAN3: SCTLR_ELx.EPAN. */
  readonly epan: boolean;
  readonly xnx: boolean;
  /** FEAT_HPDS. */
  readonly hierarchicalDisable: boolean;
  /** FEAT_TTST: tables of 16 bits of input. */
  readonly smallTables: boolean;
  readonly e0pd: boolean;
  /** FEAT_S2FWB. */
  readonly forcedWriteBack: boolean;
  /** FEAT_TLBIRANGE. */
  readonly rangeInvalidate: boolean;
}

/** The identification registers that {@link mmuFeatures} reads. */
export interface MmuIdentification {
  readonly ID_AA64MMFR0_EL1: bigint;
  readonly ID_AA64MMFR1_EL1: bigint;
  readonly ID_AA64MMFR2_EL1: bigint;
  readonly ID_AA64ISAR0_EL1: bigint;
}

const PHYSICAL_BITS = [32, 36, 40, 42, 44, 48] as const;

const field = (value: bigint, low: number): number => Number((value >> BigInt(low)) & 15n);

/** Reads the translation features out of identification registers, so that a model claims and does the same (DDI 0487 D19.2). */
export function mmuFeatures(id: MmuIdentification): MmuFeatures {
  const { ID_AA64MMFR0_EL1: mmfr0, ID_AA64MMFR1_EL1: mmfr1, ID_AA64MMFR2_EL1: mmfr2, ID_AA64ISAR0_EL1: isar0 } = id;
  const range = field(mmfr0, 0);
  if (range >= PHYSICAL_BITS.length) {
    throw new RangeError(`ID_AA64MMFR0_EL1.PARange is ${range}: physical addresses above 48 bits are not modelled, use 5 or less`);
  }
  const stage1: Granule[] = [];
  if (field(mmfr0, 28) !== 15) stage1.push(12);
  if (field(mmfr0, 20) !== 0) stage1.push(14);
  if (field(mmfr0, 24) !== 15) stage1.push(16);
  const stage2 = ([[12, 40], [14, 32], [16, 36]] as const).filter(([granule, low]) => {
    const code = field(mmfr0, low);
    return code === 0 ? stage1.includes(granule) : code !== 1;
  }).map(([granule]) => granule);
  const updates = field(mmfr1, 0);
  return {
    physicalBits: PHYSICAL_BITS[range],
    stage1Granules: stage1, stage2Granules: stage2,
    asid16: field(mmfr0, 4) === 2,
    vmid16: field(mmfr1, 4) === 2,
    hardwareUpdate: updates === 0 ? 'none' : updates === 1 ? 'access' : 'dirty',
    pan: field(mmfr1, 20) >= 1,
    epan: field(mmfr1, 20) >= 3,
    xnx: field(mmfr1, 28) >= 1,
    hierarchicalDisable: field(mmfr1, 12) >= 1,
    smallTables: field(mmfr2, 28) >= 1,
    e0pd: field(mmfr2, 60) >= 1,
    forcedWriteBack: field(mmfr2, 40) >= 1,
    rangeInvalidate: field(isar0, 56) >= 2,
  };
}
