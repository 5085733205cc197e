import { Machine, MachineError, type Board, type BoardBuilder, type InterruptLine, type PhysicalMemory, type Plain } from '@worldswitch/machine';
import { firmwareCall, SemihostingHost } from './calls.ts';
import {
  affinity, configure, MAINTENANCE_PPI, POWER_KEY_LINE, RTC_EPOCH, TICKS_PER_SECOND, V2M_COUNT, VIRT_MAP, VIRT_PPI, VIRT_SPI, VIRTIO_SLOTS,
  type VirtConfiguration, type VirtOptions, type Window,
} from './description.ts';
import { hasPowerKey, planBoot, type BootImage, type BootPlan } from './load.ts';
import type { BoardDevices, BoardImages, GicV2Part, GicV3Part } from './parts.ts';
import type { MakeCpu, VirtCpu, VirtCpuSetup } from './processor.ts';

/** Everything a machine is made from. */
export interface VirtSetup<M extends PhysicalMemory> extends VirtOptions {
  /** The module `@worldswitch/devices`, or another with the same parts. */
  readonly devices: BoardDevices;
  /** The module `@worldswitch/image`. */
  readonly images: BoardImages;
  /** Empty physical memory: the engine's (`EngineMemory`), or `ReferenceMemory` for processors that read it themselves. */
  readonly memory: M;
  readonly makeCpu: MakeCpu<M>;
  /** What to start; default nothing. */
  readonly image?: BootImage;
  /** Bytes the guest sends on the PL011, one at a time. */
  readonly console?: (byte: number) => void;
  /** Answers HLT #0xF000; its output goes where the console's does. */
  readonly semihosting?: { readonly commandLine?: string };
  /** A blob to use instead of the generated tree. */
  readonly deviceTree?: Uint8Array;
}

/**
 * A composed board. Input channels of `machine.inputs`: `console` takes a Uint8Array of what is typed, `power-button` (on a board that
 * has the button, see `hasPowerKey`) anything.
 * A guest's PSCI SYSTEM_OFF and SYSTEM_RESET end the run as `halted` with `why` `SYSTEM_OFF` or `SYSTEM_RESET`; after the latter call `reset()` and run on.
 */
export interface Virt<M extends PhysicalMemory> {
  readonly machine: Machine<M>;
  readonly cpus: readonly VirtCpu[];
  readonly plan: BootPlan;
  /** Cold start: processors and devices reset, the image loaded again. */
  reset(): void;
}

/** Time the power button stays pressed. */
const KEY_PRESS_TICKS = BigInt(TICKS_PER_SECOND / 10);
const INTID_OF_SPI = 32;

/** Selector keys of fw_cfg that the board fills (QEMU, docs/specs/fw_cfg). */
const FW_CFG = { CPUS: 0x05, KERNEL_SIZE: 0x08, INITRD_SIZE: 0x0b, KERNEL_DATA: 0x11, INITRD_DATA: 0x12, COMMAND_LINE_SIZE: 0x14, COMMAND_LINE: 0x15 } as const;

/**
 * QEMU's `virt` board with a GICv2 or GICv3, loaded and ready to run. The plan is made first: a wrong option or an image that does not fit throws before anything exists.
 *
 * @throws MachineError `bad-range` for a wrong option, and what `planBoot` throws.
 */
export function createVirt<M extends PhysicalMemory>(setup: VirtSetup<M>): Virt<M> {
  const board = configure(setup);
  const image = setup.image ?? { kind: 'none' };
  const plan = planBoot(image, board, setup.images, setup.deviceTree && { deviceTree: setup.deviceTree });
  const cpus: VirtCpu[] = [];
  const recipe: Board<M> = {
    name: `virt-gicv${board.gic}-${board.el2 ? 'el2' : 'el1'}`, cpus: board.cpus, ticksPerSecond: TICKS_PER_SECOND,
    compose: (builder) => { compose(builder, setup, board, image, plan, cpus); },
  };
  const machine = new Machine(recipe, setup.memory);
  const boot = (): void => {
    load(setup.memory, plan);
    cpus.forEach((cpu, index) => { if (index === 0) cpu.start(plan.start); else cpu.powerOff(); });
  };
  boot();
  return { machine, cpus, plan, reset: () => { machine.reset(); boot(); } };
}

