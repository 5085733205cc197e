import type { Cpu, MachinePort, PhysicalMemory } from '@worldswitch/machine';
import type { GicPort } from '../cpu/gic-interface/index.ts';
import type { SmcccCall } from '../firmware/index.ts';
import type { StartState } from './load.ts';

/** What the board needs of a processor beside the machine's contract. Outputs carry the names of `VIRT_PPI`, inputs are `irq`, `fiq`, `virq`, `vfiq`. */
export interface VirtCpu extends Cpu {
  /** False while powered off: `run` is then idle at once, whatever the interrupt inputs do. */
  readonly powered: boolean;
  /** Reset state, powered on, at `state`. */
  start(state: StartState): void;
  /** Takes effect after the instruction in execution. `reset` brings a processor back powered. */
  powerOff(): void;
  /** Waits as WFI does, from after the instruction in execution. */
  wait(): void;
}

/** Guest memory as an instruction at the caller's present level sees it; for semihosting. */
export interface GuestMemory {
  read(address: bigint, length: number): Uint8Array | undefined;
  write(address: bigint, bytes: Uint8Array): boolean;
}

/** What a semihosting call comes to: X0 changes (or keeps its value), or the run ends with an exit status. */
export type SemihostingReply = { readonly kind: 'return'; readonly value: bigint | undefined } | { readonly kind: 'exit'; readonly code: number };

/** What the board tells a processor when it makes one. */
export interface VirtCpuSetup {
  /** The highest exception level, in which it starts. */
  readonly el: 1 | 2;
  /** Affinity fields of MPIDR_EL1. */
  readonly affinity: bigint;
  /** CNTFRQ_EL0 after reset. */
  readonly frequency: number;
  /**
   * The instruction that calls the board's firmware: an SMC that is not trapped (EL2 machine; DDI 0487 has it UNDEFINED without EL3), or every HVC from
   * above EL0 (EL1 machine). Whatever its immediate.
   */
  readonly conduit: 'smc' | 'hvc';
  /** Its redistributor, on a board with a GICv3: the processor then has that version's CPU interface. */
  readonly gic?: GicPort;
  /** Makes the call. The answer goes to X0, other registers keep their values; undefined: the call does not return. */
  firmware(call: SmcccCall): bigint | undefined;
  /** HLT #0xF000. Absent: semihosting is off and the instruction is UNDEFINED. */
  readonly semihosting?: (operation: number, parameter: bigint, memory: GuestMemory) => SemihostingReply;
}

/** Makes a processor. `M` is the memory it needs, which is the one the board is composed on. */
export type MakeCpu<M extends PhysicalMemory> = (port: MachinePort<M>, setup: VirtCpuSetup) => VirtCpu;
