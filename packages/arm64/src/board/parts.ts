import type { GicPort } from '../cpu/gic-interface/index.ts';
import type { Clock, Device, DmaPort, InterruptLine, RomDevice } from '@worldswitch/machine';

/**
 * What the board is made of, as narrow as it uses it. The parts are handed in because packages of one layer do not import each other:
 * `@worldswitch/devices` as a module satisfies `BoardDevices`, `@worldswitch/image` satisfies `BoardImages`.
 */
export interface BoardDevices {
  readonly GicV2: new (config: { readonly cpus: readonly GicOutputs[]; readonly spis?: number; readonly maintenance?: number }) => GicV2Part;
  readonly GicV3: new (config: { readonly affinities: readonly bigint[]; readonly spis?: number; readonly maintenance?: number }) => GicV3Part;
  readonly GicV2m: new (config: { readonly first: number; readonly count: number; readonly spi: (intid: number) => InterruptLine }) => Device;
  readonly Pl011: new (config: { readonly irq: InterruptLine; readonly onTransmit: (byte: number) => void; readonly onRoom?: () => void }) => Device & SerialPart;
  readonly SerialQueue: new (sink: () => SerialPart) => Device & { push(bytes: Uint8Array): void; drain(): void };
  readonly Pl031: new (config: { readonly irq: InterruptLine; readonly clock: Clock; readonly epoch: number }) => Device;
  readonly Pl061: new (config: { readonly irq: InterruptLine }) => Device & { input(line: number): InterruptLine };
  readonly CfiFlash: new () => RomDevice;
  readonly FwCfg: new (config: { readonly dma: DmaPort; readonly items?: ReadonlyMap<number, Uint8Array>; readonly files?: readonly { readonly name: string; readonly data: Uint8Array }[] }) => Device;
  readonly VirtioMmioSlot: new () => Device;
  readonly PcieEcam: new () => Device;
  readonly OpenBus: new () => Device;
}

interface SerialPart {
  receive(byte: number): boolean;
}

interface GicOutputs {
  readonly irq: InterruptLine;
  readonly fiq: InterruptLine;
  readonly virq?: InterruptLine;
  readonly vfiq?: InterruptLine;
}

export interface GicV2Part {
  readonly distributor: Device;
  readonly cpuInterface: Device;
  readonly virtualControl: Device;
  readonly virtualCpuInterface: Device;
  spi(intid: number): InterruptLine;
  ppi(cpu: number, intid: number): InterruptLine;
}

export interface GicV3Part {
  readonly distributor: Device;
  readonly redistributors: Device;
  spi(intid: number): InterruptLine;
  ppi(cpu: number, intid: number): InterruptLine;
  processor(cpu: number): GicPort;
}

/** One stretch of memory that an image fills: `bytes`, then zeros up to `memorySize`. */
export interface BoardSegment {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly memorySize: bigint;
  readonly origin: string;
}

export interface BoardPlan {
  readonly segments: readonly BoardSegment[];
  readonly entry: bigint;
}

interface Range {
  readonly base: bigint;
  readonly size: bigint;
}

/** A node of a flattened device tree; property values are bytes. */
export interface TreeNode {
  readonly name: string;
  readonly properties: readonly { readonly name: string; readonly value: Uint8Array }[];
  readonly children: readonly TreeNode[];
}

/** What a property can be: text(s), 32-bit cells, an empty property (`true`). */
export type TreeValue = string | readonly string[] | number | readonly number[] | true;

/** Readers and writers of images. Each throws an error that names value, rule and way out. */
export interface BoardImages {
  isElf(bytes: Uint8Array): boolean;
  parseElf(bytes: Uint8Array): object;
  planElf(file: object, placement: { readonly machine?: number }): BoardPlan;
  planFlat(bytes: Uint8Array, placement: { readonly address: bigint; readonly entry?: bigint }): BoardPlan;
  planArm64Boot(input: { readonly kernel: Uint8Array; readonly initrd?: Uint8Array; readonly deviceTree?: Uint8Array; readonly memory: Range }):
  BoardPlan & { readonly kernel: bigint; readonly initrd?: { readonly start: bigint; readonly end: bigint }; readonly deviceTree: bigint };
  assertFits(plan: BoardPlan, memory: readonly Range[]): void;
  fdtNode(name: string, properties: Readonly<Record<string, TreeValue>>, children: readonly TreeNode[]): TreeNode;
}
