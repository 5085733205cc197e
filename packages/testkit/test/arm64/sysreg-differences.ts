/** Where the walk over all system registers ends differently on QEMU 7.2, and what the manual says (DDI 0487). */
import { CONTROLS, itemName, type ITEMS, type Setting } from './sysreg-walk.ts';

type Item = (typeof ITEMS)[number];

interface Difference {
  readonly registers: RegExp;
  /** Only there; everywhere if not given. */
  readonly only?: (setting: Setting) => boolean;
  readonly why: string;
}

const control = (setting: Setting, name: (typeof CONTROLS)[number]): bigint => setting.values[CONTROLS.indexOf(name)];

const DIFFERENCES: readonly Difference[] = [
  {
    registers: /^(OSDTR[RT]X|OSECCR|DBGPRCR|DBGCLAIM(SET|CLR)|DBGAUTHSTATUS)_EL1$|^DBGDTR(RX|TX)?_EL0$/,
    why: 'QEMU does not have these; every processor has (D24.3, debug registers)',
  },
  {
    registers: /_EL[01]2$/, only: ({ el, e2h }) => el === 2 && !e2h,
    why: 'UNDEFINED with HCR_EL2.E2H = 0 (D24.2, SCTLR_EL12 and the others: "Accessing"); QEMU executes those of EL1 and traps those of the timers',
  },
  { registers: /^(DACR32|IFSR32|FPEXC32|DBGVCR32)_EL2$/, why: 'UNDEFINED where EL1 has no AArch32 (D24.2, DACR32_EL2: "Configurations"): this model has none, QEMU\'s has' },
  { registers: /^(ERRIDR|ERRSELR|ERX\w+|DISR)_EL1$|^(VSESR|VDISR)_EL2$/, why: 'FEAT_RAS: this model does not have it (ID_AA64PFR0_EL1.RAS = 0), QEMU\'s has' },
  { registers: /^DC ZVA$/, why: 'alignment fault, since all memory is Device while translation is off (C5.3, DC ZVA); QEMU zeroes' },
  { registers: /^MDCCSR_EL0$/, only: ({ el }) => el === 0, why: 'MDSCR_EL1.TDCC to EL1 comes before MDCR_EL2.TDA (D24.3, MDCCSR_EL0: pseudocode); QEMU looks at MDCR_EL2 first' },
  {
    registers: /^(PMSELR|PMCCNTR|PMXEVCNTR|PMEVCNTR\d+|PMSWINC)_EL0$/, only: (s) => s.el === 0,
    why: 'MDCR_EL2.TPM traps EL0, too (D24.5, PMSELR_EL0: pseudocode); QEMU lets PMUSERENR_EL0.{ER, CR, SW} pass it',
  },
  { registers: /^PMCR_EL0$/, only: (s) => (control(s, 'MDCR_EL2') & 0x20n) !== 0n, why: 'MDCR_EL2.TPMCR traps (D24.3, MDCR_EL2); QEMU ignores it' },
  {
    registers: /^CNTPCT_EL0$/, only: ({ el, e2h }) => el === 0 && !e2h,
    why: 'from EL0 with E2H = 0 the control is CNTHCTL_EL2.EL1PCTEN (CNTPCT_EL0: pseudocode); QEMU looks at EL1PCEN',
  },
];

/** Why an item differs in a setting; undefined where nothing is known of it. */
export function whyDifferent(item: Item, setting: Setting): string | undefined {
  const name = itemName(item);
  return DIFFERENCES.find(({ registers, only }) => registers.test(name) && (only?.(setting) ?? true))?.why;
}
