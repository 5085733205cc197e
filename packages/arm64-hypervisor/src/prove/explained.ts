/** Accesses that no run on this machine can miss, and the fact that asks for them all the same. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Access } from './trial.ts';
import type { Constraint } from './variation.ts';

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
    about: 'CPACR_EL1 read before it is changed', steps: /^traps-on$|^fp-first-use$/, access: /mrs CPACR_EL1$/, modes: ['vhe'],
    why: 'what it keeps are controls of later features, which are RES0 on this processor', source: 'DDI 0487 CPTR_EL2, E2H = 1',
  },
  {
    about: 'ELR, ESR and SPSR read in front of the window for SErrors', steps: /^serror-window$/, access: /^mrs (ELR|ESR|SPSR)_/,
    why: 'an SError in the window overwrites them, and the handler of that puts them back', source: '__guest_exit of Linux 4.15',
  },
  {
    about: 'DSB and ISB around the window for SErrors, and in front of the question whether one is pending', steps: /^serror-(window|check)$/, access: /^(dsb|isb)/,
    why: 'errors of the guest\'s accesses are reported only once these have completed; here an access completes at once', source: 'DDI 0487 B2.6.12 (Data Synchronization Barrier)',
  },
  {
    about: 'ISB between compare value and control of the timer', steps: /^vtimer|^timer/, access: /^isb$/,
    why: 'without it the two writes may act in either order, and the timer fire for the old value; here late writes act in the order of the program', source: 'DDI 0487 D24.1.2.2; D12.2.4',
  },
  {
    about: 'ISB where the entry is put off', steps: /^pending-check$/, access: /^isb$/,
    why: 'whether the guest is entered or not, its caller is to find everything synchronised, as an ERET would have done; here the host\'s next exception return does', source: '__guest_enter of Linux 6.1',
  },
  {
    about: 'ISB behind the write that opens floating point, on the way back', steps: /^fp-barrier$/, access: /^isb$/,
    why: 'nothing on this way back uses V registers before the next exception return', source: 'DDI 0487 CPTR_EL2; __kvm_vcpu_run of Linux 6.12 with VHE',
  },
  {
    about: 'ICC_SRE_EL2', access: /ICC_SRE_EL2$/,
    why: 'it is fixed on a processor without the memory-mapped interface, such as this one; elsewhere Enable lets a guest choose between the two', source: 'IHI 0069 ICC_SRE_EL2; __vgic_v3_activate_traps of Linux',
  },
  {
    about: 'DSB before the translation of EL1 changes hands', steps: /-walks-done$/, access: /^dsb/,
    why: 'a walk that began before the exception to EL2 may still go on; here it is over with its instruction', source: 'DDI 0487 D8.2, B2.6.12; __kvm_vcpu_run of Linux 6.7 (dsb nsh)',
  },
  {
    about: 'the debugger\'s registers, saved with the guest\'s set', steps: /^(debug-to-host|guest-set-save)$/, access: /str vcpu\d+\.externalDebugState/,
    why: 'accesses of the guest trap while the set is the debugger\'s, so that it comes back as it went; the code asks only whose set it is by the pointer', source: 'DDI 0487 MDCR_EL2.TDA; __debug_switch_to_host of Linux 4.15',
  },
  {
    about: 'the override for interrupts, taken out of HCR_EL2', steps: /^vgic-off$/, access: /HCR_EL2$/,
    why: 'the interface to the interrupt controller clears what it has set, as a unit of its own; that the traps write the whole register behind it is not its business', source: '__vgic_save_state and __deactivate_traps of Linux 4.15',
  },
  {
    about: 'the host\'s own return state, ELR and SPSR of its level', steps: /^(host-sysregs|panic)-(save|restore)$/, access: /(ELR|SPSR)_EL1$|host\.(PC|PSTATE)$/, modes: ['vhe'],
    why: 'dead between two exceptions of the host, each of which writes them anew; Linux moves them no more since the series of 2018', source: 'sysreg_save_host_state_vhe of Linux 4.17, which leaves them out',
  },
  {
    about: 'ELR_EL1 and SPSR_EL1 of a host at EL1', steps: /^(host-(sysregs|frame|el1)|panic)-(save|restore)$/, access: /(ELR|SPSR)_EL1$/, modes: ['nvhe'],
    why: 'dead between two exceptions of the host, each of which writes them anew', source: 'DDI 0487 D1.3.1 (exception entry)',
  },
  {
    about: 'the way back, where a panic brings back the host\'s registers', steps: /^panic-restore$/, access: /(ELR|SPSR)_EL2$|host\.(PC|PSTATE)$/, modes: ['nvhe'],
    why: 'they come with the other registers of the host; the panic then goes a way of its own, and writes them behind it', source: '__sysreg_restore_host_state and __hyp_call_panic_nvhe of Linux 4.15',
  },
  {
    about: 'MDSCR_EL1, saved where it is the debugger\'s', steps: /^guest-sysregs-save$/, access: /str vcpu\d+\.state\.external-mdscr$/,
    why: 'accesses of the guest trap while the debugger has the registers, so that it comes back as it went', source: 'DDI 0487 MDCR_EL2.TDA; ctxt_mdscr_el1 of Linux 6.14',
  },
  {
    about: 'whether the VM has a timer', steps: /^timer-(save|restore)$/, access: /timer-enabled$/,
    why: 'every VM here has one; there the VMM may have left the interrupt controller out, and the timer with it', source: 'save_timer_state and restore_timer_state of Linux 4.1 (KVM_TIMER_ENABLED)',
  },
  {
    about: 'VTTBR_EL2, at a call', steps: /^trap-vector$/, access: /^mrs VTTBR_EL2$/,
    why: 'a call of the host\'s and one of the guest\'s come by one vector, and the VMID tells which it is; hosted code knows', source: 'el1_sync of Linux 4.1',
  },
  {
    about: 'sampling and the buffer of the samples, where both are turned off', steps: /^spe-off$/, access: /^msr (PMSCR|PMBLIMITR)_EL1$/,
    why: 'either keeps the guest out of the host\'s samples: with the one nothing is sampled, with the other profiling is disabled as a whole', source: 'DDI 0487 D14 (ProfilingBufferEnabled, StatisticalProfilingEnabled)',
  },
  {
    about: 'the barriers around the drain of a profiling buffer, and between it and its samples', steps: /^spe-(off|on)$/, access: /^(isb|dsb nsh)$/,
    why: 'a sample that is on its way is written at the drain, and is in memory at once; at EL2 none is taken', source: 'DDI 0487 B2.6.12, D14 (PSB CSYNC); __debug_save_spe_nvhe of Linux 4.15',
  },
  {
    about: 'the host\'s link register', steps: /^(guest-(enter|exit)|host-general-(save|restore))$/, access: /host\.x30$/, modes: ['vhe'],
    why: 'machine code returns to its caller by it; hosted code returns by itself', source: 'AAPCS64 6.1.1',
  },
];

export function explanationOf({ step, text }: Pick<Access, 'step' | 'text'>, mode: AccessorMode): Explanation | undefined {
  return EXPLANATIONS.find(({ steps, access, modes }) => (steps?.test(step) ?? true) && access.test(text) && (modes?.includes(mode) ?? true));
}

/** Constraints that no order shows here. */
export interface ConstraintExplanation {
  /** The constraints, in words. */
  readonly about: string;
  readonly step: RegExp;
  readonly after: RegExp;
  readonly modes?: readonly AccessorMode[];
  readonly why: string;
  readonly source: string;
}

