/** Accesses that no run on this machine can miss, and the fact that asks for them all the same. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Access } from './trial.ts';

export interface Explanation {
  /** The accesses, in words. */
  readonly about: string;
  /** The steps it holds for; in all when absent. */
  readonly steps?: RegExp;
  /** The access, as the report writes it. */
  readonly access: RegExp;
  readonly modes?: readonly AccessorMode[];
  readonly why: string;
  readonly source: string;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    about: 'ACTLR_EL1, each way', access: /ACTLR_EL1$/,
    why: 'its bits are the implementation\'s; on this processor there are none, so both worlds have the same', source: 'DDI 0487 D24.2.2, ACTLR_EL1 is IMPLEMENTATION DEFINED',
  },
  {
    about: 'VMPIDR_EL2, where it is saved', steps: /-save$/, access: /VMPIDR_EL2$/,
    why: 'nobody below EL2 can change it, so what was restored is still there; Linux stopped to read it back', source: 'DDI 0487 VMPIDR_EL2; __sysreg_save_el1_state of Linux 6.1, which leaves it out',
  },
  {
    about: 'PMSELR_EL0 = 0 on the way in', steps: /^traps/, access: /msr PMSELR_EL0$/,
    why: 'a selector beyond the last counter may make a guest\'s PMXEVCNTR_EL0 UNDEFINED at EL1 instead of trapping; this processor traps first', source: 'DDI 0487 PMXEVCNTR_EL0 (CONSTRAINED UNPREDICTABLE)',
  },
  {
    about: 'DAIF where exceptions are masked or unmasked', access: /^daif/, why: 'it matters when an exception comes: shown by injection', source: 'DDI 0487 D1.3.6; the table of injections',
  },
  {
    about: 'CPACR_EL1 read before it is changed', steps: /^traps-on$/, access: /mrs CPACR_EL1$/, modes: ['vhe'],
    why: 'what it keeps are controls of later features, which are RES0 on this processor', source: 'DDI 0487 CPTR_EL2, E2H = 1',
  },
  {
    about: 'ELR, ESR and SPSR read in front of the window for SErrors', steps: /^serror-window$/, access: /^mrs (ELR|ESR|SPSR)_/,
    why: 'an SError in the window overwrites them, and the handler of that puts them back', source: '__guest_exit of Linux 4.15',
  },
  {
    about: 'DSB and ISB around the window for SErrors', steps: /^serror-window$/, access: /^(dsb|isb)/,
    why: 'errors of the guest\'s accesses are reported only once these have completed; here an access completes at once', source: 'DDI 0487 B2.6.12 (Data Synchronization Barrier)',
  },
  {
    about: 'ISB between compare value and control of the timer', steps: /^vtimer|^timer/, access: /^isb$/,
    why: 'without it the two writes may act in either order, and the timer fire for the old value; here late writes act in the order of the program', source: 'DDI 0487 D24.1.2.2; D12.2.4',
  },
  {
    about: 'the debugger\'s registers, saved with the guest\'s set', steps: /^debug-to-host$/, access: /str vcpu\d+\.externalDebugState/,
    why: 'accesses of the guest trap while the set is the debugger\'s, so that it comes back as it went; the code asks only whose set it is by the pointer', source: 'DDI 0487 MDCR_EL2.TDA; __debug_switch_to_host of Linux 4.15',
  },
  {
    about: 'the override for interrupts, taken out of HCR_EL2', steps: /^vgic-off$/, access: /HCR_EL2$/,
    why: 'the interface to the interrupt controller clears what it has set, as a unit of its own; that the traps write the whole register behind it is not its business', source: '__vgic_save_state and __deactivate_traps of Linux 4.15',
  },
  {
    about: 'the host\'s own return state, ELR and SPSR of its level', steps: /^host-sysregs-(save|restore)$/, access: /(ELR|SPSR)_EL1$|host\.(PC|PSTATE)$/, modes: ['vhe'],
    why: 'dead between two exceptions of the host, each of which writes them anew; Linux moves them no more since the series of 2018', source: 'sysreg_save_host_state_vhe of Linux 4.17, which leaves them out',
  },
  {
    about: 'ELR_EL1 and SPSR_EL1 of a host at EL1', steps: /^host-sysregs-(save|restore)$/, access: /(ELR|SPSR)_EL1$/, modes: ['nvhe'],
    why: 'dead between two exceptions of the host, each of which writes them anew', source: 'DDI 0487 D1.3.1 (exception entry)',
  },
  {
    about: 'the host\'s link register', steps: /^guest-(enter|exit)$/, access: /host\.x30$/, modes: ['vhe'],
    why: 'machine code returns to its caller by it; hosted code returns by itself', source: 'AAPCS64 6.1.1',
  },
];

export function explanationOf({ step, text }: Access, mode: AccessorMode): Explanation | undefined {
  return EXPLANATIONS.find(({ steps, access, modes }) => (steps?.test(step) ?? true) && access.test(text) && (modes?.includes(mode) ?? true));
}
