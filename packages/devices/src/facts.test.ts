/** Values measured on QEMU's `virt` board, and rules of the manuals, one small test each; no emulator needed. */
import { describe, expect, it } from 'vitest';
import { ReferenceMemory, VirtualClock, type Device } from '@worldswitch/machine';
import { CfiFlash, FwCfg, GicV2, Pl011, Pl031, Pl061 } from './index.ts';

class Probe {
  level = false;
  set(level: boolean): void { this.level = level; }
}

const get = (device: Device, offset: number, from = 0): number => Number(device.read(offset, 4, from));
const put = (device: Device, offset: number, value: number, from = 0): void => device.write(offset, 4, BigInt(value >>> 0), from);

describe('PL011', () => {
  const make = (): { uart: Pl011; irq: Probe; sent: number[] } => {
    const irq = new Probe();
    const sent: number[] = [];
    return { uart: new Pl011({ irq, onTransmit: (byte) => sent.push(byte) }), irq, sent };
  };

  it('resets to the values of the manual', () => {
    const { uart } = make();
    expect([0x18, 0x30, 0x34, 0x38, 0x3c].map((o) => get(uart, o))).toEqual([0x90, 0x300, 0x12, 0, 0]);
    expect([0xfe0, 0xfe4, 0xfe8, 0xfec, 0xff0, 0xff4, 0xff8, 0xffc].map((o) => get(uart, o))).toEqual([0x11, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1]);
  });

  it('raises TX with each character written, and only then', () => {
    const { uart, irq, sent } = make();
    put(uart, 0x44, 0x7ff);
    put(uart, 0x38, 0x20);
    expect([get(uart, 0x3c), irq.level]).toEqual([0, false]);
    put(uart, 0, 0x141);
    expect([sent, get(uart, 0x40), irq.level]).toEqual([[0x41], 0x20, true]);
    put(uart, 0x44, 0x20);
    expect([get(uart, 0x40), irq.level]).toEqual([0, false]);
  });

  it('holds one character without FIFO and sixteen with, and pushes back', () => {
    const { uart, irq } = make();
    put(uart, 0x38, 0x10);
    expect([uart.receive(1), uart.receive(2), get(uart, 0x18), irq.level]).toEqual([true, false, 0xc0, true]);
    expect([get(uart, 0), get(uart, 0x18), irq.level]).toEqual([1, 0x90, false]);
    put(uart, 0x2c, 0x10);
    for (let i = 0; i < 16; i++) expect(uart.receive(i)).toBe(true);
    expect(uart.receive(16)).toBe(false);
    expect(get(uart, 0x18)).toBe(0xc0);
    expect(Array.from({ length: 16 }, () => get(uart, 0))).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(get(uart, 0x18)).toBe(0x90);
    uart.receiveBreak();
    expect([get(uart, 0), get(uart, 4)]).toEqual([0x400, 4]);
  });
});

describe('PL031', () => {
  it('counts virtual seconds and matches when the counter reaches RTCMR', () => {
    const irq = new Probe();
    const clock = new VirtualClock(100);
    const rtc = new Pl031({ irq, clock, epoch: 1000 });
    put(rtc, 0x10, 1);
    clock.advance(250);
    expect(get(rtc, 0)).toBe(1002);
    put(rtc, 4, 1004);
    expect(clock.nextDue()).toBe(400n);
    clock.advance(150);
    clock.fireDue();
    expect([get(rtc, 0), get(rtc, 0x18), irq.level]).toEqual([1004, 1, true]);
    put(rtc, 0x1c, 1);
    expect(irq.level).toBe(false);
    put(rtc, 8, 5);
    expect([get(rtc, 0), get(rtc, 8)]).toEqual([5, 5]);
    put(rtc, 4, 5);
    expect(irq.level).toBe(true);
  });
});

describe('PL061', () => {
  it('tells Linux of the power button: a rising edge on line 3', () => {
    const irq = new Probe();
    const gpio = new Pl061({ irq });
    put(gpio, 0x40c, 8);
    put(gpio, 0x410, 8);
    gpio.input(3).set(true);
    expect([get(gpio, 0x418), get(gpio, 8 << 2), irq.level]).toEqual([8, 8, true]);
    gpio.input(3).set(false);
    put(gpio, 0x41c, 8);
    expect(irq.level).toBe(false);
  });
});

