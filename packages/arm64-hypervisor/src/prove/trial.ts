/** What is run in a proof, and how it can be interfered with. */
import type { AccessorMode, PortInstruction, Verdict } from '@worldswitch/arm64-sysreg';
import type { Vcpu } from '@worldswitch/hypervisor';
import type { Arm64Hypervisor } from '../architecture.ts';
import type { Arm64DebugExit } from '../exits/context.ts';
import type { FaultName } from '../switch/faults.ts';
import type { Revision } from '../switch/step.ts';
import type { Arm64Vcpu } from '../vcpu.ts';
import type { Arm64Vm } from '../vm.ts';
import type { ProofMachine, Sync } from './machine.ts';
import type { Observation } from './observation.ts';
import type { Scenario } from './scenario.ts';

/** An instruction of a step: the n-th since the step began. */
export interface Access {
  readonly step: string;
  readonly index: number;
  readonly text: string;
}

/** Sees each instruction of a step before it executes. What it returns is the verdict instead of the processor's. */
export type Interposer = (access: Access, instruction: PortInstruction, run: RunningTrial) => Verdict | undefined;

export interface Trial {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly scenario: Scenario;
  readonly sync?: Sync;
  readonly faithful?: readonly FaultName[];
  readonly interpose?: Interposer;
  /** The revision for the next round trip, asked before each: the same steps in another order. The load before it and the put after it go by it too. */
  readonly pass?: () => Revision;
  /** Before the first run of the guest. */
  readonly started?: (run: RunningTrial) => void;
  /** The guest has left hardware, or the processor has just come to hosted code: before any instruction of ours, and after the last. */
  readonly leaving?: (at: bigint, run: RunningTrial) => void;
  readonly left?: (run: RunningTrial) => void;
  /** Ends the run at the first look that is another than in this one: enough for whoever asks only whether any is. */
  readonly against?: Observation;
  /** Whether to look at registers at all; on unless said otherwise. */
  readonly looks?: boolean;
}

/** The world that an interposer finds itself in. */
export interface RunningTrial {
  readonly machine: ProofMachine;
  readonly hypervisor: Arm64Hypervisor;
  readonly vm: Arm64Vm;
  readonly vcpu: Vcpu<Arm64DebugExit>;
  readonly backend: Arm64Vcpu;
  /** Interrupts of the host's devices that were handled, by number. */
  readonly hostInterrupts: number[];
  /** The VMM raises an interrupt line of the vCPU, until the guest acknowledges; and whether it has not yet. */
  raiseVirtual(): void;
  readonly virtualPending: boolean;
}
