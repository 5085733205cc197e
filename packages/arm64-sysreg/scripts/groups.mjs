// Which file of src/facts a register goes to: by the first pattern that matches its name or encoding.
const RULES = [
  ['alias', (r) => r.aliasOf], ['el3', (r) => r.op1 === 6 || /_EL3$/.test(r.name)],
  ['debug', (r) => r.op0 === 2 || /^(DLR|DSPSR|MDCR|TRFCR)/.test(r.name)],
  ['spe', (r) => /^PM[BS](?!ELR|WINC)/.test(r.name)], ['pmu', (r) => /^PM/.test(r.name)],
  ['timer', (r) => /^CNT/.test(r.name)], ['gic', (r) => /^IC[CH]_/.test(r.name)],
  ['pauth', (r) => /^AP\w+Key/.test(r.name)], ['ras', (r) => /^(ERX|ERR|DISR|VDISR|VSESR)/.test(r.name)],
  ['id', (r) => r.op0 === 3 && r.op1 < 4 && r.crn === 0],
  ['memory', (r) => /^(TTBR|TCR|V?MAIR|AMAIR|PAR_|VTCR|VTTBR|LOR|CONTEXTIDR|DACR)/.test(r.name)],
  ['exception', (r) => /^(ESR|FAR|AFSR|ELR|SPSR_|VBAR|HPFAR|IFSR|RVBAR|RMR|ISR)/.test(r.name)],
  ['pstate', (r) => /^(NZCV|DAIF|SPSel|CurrentEL|PAN|UAO|DIT|SSBS|TCO|FPCR|FPSR)$/.test(r.name)],
  ['thread', (r) => /^(TPIDR|SP_EL|SCXTNUM)/.test(r.name)],
  ['control', () => true],
];
export const GROUPS = ['control', 'exception', 'memory', 'thread', 'pstate', 'id', 'debug', 'timer', 'gic', 'pmu', 'spe', 'ras', 'pauth', 'alias', 'el3'];
export const groupOf = (row) => RULES.find(([, test]) => test(row))[0];
