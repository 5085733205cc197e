/** What a processor is made from: its engine, its model and what surrounds it. */
import type { Engine } from '@worldswitch/engine';
import type { InterruptLine, MachinePort } from '@worldswitch/machine';
import type { Arm64Processor } from './cpu.ts';
import type { GicPort } from './gic-interface/index.ts';
import type { Arm64Model } from './model.ts';

/** What firmware below the processor answers: nothing is implemented above EL2, so SMC and semihosting are the board's. */
export interface FirmwarePort {
  /** An SMC that was not trapped, or (`conduit: 'hvc'`) an HVC of a machine without EL2. True where it was answered. */
  call?(cpu: Arm64Processor, conduit: 'smc' | 'hvc', immediate: number): boolean;
  /** HLT #0xF000. True where it was answered. */
  semihosting?(cpu: Arm64Processor): boolean;
}

export interface ProcessorOptions {
  readonly engine: Engine;
  readonly port: Pick<MachinePort<never>, 'index' | 'clock' | 'monitor'> & { output(name: string): InterruptLine };
  readonly model: Arm64Model;
  /** 2 for a machine with virtualisation, 1 for one that starts at EL1 and has no EL2. */
  readonly highestEl: 1 | 2;
  /** MPIDR_EL1 affinity. */
  readonly affinity: bigint;
  readonly firmware: FirmwarePort;
  /** The redistributor of a GICv3. With it the processor has that version's CPU interface, ICC_* and ICH_*. */
  readonly gic?: GicPort;
  /** When writes that change the context act: at once, or at the next context synchronization event, which finds missing barriers. Default `early`. */
  readonly sync?: 'early' | 'late';
}
