/**
 * The sections of the Arm Architecture Reference Manual for A-profile (DDI 0487) that this package follows, each cited by number and
 * title: the numbers move between issues of the manual, the titles do not. Facts are restated in our own words.
 */
export const MANUAL = {
  enableControls: 'DDI 0487 D2.2 The debug exception enable controls',
  routing: 'DDI 0487 D2.3 Routing debug exceptions',
  enabling: 'DDI 0487 D2.4 Enabling debug exceptions from the current Exception level',
  powerdown: 'DDI 0487 D2.5 The effect of powerdown on debug exceptions',
  summary: 'DDI 0487 D2.6 Summary of the routing and enabling of debug exceptions',
  brk: 'DDI 0487 D2.8 Breakpoint Instruction exceptions',
  breakpoint: 'DDI 0487 D2.9 Breakpoint exceptions',
  watchpoint: 'DDI 0487 D2.10 Watchpoint exceptions',
  step: 'DDI 0487 D2.12 Software Step exceptions',
  priority: 'DDI 0487 D1 Synchronous exception prioritization for exceptions taken to AArch64 state',
  bcr: 'DDI 0487 D24 DBGBCR<n>_EL1',
  bvr: 'DDI 0487 D24 DBGBVR<n>_EL1',
  wcr: 'DDI 0487 D24 DBGWCR<n>_EL1',
  wvr: 'DDI 0487 D24 DBGWVR<n>_EL1',
  idDebug: 'DDI 0487 D24 ID_AA64DFR0_EL1',
  syndrome: 'DDI 0487 D24 ESR_ELx',
  topByte: 'DDI 0487 D8 Address tagging',
} as const;
