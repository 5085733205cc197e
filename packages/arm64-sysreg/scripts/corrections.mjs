// Where the collected facts are wrong or incomplete, with the reason. Each entry should become unnecessary one day.

/**
 * Fields that exist without the feature the facts name: the feature only changes what they mean (DDI 0487, each register's page). Left
 * gated, PMUSERENR_EL0.CR would read 0 on a PMUv3 without FEAT_PMUv3p9 and every EL0 read of PMCCNTR_EL0 would trap.
 */
const UNGATED = {
  PMUSERENR_EL0: ['ER', 'CR', 'SW'], PMSICR_EL1: ['COUNT'], DBGPRCR_EL1: ['CORENPDRQ'], DBGAUTHSTATUS_EL1: ['SNID', 'NSNID'], MDCR_EL2: ['TDOSA'],
  MDCR_EL3: ['TDOSA', 'EDAD'], SCR_EL3: ['NS'], VTCR_EL2: ['SL0'],
};

/** An EL12 or EL02 name needs VHE and whatever its register needs; the facts name only VHE. QEMU makes them UNDEFINED as well. */
export function aliasFeature(feature) {
  return feature ? feature.split('|').map((f) => `FEAT_VHE&${f}`).join('|') : 'FEAT_VHE';
}

/** One register row of sysregs.json, corrected. Where fields are corrected the recorded masks are dropped: they repeat the mistake. */
export function correctRegister(row) {
  return correctRow(correctFields(row));
}

function correctFields(row) {
  const names = UNGATED[row.name];
  if (!names) return row;
  const fields = row.fields.map((f) => (names.includes(f.name) ? { ...f, feature: undefined } : f));
  return { ...row, fields, coreMasks: undefined };
}

function correctRow(row) {
  // DDI 0487 PMSICR_EL1, PMSFCR_EL1: readable and writable at EL1 and EL2; the facts have EL2 write-only.
  if (['PMSICR_EL1', 'PMSFCR_EL1'].includes(row.name)) return { ...row, accessByEL: { EL0: '-', EL1: 'RW', EL2: 'RW', EL3: 'RW' } };
  // DDI 0487 CNTFRQ_EL0: writable at the highest implemented level, which is EL2 here (no EL3).
  if (row.name === 'CNTFRQ_EL0') return { ...row, accessByEL: { EL0: 'RO', EL1: 'RO', EL2: 'RW', EL3: 'RW' } };
  // ACTLR_EL12 came with FEAT_SRMASK, later than the other EL12 names; ACTLR_EL1 is not redirected (vhe-redirect.json, not_redirected).
  if (row.name === 'ACTLR_EL12') return { ...row, feature: 'FEAT_VHE&FEAT_SRMASK' };
  // Without AArch32 at EL2 the manual leaves it to the processor whether RMR_EL2 exists (DDI 0487 RMR_EL2); here it does not.
  if (row.name === 'RMR_EL2') return { ...row, feature: 'FEAT_AA32EL2' };
  return row;
}

