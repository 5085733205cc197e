/** What a guest with an AArch32 EL1 has besides (HCR_EL2.RW = 0). Our own processor has no AArch32; a host with one would. */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { DEBUG_OWNER } from '../../guest/debug-owner.ts';
import { DEBUG_DIRTY } from '../../guest/vcpu-memory.ts';
import type { Phase, Step, SwitchContext } from '../step.ts';
import { AARCH32_SET, named } from './registers.ts';

const RW = HCR_EL2.mask('RW');
/** FPEXC32_EL2.EN. */
const FPEXC_EN = 1n << 30n;

/** The guest's EL1 is AArch32. */
const aarch32 = ({ vcpu }: SwitchContext): boolean => (vcpu.state.get('hcr') & RW) === 0n;

/** Without VHE the vector catch register is switched only with the debug set: its bits act on the host's AArch32 processes. */
const vectorCatch = ({ mode, vcpu }: SwitchContext): boolean =>
  mode === 'vhe' || (vcpu.state.get('debug-flags') & DEBUG_DIRTY) !== 0n || vcpu.state.get('debug-owner') !== DEBUG_OWNER.free;

/** `modes` and `phases`: with VHE at load and put, without it with every run. */
export function aarch32Steps(mode: AccessorMode, [restore, save]: readonly [Phase, Phase], [before, after]: readonly [readonly string[], readonly string[]]): readonly [Step, Step] {
  return [
    {
      id: 'aarch32-restore', phase: restore, el: 2, kind: 'context', modes: [mode], after: before, when: aarch32,
      because: 'before the system registers of EL1 (errata 852523 and 853709); AArch64 has no other way to an AArch32 guest\'s banked registers',
      run: (c) => {
        const { code, vcpu } = c;
        for (const moved of AARCH32_SET) code.restore(named(code, moved), vcpu.context, moved.slot);
        if (vectorCatch(c)) code.restore('DBGVCR32_EL2', vcpu.context, 'DBGVCR32_EL2');
      },
    },
    {
      id: 'aarch32-save', phase: save, el: 2, kind: 'context', modes: [mode], after, when: aarch32,
      because: 'with the other registers of the guest\'s EL1, before another guest\'s replace them',
      run: (c) => {
        const { code, vcpu } = c;
        for (const moved of AARCH32_SET) code.save(named(code, moved), vcpu.context, moved.slot);
        if (vectorCatch(c)) code.save('DBGVCR32_EL2', vcpu.context, 'DBGVCR32_EL2');
      },
    },
  ];
}

export const fpexcEnable: Step = {
  id: 'fpexc-enable', phase: 'activate-traps', el: 2, kind: 'fp', when: aarch32,
  because: 'while FPEXC.EN is clear an AArch32 guest\'s use of floating point is UNDEFINED there and never traps here; written before the trap, which acts on this access too',
  run: ({ code }) => {
    code.write('FPEXC32_EL2', FPEXC_EN);
    code.isb();
  },
};

export const fpexcSave: Step = {
  id: 'fpexc-save', phase: 'restore-host', el: 2, kind: 'fp', after: ['traps-off'],
  when: (c) => aarch32(c) && c.vcpu.state.get('fp-owner') === 1n,
  because: 'only a guest that has its floating point has its own value there; the access traps until the host\'s controls are back',
  run: ({ code, vcpu }) => { code.save('FPEXC32_EL2', vcpu.context, 'FPEXC32_EL2'); },
};