describe('CFI flash', () => {
  it('runs code until the first command, and again after read-array', () => {
    const memory = new ReferenceMemory();
    memory.romDevice(0n, 0x400_0000, new CfiFlash());
    memory.loadBytes(0n, Uint8Array.of(0xaa, 0xbb));
    expect(memory.read(0n, 2, 0)).toBe(0xbbaan);
    memory.write(0x154n, 2, 0x98n, 0);
    expect([0x40n, 0x44n, 0x48n].map((at) => memory.read(at, 2, 0))).toEqual([0x51n, 0x52n, 0x59n]);
    memory.write(0n, 2, 0xf0n, 0);
    expect(memory.read(0x40n, 4, 0)).toBe(0x51_0051n);
    memory.write(0n, 2, 0xffn, 0);
    expect(memory.read(0n, 2, 0)).toBe(0xbbaan);
    expect(() => memory.romDevice(0x1000_0000n, 0x30_0000, new CfiFlash())).toThrow(/power of two/);
  });
});

describe('fw_cfg', () => {
  it('lists its files big-endian', () => {
    const device = new FwCfg({ dma: { read: () => undefined, write: () => false }, files: [{ name: 'etc/x', data: new Uint8Array(5) }] });
    device.write(8, 2, 0x1900n, 0);
    expect(device.read(0, 8, 0)).toBe(0x0500_0000_0100_0000n);
    expect(device.read(0, 2, 0)).toBe(0x2000n);
    expect(device.read(16, 8, 0)).toBe(0x47464320_554d4551n);
    expect(() => new FwCfg({ dma: { read: () => undefined, write: () => false }, files: [{ name: 'x'.repeat(56), data: new Uint8Array(0) }] })).toThrow(/55/);
  });
});