/** Access rules that traps.json leaves out or evaluates for the wrong core; they replace the row's checks. */
export const EXTRA_RULES = {
  // Only the highest implemented level has these; EL2 is always implemented here.
  RMR_EL1: { EL1: ['EL2 implemented -> UNDEFINED'], EL2: ['EL2 implemented -> UNDEFINED'] },
  RVBAR_EL1: { EL1: ['EL2 implemented -> UNDEFINED'], EL2: ['EL2 implemented -> UNDEFINED'] },
  DLR_EL0: { EL0: ['outside Debug state -> UNDEFINED'], EL1: ['outside Debug state -> UNDEFINED'], EL2: ['outside Debug state -> UNDEFINED'] },
  DSPSR_EL0: { EL0: ['outside Debug state -> UNDEFINED'], EL1: ['outside Debug state -> UNDEFINED'], EL2: ['outside Debug state -> UNDEFINED'] },
  // FEAT_SVE: ZEN/TZ checks, EC 0x19 (DDI 0487 ZCR_EL1, ZCR_EL2).
  ZCR_EL1: {
    EL1: ['CPACR_EL1.ZEN in {x0} -> EL1 0x19', 'not(HCR_EL2.E2H=1) & CPTR_EL2.TZ=1 -> EL2 0x19', 'HCR_EL2.E2H=1 & CPTR_EL2.ZEN in {x0} -> EL2 0x19'],
    EL2: ['not(HCR_EL2.E2H=1) & CPTR_EL2.TZ=1 -> EL2 0x19', 'HCR_EL2.E2H=1 & CPTR_EL2.ZEN in {x0} -> EL2 0x19'],
  },
  ZCR_EL2: { EL2: ['not(HCR_EL2.E2H=1) & CPTR_EL2.TZ=1 -> EL2 0x19', 'HCR_EL2.E2H=1 & CPTR_EL2.ZEN in {x0} -> EL2 0x19'] },
  ZCR_EL12: { EL2: ['HCR_EL2.E2H=0 -> UNDEFINED', 'CPTR_EL2.ZEN in {x0} -> EL2 0x19'] },
  // FEAT_TRF, FEAT_RASv1p1: the controls the manual gives, absent from the facts because the assumed core lacks the features.
  TRFCR_EL1: { EL1: ['MDCR_EL2.TTRF=1 -> EL2 0x18'] },
  ERXPFGF_EL1: { EL1: ['HCR_EL2.FIEN=0 -> EL2 0x18'] },
  ERXPFGCTL_EL1: { EL1: ['HCR_EL2.FIEN=0 -> EL2 0x18'] },
  ERXPFGCDN_EL1: { EL1: ['HCR_EL2.FIEN=0 -> EL2 0x18'] },
  ERXMISC2_EL1: { EL1: ['HCR_EL2.TERR=1 -> EL2 0x18'] },
  ERXMISC3_EL1: { EL1: ['HCR_EL2.TERR=1 -> EL2 0x18'] },
  // AArch32 state reached from EL2: floating-point control is trapped like floating point (DDI 0487 FPEXC32_EL2).
  FPEXC32_EL2: { EL2: ['not(HCR_EL2.E2H=1) & CPTR_EL2.TFP=1 -> EL2 0x07', 'HCR_EL2.E2H=1 & CPTR_EL2.FPEN in {x0} -> EL2 0x07'] },
};

/**
 * How many of a numbered family exist is up to the processor; the others are UNDEFINED (DDI 0487 PMEVCNTR<n>_EL0, where that is one of
 * the permitted choices; IHI 0069 ICH_LR<n>_EL2, ICH_AP0R<n>_EL2, ICC_AP0R<n>_EL1).
 */
export const FAMILY_LIMITS = [
  [/^PMEV(CNTR|TYPER)<n>_EL0$/, 'm>=NUM_COUNTERS -> UNDEFINED', ['EL0', 'EL1', 'EL2']],
  [/^ICH_LR\d+_EL2$/, 'm>=NUM_LIST_REGISTERS -> UNDEFINED', ['EL2']],
  [/^ICH_AP[01]R\d_EL2$/, 'm>=NUM_VIRTUAL_ACTIVE_PRIORITIES -> UNDEFINED', ['EL2']],
  [/^ICC_AP[01]R\d_EL1$/, 'm>=NUM_ACTIVE_PRIORITIES -> UNDEFINED', ['EL1', 'EL2']],
];

/** With the system register interface off at EL2 the ICC registers trap there (DDI 0487 ICC_PMR_EL1 and its siblings). */
export const ICC_AT_EL2 = ['ICC_SRE_EL2.SRE=0 -> EL2 0x18'];
/** The list registers and active priorities follow ICH_HCR_EL2 (the facts list only one of each family). */
export const ICH_AT_EL2 = ['ICC_SRE_EL2.SRE=0 -> EL2 0x18'];
