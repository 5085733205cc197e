/** The panic paths since 2018. A running vCPU in the host's context is what says that there is something to bring back. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { restoreHostSet } from './el1-set.ts';
import { timerTrapsOff } from './timer.ts';
import { trapsOffLateRun } from './traps-late.ts';
import type { Step } from '../step.ts';

export const panicRestoreLate: Readonly<Record<AccessorMode, Step>> = {
  nvhe: {
    id: 'panic-restore', phase: 'panic', el: 2, kind: 'panic', modes: ['nvhe'], after: ['panic-report'],
    because: 'the report is made at EL1, where the host\'s kernel needs its timer, its traps, no stage 2 and its registers; without a running vCPU it has them',
    run: (c) => {
      const { code, host } = c;
      if (code.load(host.context, 'running-vcpu') === 0n) return;
      timerTrapsOff(c);
      trapsOffLateRun(c);
      code.write('VTTBR_EL2', 0n);
      restoreHostSet(c);
    },
  },
  vhe: {
    id: 'panic-restore', phase: 'panic', el: 2, kind: 'panic', modes: ['vhe'],
    because: 'the report is made where we are, by a kernel that needs TGE, its vectors and its debug controls; EL1 may stay the guest\'s',
    run: (c) => {
      if (c.code.load(c.host.context, 'running-vcpu') === 0n) return;
      trapsOffLateRun(c);
      restoreHostSet(c);
    },
  },
};
