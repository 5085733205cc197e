import { PSCI } from '../firmware/index.ts';
import { flatten } from './blob.ts';
import { affinity, POWER_KEY_LINE, VIRT_MAP, VIRT_SPI, VIRTIO_SLOTS, type VirtConfiguration, type Window } from './description.ts';
import type { BoardImages, TreeNode, TreeValue } from './parts.ts';

/** Trigger flags of an interrupt specifier (Linux, interrupt-controller/arm,gic.yaml). */
const EDGE = 1, LEVEL = 4;
const SPI = 0, PPI = 1;
/** Size of the blob that QEMU hands over: it keeps room for boot loaders that edit in place, and they report it. */
export const BLOB_SIZE = 0x10_0000;
const FIRST_PHANDLE = 0x8000;
const KEY_POWER = 116;

/** What the loader adds to `/chosen`. */
export interface Chosen {
  readonly bootargs?: string;
  readonly initrd?: { readonly start: bigint; readonly end: bigint };
}

export interface TreeOptions {
  /** Describe an ITS beside a GICv3, as QEMU has one by default; the board has none. Default false. */
  readonly its?: boolean;
  readonly chosen?: Chosen;
  /** False leaves out the power button and its GPIO controller, see `hasPowerKey`; default true. */
  readonly powerKey?: boolean;
}

/**
 * The device tree of a board: the same nodes, properties and values as QEMU 7.2 generates with `dtb-randomness=off`, in the same order,
 * so that software which walks it does so in as many steps. Random seeds are left out: a run must repeat.
 */
export function virtTree(board: VirtConfiguration, images: BoardImages, { its = false, chosen = {}, powerKey = true }: TreeOptions = {}): TreeNode {
  const node = (name: string, properties: Readonly<Record<string, TreeValue>>, children: readonly TreeNode[] = []): TreeNode => images.fdtNode(name, properties, children);
  const { cpus, gic } = board;
  const msi = gic === 2 || its;
  // In the order in which QEMU hands them out: the clock, the processors from the last to the first, the interrupt controller.
  const handle = {
    clock: FIRST_PHANDLE, cpu: (index: number): number => FIRST_PHANDLE + cpus - index,
    gic: FIRST_PHANDLE + cpus + 1, msi: msi ? FIRST_PHANDLE + cpus + 2 : undefined, gpio: FIRST_PHANDLE + cpus + (msi ? 3 : 2),
  };
  /** GICv2 puts the processors that a private interrupt can reach into bits 15:8. */
  const reach = gic === 2 ? ((1 << cpus) - 1) << 8 : 0;
  return node('', {
    'interrupt-parent': handle.gic, model: 'linux,dummy-virt', '#size-cells': 2, '#address-cells': 2, compatible: 'linux,dummy-virt',
  }, [
    node('psci', {
      migrate: Number(PSCI.MIGRATE_64), cpu_on: Number(PSCI.CPU_ON_64), cpu_off: Number(PSCI.CPU_OFF), cpu_suspend: Number(PSCI.CPU_SUSPEND_64),
      method: board.el2 ? 'smc' : 'hvc', compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'],
    }),
    node('memory@40000000', { reg: [...wide(VIRT_MAP.ram.base), ...wide(BigInt(board.ram))], device_type: 'memory' }),
    node('platform-bus@c000000', {
      'interrupt-parent': handle.gic, ranges: [0, 0, 0x0c00_0000, 0x0200_0000], '#address-cells': 1, '#size-cells': 1, compatible: ['qemu,platform', 'simple-bus'],
    }),
    node('fw-cfg@9020000', { 'dma-coherent': true, reg: reg(VIRT_MAP.fwCfg), compatible: 'qemu,fw-cfg-mmio' }),
    ...Array.from({ length: VIRTIO_SLOTS }, (_, slot) => {
      const base = VIRT_MAP.virtio.base + BigInt(slot * VIRT_MAP.virtio.size);
      return node(`virtio_mmio@${base.toString(16)}`, {
        'dma-coherent': true, interrupts: [SPI, VIRT_SPI.virtio + slot, EDGE], reg: reg({ ...VIRT_MAP.virtio, base }), compatible: 'virtio,mmio',
      });
    }),
    ...(powerKey ? powerKeyNodes(node, handle) : []),
    node('pcie@10000000', pcie(handle)),
    node('pl031@9010000', {
      'clock-names': 'apb_pclk', clocks: handle.clock, interrupts: [SPI, VIRT_SPI.rtc, LEVEL], reg: reg(VIRT_MAP.rtc), compatible: ['arm,pl031', 'arm,primecell'],
    }),
    node('pl011@9000000', {
      'clock-names': ['uartclk', 'apb_pclk'], clocks: [handle.clock, handle.clock], interrupts: [SPI, VIRT_SPI.uart, LEVEL], reg: reg(VIRT_MAP.uart),
      compatible: ['arm,pl011', 'arm,primecell'],
    }),
    node('pmu', { interrupts: [PPI, 7, reach | LEVEL], compatible: 'arm,armv8-pmuv3' }),
    gic === 2 ? gicV2(node, board, handle) : gicV3(node, board, handle),
    node('flash@0', { 'bank-width': 4, reg: VIRT_MAP.flash.flatMap(reg), compatible: 'cfi-flash' }),
    cpuNodes(node, board, handle.cpu),
    node('timer', {
      // Secure and non-secure physical, virtual, EL2 physical. QEMU 7.2 leaves the EL2 virtual timer out of the tree.
      interrupts: [13, 14, 11, 10].flatMap((ppi) => [PPI, ppi, reach | LEVEL]), 'always-on': true, compatible: ['arm,armv8-timer', 'arm,armv7-timer'],
    }),
    node('apb-pclk', {
      phandle: handle.clock, 'clock-output-names': 'clk24mhz', 'clock-frequency': 24_000_000, '#clock-cells': 0, compatible: 'fixed-clock',
    }),
    node('chosen', {
      ...(chosen.initrd && { 'linux,initrd-end': Number(chosen.initrd.end), 'linux,initrd-start': Number(chosen.initrd.start) }),
      ...(chosen.bootargs !== undefined && { bootargs: chosen.bootargs }),
      'stdout-path': '/pl011@9000000',
    }),
  ]);
}

