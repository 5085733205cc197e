/** Register offsets, IHI 0069 (GIC architecture specification, versions 3 and 4), chapter 12: register maps of distributor and redistributor. */
export const GICD_CTLR = 0x0000, GICD_TYPER = 0x0004, GICD_IIDR = 0x0008, GICD_IROUTER = 0x6000, GICD_PIDR = 0xffd0;
/** Registers of both the distributor (SPIs) and the SGI frame of a redistributor (SGIs and PPIs): a bit, a byte or two bits for each INTID. */
export const GIC_IGROUPR = 0x0080, GIC_ISENABLER = 0x0100, GIC_ICENABLER = 0x0180, GIC_ISPENDR = 0x0200, GIC_ICPENDR = 0x0280, GIC_ISACTIVER = 0x0300,
  GIC_ICACTIVER = 0x0380, GIC_IPRIORITYR = 0x0400, GIC_ITARGETSR = 0x0800, GIC_ICFGR = 0x0c00, GIC_IGRPMODR = 0x0d00;
export const GICR_CTLR = 0x0000, GICR_IIDR = 0x0004, GICR_TYPER = 0x0008, GICR_WAKER = 0x0014, GICR_PIDR = 0xffd0;
/** A redistributor is two frames of 64 KiB: RD_base and SGI_base (IHI 0069 chapter 12). */
export const GICR_FRAME = 0x1_0000, GICR_STRIDE = 0x2_0000;

/** GICD_CTLR with one Security state (IHI 0069, GICD_CTLR where GICD_CTLR.DS is 1): affinity routing and the single state are fixed. */
export const CTLR_ENABLE_GRP0 = 1 << 0, CTLR_ENABLE_GRP1 = 1 << 1, CTLR_ARE = 1 << 4, CTLR_DS = 1 << 6;
/** Fields of GICR_WAKER. */
export const WAKER_PROCESSOR_SLEEP = 1 << 1, WAKER_CHILDREN_ASLEEP = 1 << 2;