export const CONSTRAINT_EXPLANATIONS: readonly ConstraintExplanation[] = [
  {
    about: 'what is an AArch32 guest\'s', step: /^(aarch32|fpexc)-/, after: /./,
    why: 'no guest here has an AArch32 EL1, so that these steps ask and do nothing', source: 'DDI 0487 FPEXC32_EL2, HCR_EL2.RW; restore_guest_32bit_state and __sysreg32_restore_state of Linux',
  },
  {
    about: 'what hides or ends it again, or asks for the flag it asks for', step: /./, after: /^(aarch32|fpexc)-/,
    why: 'the same', source: 'DDI 0487 FPEXC32_EL2, HCR_EL2.RW, DBGVCR32_EL2',
  },
  {
    about: 'the vCPU\'s memory, after the vector has found whose it is', step: /^(guest-exit|sp-exchange)$/, after: /^vector$/,
    why: 'machine code has only what the vector found to store by; hosted code knows its vCPU', source: '__guest_exit of Linux 6.1, which is handed the vCPU in x1',
  },
  {
    about: 'stage 2, after the guest\'s EL1 is complete and before HCR_EL2 turns it on', step: /^(stage2-on|traps-on)$/, after: /^(guest-sysregs-restore|stage2-on)$/,
    why: 'a processor may walk tables for EL1 ahead of any instruction there, as soon as HCR_EL2 lets it; here nothing is walked before it is used',
    source: 'Cortex-A76 erratum 1165522; Cortex-A57 erratum 1319537 and Cortex-A72 erratum 1319367; __kvm_vcpu_run of Linux 6.1',
  },
  {
    about: 'the host\'s EL1, after the guest\'s stage 2 is gone', step: /^host-(sysregs|array|all)-restore$/, after: /^(stage2|traps)-off$/, modes: ['nvhe'],
    why: 'a walk by the host\'s tables, made ahead, would go through the guest\'s stage 2 and stay in the TLB under its VMID', source: 'Cortex-A57 erratum 1319537; __kvm_vcpu_run of Linux 6.1, which loads the host\'s stage 2 first',
  },
  {
    about: 'a DSB before the translation of EL1 changes hands', step: /^(guest|host)-sysregs-restore$/, after: /-walks-done$/,
    why: 'a walk that began before the exception to EL2 may still go on; here it is over with its instruction', source: 'DDI 0487 D8.2 (context changes), B2.6.12; __kvm_vcpu_run of Linux 6.7 (dsb nsh)',
  },
  {
    about: 'profiling on again, after the host\'s EL1 is back', step: /^spe-on$/, after: /^host-sysregs-restore$/,
    why: 'from then on samples may be taken for a buffer in the host\'s addresses; at EL2 none is taken, so that on a processor like this one only the ERET behind both matters',
    source: 'DDI 0487 D14 (StatisticalProfilingEnabled); the description of the series of late 2017, and __debug_switch_to_host of Linux 4.16',
  },
  {
    about: 'a barrier behind the write that opens floating point', step: /^fp-barrier$/, after: /^traps-off$/,
    why: 'nothing on this way back uses V registers before the next exception return, which synchronises too', source: 'DDI 0487 CPTR_EL2; __kvm_vcpu_run of Linux 6.12 with VHE',
  },
  {
    about: 'the late drain, where the fault of that name has it', step: /^spe-off-late$/, after: /./,
    why: 'it is a fault, and absent unless asked for', source: '__debug_switch_to_guest of Linux 4.15',
  },
];

export function constraintExplanationOf({ step, after }: Constraint, mode: AccessorMode): ConstraintExplanation | undefined {
  return CONSTRAINT_EXPLANATIONS.find((one) => one.step.test(step) && one.after.test(after) && (one.modes?.includes(mode) ?? true));
}
