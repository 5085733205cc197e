/** The host's side of a switch: its context in memory, and the constants that stand for "the host runs". */
import type { Block } from '../context/block.ts';
import type { VirtualInterface } from '../vgic/interface.ts';

/** Values of registers that are the same whenever the host runs. */
export interface HostConstants {
  readonly hcr: bigint;
  readonly mdcr: bigint;
  readonly cptr: bigint;
  /** Vectors of the host's kernel, and of the hypervisor. */
  readonly hostVectors: bigint;
  readonly hypVectors: bigint;
  /** VBAR_EL2 while a host at EL1 runs: vectors of its calls, the hypervisor's own where a revision has no others. */
  readonly callVectors: bigint;
  readonly vtcr: bigint;
}

export interface HostContext {
  readonly context: Block;
  /** Its breakpoints and watchpoints, for revisions that keep them with the processor and not with each vCPU. */
  readonly debugState: Block;
  readonly constants: HostConstants;
  /** List registers and what goes with them, where the interrupt controller has them. */
  readonly virtualInterface: VirtualInterface | undefined;
}
