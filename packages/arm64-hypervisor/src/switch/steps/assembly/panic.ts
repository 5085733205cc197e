/** The panic of the assembly: enough of the host for its kernel to say what happened. */
import type { Step, SwitchContext } from '../../step.ts';

/** What of the host comes back, by revision. */
export interface PanicWays {
  readonly deactivateTraps: (c: SwitchContext) => void;
  readonly restoreHost: (c: SwitchContext) => void;
}

/** VTTBR_EL2 tells whose world it is; then what happened is read, which nothing before has changed. */
export function panicSteps({ deactivateTraps, restoreHost }: PanicWays): readonly [Step, Step] {
  const host: Step = {
    id: 'panic-host', phase: 'panic', el: 2, kind: 'panic',
    because: 'with VTTBR_EL2 not 0 the guest\'s world is in place or half in place, and the host\'s kernel could not run in it; with 0 it is the host\'s already',
    run: (c) => {
      const { code } = c;
      if (code.read('VTTBR_EL2') === 0n) return;
      c.scratch.panic = { esr: 0n, elr: 0n, spsr: 0n, far: 0n, hpfar: 0n, par: code.read('PAR_EL1') };
      deactivateTraps(c);
      code.write('VTTBR_EL2', 0n);
      restoreHost(c);
    },
  };
  const report: Step = {
    id: 'panic-registers', phase: 'panic', el: 2, kind: 'panic', after: ['panic-host'],
    because: 'the exception is still the last one that EL2 took; PAR_EL1 alone is the host\'s again, so it was set aside',
    run: ({ code, scratch }) => {
      const par = scratch.panic?.par ?? code.read('PAR_EL1');
      scratch.panic = {
        spsr: code.read(code.hyp.SPSR), elr: code.read(code.hyp.ELR), esr: code.read(code.hyp.ESR), far: code.read(code.hyp.FAR), hpfar: code.read('HPFAR_EL2'), par,
      };
    },
  };
  return [host, report];
}
