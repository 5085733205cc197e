/**
 * What the processor's access checks and syndromes need to know about an access besides its size: bits of
 * `AccessOptions.attributes`.
 */

/** Load-acquire: an unaligned access faults (DDI 0487 B2.8.2) until FEAT_LSE2; the syndrome's AR bit. */
export const ACQUIRE = 1;
/** Store-release: as {@link ACQUIRE}. */
export const RELEASE = 2;
/** Load-exclusive or store-exclusive. */
export const EXCLUSIVE = 4;
/** Read-modify-write: a permission fault of its read part is reported with WnR 0 (DDI 0487 D17.2.37). */
export const ATOMIC = 16;
/** LDNP and STNP. */
export const NONTEMPORAL = 32;
/** LDLAR and STLLR (FEAT_LOR). */
export const LIMITED_ORDER = 64;
/** Two registers make one access: LDXP, STXP, CASP. */
export const PAIR = 128;
/** The data registers are SIMD&FP registers. */
export const SIMD = 256;
