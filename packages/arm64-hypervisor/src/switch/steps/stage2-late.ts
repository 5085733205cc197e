/** Stage 2 since 2018: its geometry is written with its tables, since every VM may have its own. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Step, SwitchContext } from '../step.ts';

const NVHE: readonly AccessorMode[] = ['nvhe'];
const VHE: readonly AccessorMode[] = ['vhe'];

function load({ code, vcpu, host }: SwitchContext): void {
  code.write('VTCR_EL2', host.constants.vtcr);
  code.restore('VTTBR_EL2', vcpu.state, 'vttbr');
}

export const stage2OnLate: Readonly<Record<AccessorMode, Step>> = {
  nvhe: {
    id: 'stage2-on', phase: 'activate-traps', el: 2, kind: 'stage2', modes: NVHE, after: ['guest-sysregs-restore'],
    because: 'when every register of the guest\'s EL1 is its own: translations made before are made without stage 2, and must not be found under the guest\'s VMID',
    run: load,
  },
  vhe: {
    id: 'stage2-on', phase: 'activate-traps', el: 2, kind: 'stage2', modes: VHE,
    because: 'before HCR_EL2.TGE is cleared: from then on a walk for EL1 may happen at any time, and must be by the guest\'s tables (erratum 1165522)',
    run: load,
  },
};

export const stage2Load: Step = {
  id: 'stage2-load', phase: 'load', el: 2, kind: 'stage2', modes: VHE,
  because: 'with TGE set nothing of EL1 is translated: the guest\'s tables may be there before it runs',
  run: load,
};

export const stage2OffLate: Step = {
  id: 'stage2-off', phase: 'deactivate-traps', el: 2, kind: 'stage2', modes: NVHE,
  because: 'a host at EL1 has no stage 2; with VHE and TGE what is in VTTBR_EL2 acts on nothing, and stays',
  run: ({ code }) => { code.write('VTTBR_EL2', 0n); },
};

/** Before the translation of EL1 and EL0 changes hands, on a host that shares it. */
export const translationDone = (which: 'in' | 'out'): Step => ({
  id: which === 'in' ? 'host-walks-done' : 'guest-walks-done', phase: which === 'in' ? 'save-host' : 'save-guest', el: 2, kind: 'stage2', modes: NVHE,
  because: 'walks of EL1\'s translation that had begun before the exception to EL2 end first, and profiling and trace have written what they had',
  run: ({ code }) => { code.dsb('nsh'); },
});
