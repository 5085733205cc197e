/** What handlers of exits work with. */
import type { Exit } from '@worldswitch/hypervisor';
import type { MemorySlot } from '@worldswitch/hypervisor';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { Guest } from '../guest/guest.ts';
import type { EmulatedRegisters } from '../one-reg/emulated.ts';
import type { TrappedAccess } from '../pmu/access.ts';
import type { FaultName } from '../switch/faults.ts';
import type { MappedSlots } from '../stage2/mapped-slots.ts';
import type { Window } from '../vgic/controller.ts';
import type { SgiRegister } from '../vgic/gicv3-controller.ts';
import type { Answer } from './answer.ts';

/** What a debug exit says on arm64 (`kvm_debug_exit_arch`): the syndrome, and for watchpoints the address. */
export interface Arm64DebugExit {
  readonly hsr: number;
  readonly far: bigint;
}

export type Arm64Exit = Exit<Arm64DebugExit>;

/** How a handler ends: the guest goes on, or the VMM hears of it. */
export type Outcome = { readonly kind: 'resume' } | { readonly kind: 'wait' } | Arm64Exit;

export const RESUME: Outcome = { kind: 'resume' };

export interface ExitContext {
  readonly guest: Guest;
  readonly esr: bigint;
  readonly iss: number;
  /** FAR_EL2, valid for aborts and watchpoints. */
  readonly far: bigint;
  /** Guest physical address of an abort. */
  readonly ipa: bigint;
  readonly slots: Pick<MappedSlots, 'faultIn' | 'beyond'>;
  /** Faults of the original code that the host has too. */
  readonly faithful: ReadonlySet<FaultName>;
  slotAt(address: bigint): MemorySlot | undefined;
  /** Registers that only the VM has. */
  readonly emulated: EmulatedRegisters;
  /** A register of the host, for what a guest may see of it. */
  readonly hostRegister: (name: RegisterName) => bigint;
  /** The physical count. */
  readonly count: () => bigint;
  /** The guest calls its firmware, in x0 and up. An SMC has been skipped. */
  readonly firmware: (conduit: 'hvc' | 'smc') => Outcome;
  /** Whether SMC is a way to call it. */
  readonly smcCalls: boolean;
  /** Whether the VMM wants to hear of accesses that the syndrome does not describe (KVM_CAP_ARM_NISV_TO_USER). */
  readonly tellsWithoutSyndrome: boolean;
  /** Keeps what the VMM is to answer for when the vCPU runs again. */
  readonly answerLater: (answer: Answer) => void;
  /** Whether another vCPU can run. */
  readonly othersReady: () => boolean;
  /** ICC_SGI1R_EL1 and its siblings, of a guest with a virtual CPU interface; false for others. */
  readonly sendSgi: (value: bigint, register: SgiRegister) => boolean;
  /** A device in the hypervisor that the guest has at an address. */
  readonly deviceAt: (address: bigint) => { readonly window: Window; readonly offset: number } | undefined;
  /** Whether its CPU interface is system registers: a GICv3's, in hardware. */
  readonly gicRegisters: boolean;
  /** An access to performance monitors. False where the guest has none of its own, or for a register of something else. Absent: as false. */
  readonly monitors?: (access: TrappedAccess) => boolean;
  /** For people: what was refused, in the form of the row that would allow it. */
  report(text: string): void;
}

export type ExitHandler = (context: ExitContext) => Outcome;
