/** Register offsets, IHI 0048B (GICv2 architecture specification), tables 4-1, 4-2, 5-1. */
export const GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IIDR = 0x008, GICD_IGROUPR = 0x080, GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180,
  GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300, GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400, GICD_ITARGETSR = 0x800,
  GICD_ICFGR = 0xc00, GICD_SGIR = 0xf00, GICD_CPENDSGIR = 0xf10, GICD_SPENDSGIR = 0xf20, GICD_PIDR = 0xfd0;
export const GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_BPR = 0x08, GICC_IAR = 0x0c, GICC_EOIR = 0x10, GICC_RPR = 0x14, GICC_HPPIR = 0x18, GICC_ABPR = 0x1c,
  GICC_AIAR = 0x20, GICC_AEOIR = 0x24, GICC_AHPPIR = 0x28, GICC_APR = 0xd0, GICC_NSAPR = 0xe0, GICC_IIDR = 0xfc, GICC_DIR = 0x1000;
export const GICH_HCR = 0x00, GICH_VTR = 0x04, GICH_VMCR = 0x08, GICH_MISR = 0x10, GICH_EISR0 = 0x20, GICH_EISR1 = 0x24, GICH_ELRSR0 = 0x30, GICH_ELRSR1 = 0x34,
  GICH_APR = 0xf0, GICH_LR = 0x100;

/** GICD_CTLR, GICC_CTLR and GICV_CTLR (IHI 0048B 4.3.1, 4.4.1). */
export const CTLR_ENABLE_GRP0 = 1 << 0, CTLR_ENABLE_GRP1 = 1 << 1, CTLR_ACK_CTL = 1 << 2, CTLR_FIQ_EN = 1 << 3, CTLR_CBPR = 1 << 4, CTLR_EOI_MODE = 1 << 9;
/** Without the Security Extensions the bypass bits are reserved. */
export const CTLR_MASK = 0x21f;

/** GICH_HCR (IHI 0048B 5.3.1). */
export const HCR_EN = 1 << 0, HCR_UIE = 1 << 1, HCR_LRENPIE = 1 << 2, HCR_NPIE = 1 << 3, HCR_VGRP0E = 1 << 4, HCR_VGRP0D = 1 << 5, HCR_VGRP1E = 1 << 6,
  HCR_VGRP1D = 1 << 7, HCR_MASK = 0xf800_00ff;

/** GICH_LR (IHI 0048B 5.3.9). */
export const LR_PENDING = 1 << 28, LR_ACTIVE = 1 << 29, LR_GRP1 = 1 << 30, LR_HW = 1 << 31, LR_EOI = 1 << 19;

/** Special interrupt numbers (IHI 0048B 3.2.5). */
export const GROUP1_PENDING = 1022, SPURIOUS = 1023;

/** No interrupt active: lower than any priority. */
export const IDLE_PRIORITY = 0x100;
