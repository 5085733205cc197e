/** Numbered register families (DBGBCR0_EL1 … DBGBCR15_EL1) share a layout, documentation and access rules. */

const NUMBERED = /^(DBG[BW][CV]R|PMEVCNTR|PMEVTYPER|ICH_LR|ICH_AP[01]R|ICC_AP[01]R)(\d+)(_EL\d)$/;

/** `DBGBCR3_EL1` → `DBGBCR<n>_EL1`; any other name unchanged. */
export function familyOf(name: string): string {
  return name.replace(NUMBERED, '$1<n>$3');
}

/** The n of a family member, undefined for any other register. */
export function indexInFamily(name: string): number | undefined {
  const match = NUMBERED.exec(name);
  return match ? Number(match[2]) : undefined;
}