describe('GICv2', () => {
  const make = (cpus = 1): { gic: GicV2; lines: { irq: Probe; fiq: Probe; virq: Probe; vfiq: Probe }[] } => {
    const lines = Array.from({ length: cpus }, () => ({ irq: new Probe(), fiq: new Probe(), virq: new Probe(), vfiq: new Probe() }));
    return { gic: new GicV2({ cpus: lines }), lines };
  };
  /** The state of the measured table: CTLR 0x201, PMR 0xf0, all in group 0, priority 0xa0. */
  const measured = (cpus = 1): ReturnType<typeof make> => {
    const rig = make(cpus);
    const { distributor: d, cpuInterface: c } = rig.gic;
    put(d, 0, 1);
    for (let cpu = 0; cpu < cpus; cpu++) {
      for (let i = 0; i < 8; i++) put(d, 0x400 + 4 * i, 0xa0a0a0a0, cpu);
      put(d, 0x100, 0xffffffff, cpu);
      put(c, 0, 0x201, cpu);
      put(c, 4, 0xf0, cpu);
    }
    return rig;
  };

  it('resets to the measured values', () => {
    const { distributor: d, cpuInterface: c, virtualControl: h, virtualCpuInterface: v } = make().gic;
    expect([0x004, 0x008, 0x100, 0xc00, 0xfe8, 0x800].map((o) => get(d, o))).toEqual([8, 0x43b, 0xffff, 0xaaaaaaaa, 0x2b, 0]);
    expect([0x0c, 0x14, 0x18, 0x1c, 0xfc].map((o) => get(c, o))).toEqual([0x3ff, 0xff, 0x3ff, 1, 0x2043b]);
    expect([0x04, 0x08, 0x30].map((o) => get(h, o))).toEqual([0x90000003, 0x004c0000, 0xf]);
    put(c, 0, 0xffffffff);
    expect(get(c, 0)).toBe(0x21f);
    put(h, 8, 0xf0000001);
    expect([get(h, 8), get(v, 0), get(v, 4), get(v, 8), get(v, 0x1c)]).toEqual([0xf04c0001, 1, 0xf0, 2, 3]);
    put(v, 4, 0xff);
    expect(get(v, 4)).toBe(0xf8);
  });

  it('level interrupt through acknowledge, priority drop and deactivation', () => {
    const { gic, lines: [{ irq }] } = measured();
    const { distributor: d, cpuInterface: c } = gic;
    gic.ppi(0, 30).set(true);
    expect([get(d, 0x200), irq.level, get(c, 0x18)]).toEqual([1 << 30, true, 30]);
    expect([Number(c.read(0xc, 4, 'debugger')), get(c, 0xc), get(c, 0x14), get(d, 0x200), irq.level, get(c, 0xd8)]).toEqual([30, 30, 0xa0, 1 << 30, false, 1 << 16]);
    put(c, 0x10, 30);
    expect([get(c, 0x14), get(d, 0x300), irq.level]).toEqual([0xff, 1 << 30, false]);
    put(c, 0x1000, 30);
    expect([get(d, 0x300), irq.level]).toEqual([0, true]);
    put(d, 0x300, 1 << 30);
    expect(irq.level).toBe(false);
    put(d, 0x380, 1 << 30);
    put(d, 0x280, 1 << 30);
    expect([get(d, 0x200), irq.level]).toEqual([1 << 30, true]);
    gic.ppi(0, 30).set(false);
    expect([get(d, 0x200), irq.level]).toEqual([0, false]);
  });

  it('software interrupts, groups, and byte access to priorities', () => {
    const { gic, lines: [{ irq, fiq }] } = measured();
    const { distributor: d, cpuInterface: c } = gic;
    put(d, 0xf00, (2 << 24) + 3);
    expect([get(d, 0x200), get(d, 0xf20), get(c, 0xc)]).toEqual([8, 0x01000000, 3]);
    put(c, 0x10, 3); put(c, 0x1000, 3);
    put(d, 0xf00, (1 << 24) + 4);
    expect(get(c, 0xc)).toBe(0x3ff);
    put(d, 0x80, 1 << 5);
    put(d, 0, 3);
    put(c, 0, 3);
    put(d, 0xf00, (2 << 24) + 5);
    expect([irq.level, get(c, 0xc), get(c, 0x18), get(c, 0x28), get(c, 0x20)]).toEqual([true, 0x3fe, 0x3fe, 5, 5]);
    put(c, 0x24, 5);
    put(c, 0, 0xb);
    put(d, 0xf00, (2 << 24) + 6);
    expect([irq.level, fiq.level]).toEqual([false, true]);
    d.write(0x421, 1, 0x55n, 0);
    expect(get(d, 0x420)).toBe(0x5500);
    put(d, 0xc04, 0xffffffff);
    expect(get(d, 0xc04)).toBe(0xaaaaaaaa);
  });

  it('banks by processor: own target mask, a software interrupt for each source, targets of shared ones', () => {
    const { gic, lines } = measured(3);
    const { distributor: d, cpuInterface: c } = gic;
    expect([get(d, 0x004) >> 5, get(d, 0x800, 2), get(d, 0x800, 0)]).toEqual([2, 0x04040404, 0x01010101]);
    put(d, 0xf00, (1 << 24) | 7, 0);
    put(d, 0xf00, (4 << 16) | 7, 1);
    expect(lines.map(({ irq }) => irq.level)).toEqual([false, true, true]);
    expect([get(d, 0xf24, 2), get(c, 0xc, 2)]).toEqual([0x03000000, 7]);
    put(c, 0x10, 7, 2); put(c, 0x1000, 7, 2);
    expect(get(c, 0xc, 2)).toBe(7 | (1 << 10));
    put(d, 0x104, 2);
    put(d, 0x820, 0xff00);
    expect(get(d, 0x820)).toBe(0x0700);
    d.write(0x821, 1, 4n, 0);
    gic.spi(33).set(true);
    put(c, 0x10, 7 | (1 << 10), 2); put(c, 0x1000, 7, 2);
    expect([lines[0].irq.level, lines[2].irq.level, get(c, 0xc, 2)]).toEqual([false, true, 33]);
    put(d, 0x180, 0xffffffff, 1);
    expect([get(d, 0x100, 1), get(d, 0x100, 2)]).toEqual([0xffff, 0xffffffff]);
  });

  it('virtual interface: hardware-mapped interrupt, EOI maintenance (measured)', () => {
    const { gic, lines: [{ irq, virq }] } = measured();
    const { distributor: d, virtualControl: h, virtualCpuInterface: v } = gic;
    put(h, 8, 0xf0000001);
    put(h, 0, 1);
    put(h, 0x100, 0x1a080028);
    put(h, 0x104, 0x9800781b);
    put(d, 0x300, 1 << 30);
    expect([virq.level, get(v, 0x18), get(v, 0xc), get(v, 0x14), get(h, 0xf0), get(h, 0x104), get(v, 0xc)]).toEqual([true, 0x1b, 0x1b, 0x80, 0x10000, 0xa800781b, 0x3ff]);
    put(v, 0x10, 27);
    expect([get(d, 0x300), get(h, 0x104), get(h, 0x30), get(v, 0xc)]).toEqual([0, 0x8800781b, 0xe, 0x28]);
    put(v, 0x10, 40);
    expect([get(h, 0x100), get(h, 0x20), get(h, 0x10), get(d, 0x200), irq.level, virq.level]).toEqual([0x0a080028, 1, 1, 1 << 25, true, false]);
    put(h, 0, 0);
    expect([get(d, 0x200), irq.level]).toEqual([0, false]);
  });

  it('refuses inputs that do not exist', () => {
    const { gic } = make();
    expect(() => gic.spi(1)).toThrow(/INTID 1; they are 32 to 287/);
    expect(() => gic.ppi(1, 27)).toThrow(/processors 0 to 0/);
    expect(() => new GicV2({ cpus: [] })).toThrow(/0 processors/);
  });
});
