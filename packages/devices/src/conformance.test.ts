import { describe, expect, it } from 'vitest';
import { ReferenceMemory, VirtualClock, type Device } from '@worldswitch/machine';
import { checkDevice, type ConformanceOptions, type Subject } from '@worldswitch/machine/testing';
import { CfiFlash, FW_CFG_KEY, FwCfg, GicV2, GicV2m, GicV3, OpenBus, PcieEcam, Pl011, Pl031, Pl061, SerialQueue, VirtioMmioSlot } from './index.ts';

class Probe {
  level = false;
  set(level: boolean): void { this.level = level; }
}

const words = (...offsets: number[]): number[] => offsets;

const gic = (cpus: number, window: 'distributor' | 'cpuInterface' | 'virtualControl' | 'virtualCpuInterface'): (() => Subject) => () => {
  const probes = Array.from({ length: cpus * 4 }, () => new Probe());
  const controller = new GicV2({ cpus: Array.from({ length: cpus }, (_, i) => ({ irq: probes[4 * i], fiq: probes[4 * i + 1], virq: probes[4 * i + 2], vfiq: probes[4 * i + 3] })) });
  return {
    device: controller[window],
    observe: () => probes.map((probe) => probe.level),
    act: (random) => {
      const cpu = random.below(cpus);
      switch (random.below(7)) {
        case 0: controller.spi(32 + random.below(256)).set(random.below(2) === 1); break;
        case 1: controller.ppi(cpu, 16 + random.below(9)).set(random.below(2) === 1); break;
        case 2: controller.distributor.write(0x000, 4, 3n, cpu); break;
        case 3: controller.distributor.write(0x100 + 4 * random.below(9), 4, random.value(4), cpu); break;
        case 4: controller.cpuInterface.write(0x00, 4, 0x207n, cpu); controller.cpuInterface.write(0x04, 4, 0xffn, cpu); break;
        case 5: controller.virtualControl.write(0x100 + 4 * random.below(4), 4, random.value(4), cpu); controller.virtualControl.write(0, 4, 1n, cpu); controller.virtualControl.write(8, 4, 0xf000_0003n, cpu); break;
        default: controller.distributor.write(0xf00, 4, random.value(4), cpu);
      }
    },
  };
};

const gicV3 = (window: 'distributor' | 'redistributors') => (): Subject => {
  const controller = new GicV3({ affinities: [0n, 1n] });
  const sides = [0, 1].map((cpu) => controller.processor(cpu));
  const offered: (number | null)[] = [];
  sides.forEach((side, cpu) => { side.listen(() => { offered[cpu] = side.best()?.intid ?? null; }); });
  return {
    device: controller[window],
    observe: () => offered.map((intid) => intid ?? null),
    act: (random) => {
      const cpu = random.below(2);
      switch (random.below(8)) {
        case 0: controller.spi(32 + random.below(256)).set(random.below(2) === 1); break;
        case 1: controller.ppi(cpu, 16 + random.below(9)).set(random.below(2) === 1); break;
        case 2: controller.distributor.write(0, 4, 3n, cpu); break;
        case 3: controller.distributor.write(0x100 + 4 * random.below(9), 4, random.value(4), cpu); break;
        case 4: controller.redistributors.write(0x2_0000 * cpu + 0x1_0100, 4, random.value(4), cpu); break;
        case 5: sides[cpu].activate(random.below(288)); break;
        case 6: sides[cpu].deactivate(random.below(300)); break;
        default: sides[cpu].send({ intid: random.below(16), group: random.below(2) === 1 ? 1 : 0, to: random.below(2) === 1 ? 'others' : { affinity: 0n, targets: random.below(4) } });
      }
    },
  };
};