/** The tree as a blob of `BLOB_SIZE` bytes, byte for byte QEMU's but for the padding, which is zero here. */
export function virtDeviceTree(board: VirtConfiguration, images: BoardImages, options?: TreeOptions): Uint8Array {
  return flatten(virtTree(board, images, options), BLOB_SIZE);
}

interface Handles {
  readonly gic: number;
  /** Of what takes message-signalled interrupts. */
  readonly msi: number | undefined;
}

type NodeMaker = (name: string, properties: Readonly<Record<string, TreeValue>>, children?: readonly TreeNode[]) => TreeNode;

function wide(value: bigint): readonly [number, number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
}

function reg({ base, size }: Window): number[] {
  return [...wide(base), ...wide(BigInt(size))];
}

/** The tree claims 64 KiB for each part of a GIC, more than decodes. */
const gicReg = (...parts: readonly Window[]): number[] => parts.flatMap(({ base }) => reg({ base, size: 0x1_0000 }));

function gicV2(node: NodeMaker, board: VirtConfiguration, handle: Handles): TreeNode {
  const parts = [VIRT_MAP.gicDistributor, VIRT_MAP.gicCpuInterface, ...(board.el2 ? [VIRT_MAP.gicVirtualControl, VIRT_MAP.gicVirtualCpuInterface] : [])];
  return node('intc@8000000', {
    phandle: handle.gic, ...(board.el2 && { interrupts: [PPI, 9, LEVEL] }), reg: gicReg(...parts), compatible: 'arm,cortex-a15-gic',
    ranges: true, '#size-cells': 2, '#address-cells': 2, 'interrupt-controller': true, '#interrupt-cells': 3,
  }, [node('v2m@8020000', { ...(handle.msi !== undefined && { phandle: handle.msi }), reg: reg(VIRT_MAP.gicV2m), 'msi-controller': true, compatible: 'arm,gic-v2m-frame' })]);
}

