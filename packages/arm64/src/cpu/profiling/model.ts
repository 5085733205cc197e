import type { Arm64Model } from '../model.ts';

/** ID_AA64DFR0_EL1.PMSVer: the first version, of Armv8.2. */
const PMSVER = 1n << 32n;
/** Bytes of a record, padding included: the alignment of the buffer pointer and the largest record are both this (PMBIDR_EL1.Align, PMSIDR_EL1.MaxSize). */
export const RECORD_BYTES = 64;
const RECORD_BITS = 6n;
const AT = { maxSize: 12n, countSize: 16n, flagUpdate: 5n } as const;
/** PMSIDR_EL1.ArchInst and the three filters. */
const INSTRUCTIONS_AND_FILTERS = 0xfn;
const COUNTS_OF_12_BITS = 2n;
const HAFDBS = 0xfn;

const made = new WeakMap<Arm64Model, Arm64Model>();

/**
 * A processor with the Statistical Profiling Extension (FEAT_SPE, version 1; DDI 0487 D14). PMSIDR_EL1: architectural instructions are
 * sampled, all three filters are there, records are 64 bytes at most, counters saturate at 12 bits, the least sensible interval is 256
 * and there is no random interval (ERnd). Buffer writes set access flags where translation does.
 */
export function withProfiling(model: Arm64Model): Arm64Model {
  let profiling = made.get(model);
  if (profiling === undefined) {
    const { constants } = model;
    const updates = ((constants.ID_AA64MMFR1_EL1 ?? 0n) & HAFDBS) === 0n ? 0n : 1n;
    profiling = {
      ...model,
      features: new Set([...model.features, 'FEAT_SPE']),
      constants: {
        ...constants,
        ID_AA64DFR0_EL1: (constants.ID_AA64DFR0_EL1 ?? 0n) | PMSVER,
        PMSIDR_EL1: (COUNTS_OF_12_BITS << AT.countSize) | (RECORD_BITS << AT.maxSize) | INSTRUCTIONS_AND_FILTERS,
        PMBIDR_EL1: (updates << AT.flagUpdate) | RECORD_BITS,
      },
    };
    made.set(model, profiling);
  }
  return profiling;
}
