import type { RegisterName } from '@worldswitch/arm64-sysreg';

/** GicGroup 0 comes as FIQ, group 1 as IRQ: there is one Security state (IHI 0069 4.6, interrupt grouping). */
export type GicGroup = 0 | 1;

/** An SGI on its way. `affinity` is Aff3.Aff2.Aff1 in the fields of MPIDR_EL1 with Aff0 zero, `targets` has a bit for each Aff0. */
export interface GicSoftwareInterrupt {
  /** 0 to 15. */
  readonly intid: number;
  /** A receiver that has the SGI in the other group does not get it. */
  readonly group: GicGroup;
  readonly to: 'others' | { readonly affinity: bigint; readonly targets: number };
}

/** The most urgent interrupt that a redistributor offers. */
export interface GicOffer {
  readonly intid: number;
  /** 0 to 0xff, low is urgent. */
  readonly priority: number;
  readonly group: GicGroup;
}

/** A processor's redistributor and the distributor behind it, as its CPU interface uses them (IHI 0069 chapter 3). */
export interface GicPort {
  /** Pending, enabled, its group forwarded, not active, and for this processor. */
  best(): GicOffer | undefined;
  exists(intid: number): boolean;
  activate(intid: number): void;
  deactivate(intid: number): void;
  send(sgi: GicSoftwareInterrupt): void;
  setMaintenance(level: boolean): void;
  /** `changed` is called whenever `best` may have a new answer. */
  listen(changed: () => void): void;
}

/** Where the interface keeps its state: the processor's system registers, so that snapshots and the raw door have it. */
export interface RegisterStore {
  get(name: RegisterName): bigint;
  set(name: RegisterName, value: bigint): void;
}

/** INTIDs 1020 to 1023 stand for no interrupt (IHI 0069 2.2, INTIDs). */
export const SPURIOUS = 1023;
export function isSpecial(intid: number): boolean {
  return intid >= 1020 && intid <= SPURIOUS;
}
