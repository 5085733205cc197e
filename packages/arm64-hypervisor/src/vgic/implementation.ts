/** What KVM's interrupt controllers are, where the architecture leaves it open (Documentation/virt/kvm/devices/arm-vgic.rst, arm-vgic-v3.rst). */
import { GICV2, GICV3, PRIVATE } from '@worldswitch/devices/gic';
import type { GicV2Implementation, GicV3Implementation } from '@worldswitch/devices/gic';

/** GICD_IIDR, GICR_IIDR: product `K`, JEP106 code of Arm; the distributor's has a revision in 15:12, which a VMM may lower to 2. */
const IIDR = 0x4b00_043b;
export const IIDR_REVISION = { mask: 0xf000, shift: 12, newest: 3, oldest: 2 } as const;
export const distributorIidr = (revision: number): number => IIDR | (revision << IIDR_REVISION.shift);
/** GICC_IIDR: product, architecture version 2, JEP106 code of Arm. */
export const GICC_IIDR = 0x04b2_043b;

/** Five bits: as many as list registers have. */
const PRIORITIES = 0xf8;

export const KVM_GICV2: GicV2Implementation = {
  iidr: distributorIidr(IIDR_REVISION.newest), identity: [], groups: GICV2.CTLR_ENABLE_GRP0, priorities: PRIORITIES, choosesPpis: false, disablesSgis: true, targetsOfOne: true,
};

/** PIDR2 alone: architecture revision 3. */
const IDENTITY = [0, 0, 0, 0, 0, 0, 0x3b];
/** GICD_TYPER.IDbits: ten bits of INTID, without LPIs. */
const ID_BITS = 9 << 19;
/** GICR_CTLR.CES and .IR (IHI 0069). */
const GICR_CTLR_FIXED = (1 << 1) | (1 << 2);

export const KVM_GICV3: GicV3Implementation = {
  iidr: { distributor: distributorIidr(IIDR_REVISION.newest), redistributor: IIDR }, identity: { distributor: IDENTITY, redistributor: IDENTITY },
  typer: (count) => ID_BITS | (count / PRIVATE - 1), groups: GICV3.CTLR_ENABLE_GRP1, priorities: PRIORITIES, choosesPpis: false, aff3: false,
  redistributor: { control: GICR_CTLR_FIXED, typer: 0 }, sleeps: false, reset: { group: 1, sgis: 1 },
};
