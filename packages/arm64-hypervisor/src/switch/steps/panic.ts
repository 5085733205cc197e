/** When an instruction of the switch itself takes an exception: enough of the host back to say so. */
import { restoreHostSysregs } from './sysreg.ts';
import { timerTrapsOff } from './timer.ts';
import { trapsOff } from './traps.ts';
import type { Step } from '../step.ts';

/** PSTATE of a host's kernel that starts to report: EL1h, everything masked. */
const PSTATE_PANIC = 0x3c5n;

/** Offset of the host's panic entry in the hosted range; see `HostLayout`. */
export const PANIC_ENTRY = 0x1800n;

export const panicReport: Step = {
  id: 'panic-report', phase: 'panic', el: 2, kind: 'panic',
  because: 'the next exception overwrites the syndrome',
  run: ({ code, scratch }) => {
    scratch.panic = {
      spsr: code.read(code.hyp.SPSR), elr: code.read(code.hyp.ELR), par: code.read('PAR_EL1'),
      esr: code.read(code.hyp.ESR), far: code.read(code.hyp.FAR), hpfar: code.read('HPFAR_EL2'),
    };
  },
};

export const panicRestore: Step = {
  id: 'panic-restore', phase: 'panic', el: 2, kind: 'panic', after: ['panic-report'],
  because: 'a VTTBR_EL2 that is not 0 says the guest\'s world was being built or taken down: the host\'s kernel could not run in it',
  run: (c) => {
    const { code } = c;
    if (code.read('VTTBR_EL2') === 0n) return;
    timerTrapsOff(c);
    trapsOff(c);
    code.write('VTTBR_EL2', 0n);
    restoreHostSysregs(c);
  },
};

export const panicReturn: Step = {
  id: 'panic-return', phase: 'panic', el: 2, kind: 'panic', modes: ['nvhe'], after: ['panic-restore'],
  because: 'the report is the host\'s kernel\'s, at EL1; with VHE it is a plain call',
  run: ({ code, host }) => {
    code.write(code.hyp.SPSR, PSTATE_PANIC);
    code.write(code.hyp.ELR, host.constants.hypVectors + PANIC_ENTRY);
    code.depart('eret');
  },
};