function compose<M extends PhysicalMemory>(builder: BoardBuilder<M>, setup: VirtSetup<M>, board: VirtConfiguration, image: BootImage, plan: BootPlan, cpus: VirtCpu[]): void {
  const { memory } = builder;
  const { devices } = setup;
  memory.ram(VIRT_MAP.ram.base, board.ram, 'ram');
  VIRT_MAP.flash.forEach((bank, n) => builder.romDevice(`flash${n}`, new devices.CfiFlash(), bank));
  const semihosting = setup.semihosting && semihostingHost(builder, setup, board, plan);
  const affinities = Array.from({ length: board.cpus }, (_, index) => affinity(index));
  // Before the processors, which hold its CPU interfaces; a GICv2 comes after them and gets their inputs.
  const gicV3 = board.gic === 3 ? new devices.GicV3({ affinities, maintenance: MAINTENANCE_PPI }) : undefined;
  for (let index = 0; index < board.cpus; index++) {
    const cpuSetup: VirtCpuSetup = {
      el: board.el2 ? 2 : 1, affinity: affinities[index], frequency: TICKS_PER_SECOND, conduit: board.el2 ? 'smc' : 'hvc',
      firmware: (call) => firmwareCall(call, index, cpus, board, (why) => { builder.halt(why); }),
      ...(gicV3 && { gic: gicV3.processor(index) }),
      ...(semihosting && { semihosting: (operation, parameter, guest) => semihosting.call(operation, parameter, guest) }),
    };
    builder.cpu((port) => {
      const cpu = setup.makeCpu(port, cpuSetup);
      cpus.push(cpu);
      return cpu;
    });
  }
  const gic = gicV3 ?? gicV2(devices, board, cpus);
  cpus.forEach((_, index) => {
    for (const [output, intid] of Object.entries(VIRT_PPI)) builder.output(index, output).connect(gic.ppi(index, intid));
  });
  if ('redistributors' in gic) mapGicV3(builder, gic, board);
  else mapGicV2(builder, devices, gic, board);
  const spi = (number: number): InterruptLine => gic.spi(INTID_OF_SPI + number);
  serial(builder, devices, spi(VIRT_SPI.uart), setup.console);
  builder.device('rtc', new devices.Pl031({ irq: spi(VIRT_SPI.rtc), clock: builder.clock, epoch: RTC_EPOCH }), VIRT_MAP.rtc);
  if (hasPowerKey(image)) powerKey(builder, devices, spi(VIRT_SPI.gpio));
  builder.device('fw-cfg', new devices.FwCfg({ dma: builder.dma, items: fwCfgItems(board, image), files: FW_CFG_FILES }), VIRT_MAP.fwCfg);
  for (let slot = 0; slot < VIRTIO_SLOTS; slot++) {
    const place: Window = { ...VIRT_MAP.virtio, base: VIRT_MAP.virtio.base + BigInt(slot * VIRT_MAP.virtio.size) };
    builder.device(`virtio${slot}`, new devices.VirtioMmioSlot(), place);
  }
  builder.device('pcie-memory', new devices.OpenBus(), VIRT_MAP.pcieMemory);
  builder.device('pcie-ports', new devices.OpenBus(), VIRT_MAP.pciePorts);
  builder.device('pcie', new devices.PcieEcam(), VIRT_MAP.pcieConfiguration);
  builder.device('pcie-memory-64', new devices.OpenBus(), VIRT_MAP.pcieMemory64);
}

function gicV2(devices: BoardDevices, board: VirtConfiguration, cpus: readonly VirtCpu[]): GicV2Part {
  const input = (index: number, name: string): InterruptLine => {
    const line = cpus[index].inputs[name];
    if (!line) throw new MachineError('unknown-name', `virt: processor ${index} has no input '${name}'; the board needs irq and fiq, and virq and vfiq with EL2.`);
    return line;
  };
  return new devices.GicV2({
    cpus: cpus.map((_, index) => ({
      irq: input(index, 'irq'), fiq: input(index, 'fiq'), ...(board.el2 && { virq: input(index, 'virq'), vfiq: input(index, 'vfiq') }),
    })),
    maintenance: MAINTENANCE_PPI,
  });
}

function mapGicV3<M extends PhysicalMemory>(builder: BoardBuilder<M>, gic: GicV3Part, board: VirtConfiguration): void {
  builder.device('gic', gic.distributor, VIRT_MAP.gicV3Distributor);
  const { base, size } = VIRT_MAP.gicRedistributor;
  builder.memory.device(base, size * board.cpus, gic.redistributors, 'gicr');
}