const subjects: (Omit<ConformanceOptions, 'name'> & { name: string })[] = [
  {
    name: 'pl011', size: 0x1000, offsets: words(0, 4, 0x18, 0x2c, 0x38, 0x3c, 0x40, 0x44),
    create: () => {
      const irq = new Probe();
      const sent: number[] = [];
      const uart = new Pl011({ irq, onTransmit: (byte) => sent.push(byte) });
      return { device: uart, observe: () => ({ irq: irq.level }), act: (random) => { if (random.below(5) === 0) uart.receiveBreak(); else uart.receive(random.below(256)); } };
    },
  },
  {
    name: 'pl031', size: 0x1000, offsets: words(0, 4, 8, 0x10, 0x14, 0x18, 0x1c),
    create: () => {
      const irq = new Probe();
      const clock = new VirtualClock(10);
      const device = new Pl031({ irq, clock, epoch: 1000 });
      return {
        device, observe: () => irq.level, saveSurroundings: () => clock.save(), restoreSurroundings: (state) => clock.restore(state),
        act: (random) => { clock.advance(random.below(40)); clock.fireDue(); if (random.below(2) === 0) device.write(4, 4, device.read(0, 4, 0) + BigInt(random.below(4)), 0); },
      };
    },
  },
  {
    name: 'pl061', size: 0x1000, offsets: words(0x3fc, 0x400, 0x404, 0x408, 0x40c, 0x410, 0x41c),
    create: () => {
      const irq = new Probe();
      const gpio = new Pl061({ irq });
      return { device: gpio, observe: () => irq.level, act: (random) => gpio.input(random.below(8)).set(random.below(2) === 1) };
    },
  },
  {
    name: 'cfi flash', size: 0x8000, offsets: words(0, 4, 0x40, 0x154, 0x4000),
    create: () => {
      const memory = new ReferenceMemory();
      const flash = new CfiFlash({ blockSize: 0x4000 });
      memory.romDevice(0n, 0x8000, flash);
      const commands = [0xff, 0x98, 0x90, 0x70, 0x50, 0x20, 0x40, 0x60, 0xe8, 0xd0, 2];
      return {
        device: flash, saveSurroundings: () => memory.save(), restoreSurroundings: (state) => memory.restore(state),
        act: (random) => flash.write(4 * random.below(16), 4, BigInt(random.pick(commands)), 0),
      };
    },
  },
  {
    name: 'fw_cfg', size: 0x18, offsets: words(0, 8, 0x10, 0x14),
    create: () => {
      const memory = new ReferenceMemory();
      memory.ram(0n, 0x1000);
      const device = new FwCfg({
        dma: { read: (a, n) => memory.readBytes(a, n), write: (a, b) => memory.writeBytes(a, b) }, items: new Map([[FW_CFG_KEY.NB_CPUS, Uint8Array.of(1, 0)]]),
        files: [{ name: 'bootorder', data: new Uint8Array(9).fill(65) }],
      });
      return {
        device, saveSurroundings: () => memory.save(), restoreSurroundings: (state) => memory.restore(state),
        act: (random) => {
          const key = random.pick([0, 1, 5, 0x19, 0x20]);
          if (random.below(2) === 0) { device.write(8, 2, BigInt(key << 8), 0); return; }
          memory.loadBytes(0n, Uint8Array.of(0, key, 0, random.below(32), 0, 0, 0, random.below(200), 0, 0, 0, 0, 0, 0, 0, 64));
          device.write(0x14, 4, 0n, 0);
        },
      };
    },
  },
  { name: 'pcie ecam', size: 0x1000_0000, offsets: words(0, 4, 0xc, 0x3c, 0x40, 0x44, 0x8000), create: () => ({ device: new PcieEcam() }) },
  { name: 'open bus', size: 0x1000, create: () => ({ device: new OpenBus() }) },
  { name: 'virtio slot', size: 0x200, offsets: words(0, 4, 8, 12), create: () => ({ device: new VirtioMmioSlot() }) },
  { name: 'gicv2m', size: 0x1000, offsets: words(8, 0x40), create: () => { const line = new Probe(); return { device: new GicV2m({ first: 80, count: 64, spi: () => line }), observe: () => line.level }; } },
  { name: 'gicv2 distributor', size: 0x1000, cpus: 2, seeds: 5, create: gic(2, 'distributor') },
  { name: 'gicv2 cpu interface', size: 0x2000, cpus: 2, seeds: 5, offsets: words(0, 4, 8, 0xc, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x1000), create: gic(2, 'cpuInterface') },
  { name: 'gicv2 virtual control', size: 0x1000, seeds: 5, offsets: words(0, 8, 0x10, 0x100, 0x104, 0x108), create: gic(1, 'virtualControl') },
  { name: 'gicv2 virtual cpu interface', size: 0x2000, seeds: 5, offsets: words(0, 4, 8, 0xc, 0x10, 0x1000), create: gic(1, 'virtualCpuInterface') },
  { name: 'gicv3 distributor', size: 0x1_0000, cpus: 2, seeds: 5, offsets: words(0, 0x84, 0x104, 0x204, 0x304, 0x420, 0xc08, 0x6100), create: gicV3('distributor') },
  { name: 'gicv3 redistributors', size: 0x4_0000, cpus: 2, seeds: 5, offsets: words(0x14, 0x1_0080, 0x1_0100, 0x1_0200, 0x1_0300, 0x1_0400, 0x1_0c04, 0x3_0100, 0x3_0200), create: gicV3('redistributors') },
];

describe('every device keeps the contract', () => {
  it.each(subjects)('$name', (subject) => {
    expect(checkDevice(subject)).toEqual([]);
  });

  it('serial queue', () => {
    const taken: number[] = [];
    let room = 2;
    const make = (): SerialQueue => new SerialQueue(() => ({ receive: (byte) => room > 0 && (room--, taken.push(byte) > 0) }));
    const queue = make();
    queue.push(Uint8Array.of(1, 2, 3, 4));
    expect([taken, queue.length]).toEqual([[1, 2], 2]);
    const twin: Device & { length: number; drain(): void } = make();
    twin.restore(structuredClone(queue.save()));
    expect(twin.length).toBe(2);
    room = 1;
    twin.drain();
    expect(taken).toEqual([1, 2, 3]);
  });
});
