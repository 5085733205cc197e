import { hex } from '@worldswitch/bits';
import { MachineError } from '@worldswitch/machine';

/** A range of physical addresses. */
export interface Window {
  readonly base: bigint;
  readonly size: number;
}

const window = (base: bigint, size: number): Window => ({ base, size });

/** Where things are on the `virt` board of QEMU (hw/arm/virt in its documentation). Sizes are what decodes, which may be less than the tree says. */
export const VIRT_MAP = {
  flash: [window(0x0000_0000n, 0x0400_0000), window(0x0400_0000n, 0x0400_0000)],
  gicDistributor: window(0x0800_0000n, 0x1000),
  gicV3Distributor: window(0x0800_0000n, 0x1_0000),
  gicCpuInterface: window(0x0801_0000n, 0x2000),
  gicV2m: window(0x0802_0000n, 0x1000),
  gicVirtualControl: window(0x0803_0000n, 0x1000),
  gicVirtualCpuInterface: window(0x0804_0000n, 0x2000),
  /** One for each processor. */
  gicRedistributor: window(0x080a_0000n, 0x2_0000),
  uart: window(0x0900_0000n, 0x1000),
  rtc: window(0x0901_0000n, 0x1000),
  fwCfg: window(0x0902_0000n, 0x18),
  gpio: window(0x0903_0000n, 0x1000),
  virtio: window(0x0a00_0000n, 0x200),
  pcieMemory: window(0x1000_0000n, 0x2eff_0000),
  pciePorts: window(0x3eff_0000n, 0x1_0000),
  pcieConfiguration: window(0x40_1000_0000n, 0x1000_0000),
  pcieMemory64: window(0x80_0000_0000n, 0x80_0000_0000),
  ram: window(0x4000_0000n, 0),
} as const;

export const VIRTIO_SLOTS = 32;

/** Shared interrupts, as SPI numbers (a device tree's; the INTID is 32 more). */
export const VIRT_SPI = { uart: 1, rtc: 2, pcie: 3, gpio: 7, virtio: 16, v2m: 48 } as const;
/** How many MSIs the v2m frame hands out. */
export const V2M_COUNT = 64;

/** Private interrupts, as INTIDs, by the processor output that drives them. The maintenance interrupt (25) is the controller's own. */
export const VIRT_PPI = {
  'timer-physical': 30, 'timer-virtual': 27, 'timer-hyp-physical': 26, 'timer-hyp-virtual': 28, pmu: 23, spe: 21,
} as const;
export const MAINTENANCE_PPI = 25;

/** CNTFRQ_EL0 of the board, and ticks of its clock: one a retired instruction. */
export const TICKS_PER_SECOND = 62_500_000;
/** 2026-01-01T00:00:00Z: the clock starts there in every run, since runs repeat. */
export const RTC_EPOCH = 1_767_225_600;
/** The PL061 line of the power button. */
export const POWER_KEY_LINE = 3;

/** The board's make-up. */
export interface VirtOptions {
  /** Bytes of RAM from 0x4000_0000, a multiple of 1 MiB; default 256 MiB. */
  readonly ram?: number;
  /** Processors, 1 to 8; default 1. */
  readonly cpus?: number;
  /** True (default): the processors have EL2 and start there, firmware calls are SMC. False: EL1, and HVC. */
  readonly el2?: boolean;
  /** Version of the interrupt controller; default 2. Version 3 comes without ITS, as QEMU's board has it with `its=off`. */
  readonly gic?: 2 | 3;
  /** Processor model, for the tree's `compatible`; default `cortex-a57`. */
  readonly model?: string;
}

/** Options with every default filled in. */
export type VirtConfiguration = Required<VirtOptions>;

const MIB = 2 ** 20;
/** One WebAssembly memory of 4 GiB holds RAM, both flash banks and the engine's tables. */
const LARGEST_RAM = 3 * 2 ** 30;

/** Fills in defaults. Throws `bad-range` naming the option, its rule and the way out. */
export function configure(options: VirtOptions): VirtConfiguration {
  const { ram = 256 * MIB, cpus = 1, el2 = true, gic = 2, model = 'cortex-a57' } = options;
  if (!Number.isSafeInteger(ram) || ram < MIB || ram > LARGEST_RAM || ram % MIB !== 0) {
    throw new MachineError('bad-range', `virt: ${ram} bytes of RAM; it must be a multiple of 1 MiB, from 1 MiB to 3 GiB. Ask for ${hex(BigInt(256 * MIB))} if in doubt.`);
  }
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > 8) {
    throw new MachineError('bad-range', `virt: ${cpus} processors; the board has 1 to 8, as many as a GICv2 has CPU interfaces. Choose a number in that range.`);
  }
  if (gic !== 2 && gic !== 3) throw new MachineError('bad-range', `virt: interrupt controller version ${String(gic)}; there are 2 and 3. Leave it out for 2.`);
  return { ram, cpus, el2, gic, model };
}

/** Affinity of processor `index`, as PSCI and the device tree name it: with a GICv2, groups of eight. */
export function affinity(index: number): bigint {
  return BigInt(index % 8) | (BigInt(Math.floor(index / 8)) << 8n);
}