function mapGicV2<M extends PhysicalMemory>(builder: BoardBuilder<M>, devices: BoardDevices, gic: GicV2Part, board: VirtConfiguration): void {
  const { memory } = builder;
  // The controller is one state behind several windows: only the distributor goes into the snapshot.
  builder.device('gic', gic.distributor, VIRT_MAP.gicDistributor);
  const map = (window: Window, device: GicV2Part['cpuInterface'], name: string): void => { memory.device(window.base, window.size, device, name); };
  map(VIRT_MAP.gicCpuInterface, gic.cpuInterface, 'gicc');
  if (board.el2) {
    map(VIRT_MAP.gicVirtualControl, gic.virtualControl, 'gich');
    map(VIRT_MAP.gicVirtualCpuInterface, gic.virtualCpuInterface, 'gicv');
  }
  const first = INTID_OF_SPI + VIRT_SPI.v2m;
  builder.device('gicv2m', new devices.GicV2m({ first, count: V2M_COUNT, spi: (intid) => gic.spi(intid) }), VIRT_MAP.gicV2m);
}

function serial<M extends PhysicalMemory>(builder: BoardBuilder<M>, devices: BoardDevices, irq: InterruptLine, console: ((byte: number) => void) | undefined): void {
  const queue = new devices.SerialQueue(() => uart);
  const uart = new devices.Pl011({ irq, onTransmit: console ?? (() => {}), onRoom: () => { queue.drain(); } });
  builder.device('uart', uart, VIRT_MAP.uart);
  builder.device('console', queue);
  builder.inputs.channel('console', (data: Plain) => {
    if (!(data instanceof Uint8Array)) throw new MachineError('not-plain', `virt: console input is a ${typeof data}; post the typed bytes as a Uint8Array.`);
    queue.push(data);
  });
}

function powerKey<M extends PhysicalMemory>(builder: BoardBuilder<M>, devices: BoardDevices, irq: InterruptLine): void {
  const gpio = builder.device('gpio', new devices.Pl061({ irq }), VIRT_MAP.gpio);
  const key = gpio.input(POWER_KEY_LINE);
  const released = builder.clock.event('power-button.release', () => { key.set(false); });
  builder.inputs.channel('power-button', () => {
    key.set(true);
    released.schedule(builder.clock.now() + KEY_PRESS_TICKS);
  });
}

function semihostingHost<M extends PhysicalMemory>(builder: BoardBuilder<M>, setup: VirtSetup<M>, board: VirtConfiguration, plan: BootPlan): SemihostingHost {
  const out = (bytes: Uint8Array): void => { for (const byte of bytes) setup.console?.(byte); };
  const host = builder.device('semihosting', new SemihostingHost(builder.clock, board, out, setup.semihosting?.commandLine ?? ''));
  for (const { address, memorySize, origin } of plan.segments) {
    const end = (address + memorySize + 7n) & ~7n;
    if (origin !== 'device tree' && end > host.heapBase) host.heapBase = end;
  }
  return host;
}

/** Of the files QEMU offers, those that need no tables: ACPI and SMBIOS are not described here. A boot loader that finds none uses the device tree. */
const FW_CFG_FILES = [
  { name: 'bios-geometry', data: new Uint8Array(0) }, { name: 'bootorder', data: new Uint8Array(0) },
  { name: 'etc/boot-fail-wait', data: new Uint8Array(4).fill(0xff) },
] as const;

/** The number of processors, and what firmware is to start. */
function fwCfgItems(board: VirtConfiguration, image: BootImage): ReadonlyMap<number, Uint8Array> {
  const items = new Map<number, Uint8Array>([[FW_CFG.CPUS, Uint8Array.of(board.cpus, 0)]]);
  const add = (sizeKey: number, key: number, data: Uint8Array | undefined): void => {
    if (!data) return;
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, data.length, true);
    items.set(sizeKey, size).set(key, data);
  };
  if (image.kind !== 'firmware') return items;
  add(FW_CFG.KERNEL_SIZE, FW_CFG.KERNEL_DATA, image.kernel);
  add(FW_CFG.INITRD_SIZE, FW_CFG.INITRD_DATA, image.initrd);
  add(FW_CFG.COMMAND_LINE_SIZE, FW_CFG.COMMAND_LINE, image.commandLine === undefined ? undefined : new TextEncoder().encode(`${image.commandLine}\0`));
  return items;
}

/** Writes a plan, zero-filled parts included: after a reset they hold what the guest left there. */
function load(memory: PhysicalMemory, plan: BootPlan): void {
  for (const { address, bytes, memorySize } of plan.segments) {
    memory.loadBytes(address, bytes);
    const end = address + memorySize;
    for (let at = address + BigInt(bytes.length); at < end; at += BigInt(ZEROS.length)) {
      const left = end - at;
      memory.loadBytes(at, left < BigInt(ZEROS.length) ? ZEROS.subarray(0, Number(left)) : ZEROS);
    }
  }
}

const ZEROS = new Uint8Array(0x1_0000);
