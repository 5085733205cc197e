/** Traps of the assembly: trace, an AArch32 guest's implementation defined registers, performance monitors and debug. */
import { CPTR_EL2, MDCR_EL2 } from '@worldswitch/arm64-sysreg';
import { DEBUG_DIRTY } from '../../../guest/vcpu-memory.ts';
import type { Step, SwitchContext } from '../../step.ts';

const TTA = CPTR_EL2.e2h0.mask('TTA');
/** HSTR_EL2.T15: CP15 registers with CRn 15, the implementation's own (RES0 where EL1 has AArch64 only). */
const HSTR_T15 = 1n << 15n;
const HPMN = MDCR_EL2.mask('HPMN');
const ALWAYS = MDCR_EL2.mask('TPM') | MDCR_EL2.mask('TPMCR') | MDCR_EL2.mask('TDRA') | MDCR_EL2.mask('TDOSA');
const TDA = MDCR_EL2.mask('TDA');

/** The counters the host keeps for itself stay its own, whoever runs. */
export function keepCounters({ code }: SwitchContext): void {
  code.write('MDCR_EL2', code.read('MDCR_EL2') & HPMN);
}

export function deactivateTraps(c: SwitchContext): void {
  const { code, host } = c;
  code.write('HCR_EL2', host.constants.hcr);
  code.write('CPTR_EL2', 0n);
  code.write('HSTR_EL2', 0n);
  keepCounters(c);
}

/** `mdcr` computes or fetches what the debug and monitor traps are for this run. */
const activate = (mdcr: (c: SwitchContext) => bigint) => (c: SwitchContext): void => {
  const { code, vcpu } = c;
  code.restore('HCR_EL2', vcpu.state, 'hcr');
  code.write('CPTR_EL2', TTA);
  code.write('HSTR_EL2', HSTR_T15);
  code.write('MDCR_EL2', mdcr(c));
};

/** A guest with debug registers of its own in hardware reaches them without a trap. */
function computeMdcr({ code, vcpu }: SwitchContext): bigint {
  const kept = (code.read('MDCR_EL2') & HPMN) | ALWAYS;
  return (code.load(vcpu.state, 'debug-flags') & DEBUG_DIRTY) === 0n ? kept | TDA : kept;
}

export const trapsActivate: Step = {
  id: 'traps-activate', phase: 'activate-traps', el: 2, kind: 'trap-control', after: ['debug-compute'],
  because: 'whether debug registers trap depends on the flag word, which is final by now; MDCR_EL2 is made from what it was, so that the host\'s counters stay apart',
  run: activate(computeMdcr),
};

/** The same where the host has computed MDCR_EL2 before the call. */
export const trapsActivateGiven: Step = {
  ...trapsActivate, after: [],
  because: 'the host\'s kernel has computed MDCR_EL2 before the call, since the VMM\'s debugger has a say in it too',
  run: activate(({ code, vcpu }) => code.load(vcpu.state, 'mdcr')),
};

export const trapsDeactivate: Step = {
  id: 'traps-deactivate', phase: 'deactivate-traps', el: 2, kind: 'trap-control', after: ['aarch32-save'],
  because: 'the host\'s controls; the interrupt override is taken out of HCR_EL2 before, and what asks HCR_EL2 how wide the guest is has asked',
  run: deactivateTraps,
};
