/**
 * The sections of the Arm Architecture Reference Manual for A-profile (DDI 0487) that this package follows, each cited by number and
 * title. The numbers are those of issue M.a.a; they move between issues, the titles do not. Facts are restated in our own words.
 */
export const MANUAL = {
  enableControls: 'DDI 0487 D2.3 The debug exception enable controls',
  routing: 'DDI 0487 D2.2 Routing debug exceptions',
  enabling: 'DDI 0487 D2.3.1 Enabling debug exceptions from the current Exception level and Security state',
  powerdown: 'DDI 0487 D2.4 The effect of powerdown on debug exceptions',
  summary: 'DDI 0487 D2.5 Summary of the routing and enabling of debug exceptions',
  brk: 'DDI 0487 D2.7 Breakpoint Instruction exceptions',
  breakpoint: 'DDI 0487 D2.8 Breakpoint exceptions',
  watchpoint: 'DDI 0487 D2.9 Watchpoint exceptions',
  step: 'DDI 0487 D2.11 Software Step exceptions',
  priority: 'DDI 0487 D1.4.5.6 Prioritization of Synchronous exceptions taken to AArch64 state',
  bcr: 'DDI 0487 D24.3 DBGBCR<n>_EL1',
  bvr: 'DDI 0487 D24.3 DBGBVR<n>_EL1',
  wcr: 'DDI 0487 D24.3 DBGWCR<n>_EL1',
  wvr: 'DDI 0487 D24.3 DBGWVR<n>_EL1',
  idDebug: 'DDI 0487 D24.2 ID_AA64DFR0_EL1',
  syndrome: 'DDI 0487 D24.2 ESR_ELx',
  topByte: 'DDI 0487 D8.8 Address tagging',
} as const;