/** `msi`: the ITS, if there is one. */
function gicV3(node: NodeMaker, board: VirtConfiguration, handle: Handles): TreeNode {
  return node('intc@8000000', {
    phandle: handle.gic, ...(board.el2 && { interrupts: [PPI, 9, LEVEL] }),
    reg: [...gicReg(VIRT_MAP.gicDistributor), ...reg({ base: 0x080a_0000n, size: 0xf6_0000 })], '#redistributor-regions': 1, compatible: 'arm,gic-v3',
    ranges: true, '#size-cells': 2, '#address-cells': 2, 'interrupt-controller': true, '#interrupt-cells': 3,
  }, handle.msi === undefined ? [] : [node('its@8080000', {
    phandle: handle.msi, reg: reg({ base: 0x0808_0000n, size: 0x2_0000 }), '#msi-cells': 1, 'msi-controller': true, compatible: 'arm,gic-v3-its',
  })]);
}

function powerKeyNodes(node: NodeMaker, handle: { readonly gpio: number; readonly clock: number }): readonly TreeNode[] {
  return [
    node('gpio-keys', { compatible: 'gpio-keys' }, [
      node('poweroff', { gpios: [handle.gpio, POWER_KEY_LINE, 0], 'linux,code': KEY_POWER, label: 'GPIO Key Poweroff' }),
    ]),
    node('pl061@9030000', {
      phandle: handle.gpio, 'clock-names': 'apb_pclk', clocks: handle.clock, interrupts: [SPI, VIRT_SPI.gpio, LEVEL], 'gpio-controller': true, '#gpio-cells': 2,
      compatible: ['arm,pl061', 'arm,primecell'], reg: reg(VIRT_MAP.gpio),
    }),
  ];
}

function cpuNodes(node: NodeMaker, board: VirtConfiguration, handle: (index: number) => number): TreeNode {
  const all = Array.from({ length: board.cpus }, (_, index) => index);
  return node('cpus', { '#size-cells': 0, '#address-cells': 1 }, [
    node('cpu-map', {}, [node('socket0', {}, [node('cluster0', {}, all.map((index) => node(`core${index}`, { cpu: handle(index) })))])]),
    ...all.map((index) => node(`cpu@${index.toString(16)}`, {
      phandle: handle(index), reg: Number(affinity(index)), ...(board.cpus > 1 && { 'enable-method': 'psci' }), compatible: `arm,${board.model}`, device_type: 'cpu',
    })),
  ]);
}

/** Host bridge with its windows (PCI Bus Binding, IEEE 1275): type of space, PCI address, processor address, size. */
function pcie({ gic, msi }: Handles): Readonly<Record<string, TreeValue>> {
  const PORTS = 0x100_0000, MEMORY = 0x200_0000, MEMORY_64 = 0x300_0000;
  const { pcieMemory, pciePorts, pcieMemory64, pcieConfiguration } = VIRT_MAP;
  const range = (space: number, bus: bigint, { base, size }: Window): number[] => [space, ...wide(bus), ...wide(base), ...wide(BigInt(size))];
  // Pin p (1 to 4) of device d goes to interrupt (d + p - 1) mod 4, the swizzle of PCI-to-PCI bridges.
  const map = [0, 1, 2, 3].flatMap((device) => [1, 2, 3, 4].flatMap((pin) =>
    [device << 11, 0, 0, pin, gic, 0, 0, SPI, VIRT_SPI.pcie + ((device + pin - 1) % 4), LEVEL]));
  return {
    'interrupt-map-mask': [0x1800, 0, 0, 7], 'interrupt-map': map, '#interrupt-cells': 1,
    ranges: [...range(PORTS, 0n, pciePorts), ...range(MEMORY, pcieMemory.base, pcieMemory), ...range(MEMORY_64, pcieMemory64.base, pcieMemory64)],
    reg: reg(pcieConfiguration), ...(msi !== undefined && { 'msi-map': [0, msi, 0, 0x1_0000] }), 'dma-coherent': true, 'bus-range': [0, 0xff], 'linux,pci-domain': 0,
    '#size-cells': 2, '#address-cells': 3, device_type: 'pci', compatible: 'pci-host-ecam-generic',
  };
}
