/** A hypervisor's part of a board, from what the board says of itself. */
import type { HostOptions } from './host.ts';
import { HostGicV3 } from './gicv3.ts';
import { HostGicV2 } from './interrupts.ts';

/** Physical addresses on a board. */
export interface HostPlaces {
  /** First of the hosted range, see `HostLayout`. */
  readonly hosted: bigint;
  /** First of the RAM. */
  readonly ram: bigint;
  readonly gic:
    | { readonly version: 2; readonly distributor: bigint; readonly cpuInterface: bigint; readonly virtualControl: bigint; readonly virtualCpuInterface: bigint }
    | { readonly version: 3; readonly distributor: bigint; readonly redistributor: bigint };
}

/** Bytes of the RAM that are the hypervisor's own unless it is told otherwise, from its beginning: tables and vCPUs of a few VMs. */
export const HOST_MEMORY = 8 << 20;

export interface HostShare {
  /** Bytes at the beginning of the RAM that are the hypervisor's; a multiple of 4096. */
  readonly memory?: number;
  /** False: of a GICv2, without its virtual CPU interface (GICH, GICV). A GICv3's is in the processor. */
  readonly virtualInterface?: boolean;
}

/** Layout and interrupt controller for `Arm64Hypervisor`. What of the RAM is behind the hypervisor's own is for guests. */
export function hostOn({ hosted, ram, gic }: HostPlaces, { memory = HOST_MEMORY, virtualInterface = true }: HostShare = {}): Pick<HostOptions, 'layout' | 'interrupts'> {
  const layout = { hosted, pages: { base: ram, size: BigInt(memory) } };
  if (gic.version === 3) return { layout, interrupts: new HostGicV3(gic) };
  const { distributor, cpuInterface } = gic;
  return { layout, interrupts: new HostGicV2(virtualInterface ? gic : { distributor, cpuInterface }) };
}
