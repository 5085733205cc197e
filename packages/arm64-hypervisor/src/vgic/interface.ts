/**
 * The virtual CPU interface in hardware, in terms that are the same for GICv2 and GICv3: list registers that a hypervisor fills, control
 * and active priorities that the guest changes. Its state is in slots of the vCPU's `state`.
 */
import type { Block } from '../context/block.ts';
import type { HostedCode } from '../switch/code.ts';

/** What a list register holds. */
export interface Listed {
  readonly id: number;
  /** 0 is the most urgent; the upper 5 bits count. */
  readonly priority: number;
  readonly group: 0 | 1;
  readonly pending: boolean;
  readonly active: boolean;
  /** A maintenance interrupt when the guest has finished with it. Not together with `physical`, which has its bits. */
  readonly tellEnd: boolean;
  /** The interrupt of the host's, 16 to 1019, that the controller deactivates when the guest has finished with this one (HW = 1). */
  readonly physical?: number;
  /** The processor that sent it, 0 to 7: a software interrupt of a GICv2. */
  readonly sender?: number;
}

export interface VirtualInterface {
  readonly version: 2 | 3;
  readonly listRegisters: number;
  /** Stage 2 gives a guest its CPU interface at this physical address: GICv2. */
  readonly cpuInterface?: bigint;
  encode(listed: Listed): bigint;
  decode(listRegister: bigint): Pick<Listed, 'id' | 'pending' | 'active' | 'physical' | 'sender'>;
  /** The used list registers into the processor, and their delivery on. Nothing, and false, when none is used. */
  flush(code: HostedCode, state: Block): boolean;
  /** Back to memory what the guest changed, and the registers empty. Nothing, and false, when none was used. */
  sync(code: HostedCode, state: Block): boolean;
  loadControl(code: HostedCode, state: Block): void;
  putControl(code: HostedCode, state: Block): void;
  loadActive(code: HostedCode, state: Block): void;
  putActive(code: HostedCode, state: Block): void;
}

/** Bits of GICH_HCR and ICH_HCR_EL2. */
export const VGIC_HCR = { EN: 1n, UIE: 2n } as const;

export const lrSlot = (n: number): string => `vgic-lr${n}`;

/** The maintenance interrupt, a PPI (Arm Base System Architecture). */
export const MAINTENANCE_INTID = 25;

/** Size of a GICv2 CPU interface. */
export const CPU_INTERFACE_SIZE = 0x2000n;
