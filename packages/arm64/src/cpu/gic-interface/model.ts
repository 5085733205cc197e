import type { Arm64Model } from '../model.ts';

/** ICH_VTR_EL2 but for ListRegs: 5 bits of priority and preemption, 24 of INTID, Aff3 (A3V), no GICv4 (nV4), ICH_HCR_EL2.TDIR (TDS). */
const VTR = 0x90b8_0000n;
/** ICC_CTLR_EL1: 5 bits of priority, 24 of INTID, Aff3. */
export const ICC_CTLR_FIXED = 0x8c00n;
const SYSTEM_REGISTERS = 1n << 24n;

const made = new WeakMap<Arm64Model, Arm64Model>();

/**
 * A processor with the system registers of a GICv3 CPU interface: 4 list registers and 5 bits of priority, as the cores here have. There
 * is no memory-mapped interface, so ICC_SRE_ELx are fixed.
 */
export function withGicV3(model: Arm64Model): Arm64Model {
  let with3 = made.get(model);
  if (with3 === undefined) {
    with3 = {
      ...model,
      features: new Set([...model.features, 'FEAT_GICv3']),
      constants: {
        ...model.constants, ID_AA64PFR0_EL1: (model.constants.ID_AA64PFR0_EL1 ?? 0n) | SYSTEM_REGISTERS,
        ICC_SRE_EL1: 0x7n, ICC_SRE_EL2: 0xfn, ICH_VTR_EL2: VTR | 3n,
      },
      reset: { ...model.reset, ICC_CTLR_EL1: ICC_CTLR_FIXED, ICC_BPR0_EL1: 2n, ICC_BPR1_EL1: 3n, ICH_VMCR_EL2: 0x004c_0008n },
    };
    made.set(model, with3);
  }
  return with3;
}
