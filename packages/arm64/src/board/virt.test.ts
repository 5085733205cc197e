import { describe, expect, it } from 'vitest';
import * as devices from '@worldswitch/devices';
import * as images from '@worldswitch/image';
import { formatHash, ReferenceMemory, type Width } from '@worldswitch/machine';
import type { SmcccCall } from '../firmware/index.ts';
import { createVirt, SYSTEM_OFF, SYSTEM_RESET, VIRT_MAP, type Virt, type VirtOptions, type VirtSetup } from './index.ts';
import { FakeCpu } from './test/parts.ts';

interface Bench {
  readonly virt: Virt<ReferenceMemory>;
  readonly cpus: readonly FakeCpu[];
  readonly sent: string[];
  read(address: bigint, width?: Width, cpu?: number): bigint | undefined;
  write(address: bigint, value: number | bigint, width?: Width, cpu?: number): boolean;
}

function bench(options: VirtOptions & Partial<Pick<VirtSetup<ReferenceMemory>, 'image' | 'semihosting'>> = {}): Bench {
  const memory = new ReferenceMemory();
  const cpus: FakeCpu[] = [];
  const sent: string[] = [];
  const virt = createVirt({
    ram: 2 ** 21, ...options, devices, images, memory, console: (byte) => { sent.push(String.fromCharCode(byte)); },
    makeCpu: (port, setup) => { const cpu = new FakeCpu(port, setup); cpus.push(cpu); return cpu; },
  });
  return {
    virt, cpus, sent,
    read: (address, width = 4, cpu = 0) => memory.read(address, width, cpu),
    write: (address, value, width = 4, cpu = 0) => memory.write(address, width, BigInt(value), cpu),
  };
}

const GICD = 0x0800_0000n, GICC = 0x0801_0000n, UART = 0x0900_0000n;
/** Opens the controller for everything, at processor `cpu`. */
function openGic({ write }: Bench, cpu = 0): void {
  write(GICD, 1, 4, cpu);
  for (let i = 0n; i < 9n; i++) write(GICD + 0x100n + 4n * i, 0xffff_ffff, 4, cpu);
  for (let intid = 32n; intid < 288n; intid += 4n) write(GICD + 0x800n + intid, 0x0101_0101, 4, cpu);
  write(GICC, 1, 4, cpu);
  write(GICC + 4n, 0xff, 4, cpu);
}
const acknowledge = ({ read, write }: Bench, cpu = 0): number => {
  const intid = Number(read(GICC + 0xcn, 4, cpu));
  write(GICC + 0x10n, intid, 4, cpu);
  return intid;
};
const call = (id: number, ...args: bigint[]): SmcccCall => ({ function: BigInt(id), arguments: [args[0] ?? 0n, args[1] ?? 0n, args[2] ?? 0n], caller: { el: 2, aarch64: true } });

describe('virt', () => {
  it.each([
    ['timer-physical', 30], ['timer-virtual', 27], ['timer-hyp-physical', 26], ['timer-hyp-virtual', 28], ['pmu', 23], ['spe', 21],
  ])('output %s of a processor is its own PPI %i', (name, intid) => {
    const b = bench({ cpus: 2 });
    openGic(b, 0);
    openGic(b, 1);
    expect(b.cpus[1].levels.irq).toBe(false);
    b.cpus[1].port.output(name).set(true);
    expect([b.cpus[0].levels.irq, b.cpus[1].levels.irq]).toEqual([false, true]);
    expect(acknowledge(b, 1)).toBe(intid);
    b.cpus[1].port.output(name).set(false);
    expect(b.cpus[1].levels.irq).toBe(false);
  });

  it('serial line: out, in, and INTID 33 while characters wait', () => {
    const b = bench();
    openGic(b);
    b.write(UART, 0x41);
    expect(b.sent).toEqual(['A']);
    b.write(UART + 0x38n, 1 << 4);
    b.virt.machine.inputs.post('console', new TextEncoder().encode('hi'));
    b.virt.machine.run({ budget: 1 });
    expect(b.cpus[0].levels.irq).toBe(true);
    expect(acknowledge(b)).toBe(33);
    expect([b.read(UART), b.read(UART)]).toEqual([0x68n, 0x69n]);
    expect(b.cpus[0].levels.irq).toBe(false);
    b.virt.machine.inputs.post('console', 'text');
    expect(() => b.virt.machine.run({ budget: 1 })).toThrow(/Uint8Array/);
  });

  it('power button: an edge of INTID 39, pressed for a tenth of a second', () => {
    const b = bench();
    openGic(b);
    const gpio = VIRT_MAP.gpio.base;
    b.write(gpio + 0x40cn, 8);
    b.write(gpio + 0x410n, 8);
    b.virt.machine.inputs.post('power-button', null);
    b.virt.machine.run({ budget: 1 });
    expect(acknowledge(b)).toBe(39);
    expect(b.read(gpio + 0x20n)).toBe(8n);
    b.virt.machine.run({ budget: 6_250_001 });
    expect(b.read(gpio + 0x20n)).toBe(0n);
  });

  it('with firmware there is neither button nor GPIO, as on QEMU', () => {
    const b = bench({ image: { kind: 'firmware', firmware: Uint8Array.of(1) } });
    expect(b.read(VIRT_MAP.gpio.base)).toBeUndefined();
    expect(() => { b.virt.machine.inputs.post('power-button', null); }).toThrow(/no input channel 'power-button'/);
  });

  it('clock: seconds of virtual time from the first of January 2026', () => {
    const b = bench();
    expect(b.read(0x0901_0000n)).toBe(BigInt(Date.UTC(2026, 0, 1) / 1000));
    b.cpus[0].powerOff();
    b.virt.machine.skipTo(125_000_000n);
    expect(b.read(0x0901_0000n)).toBe(BigInt(Date.UTC(2026, 0, 1, 0, 0, 2) / 1000));
  });

  it('fw_cfg: signature, processors, and a kernel beside firmware', () => {
    const b = bench({ cpus: 3, image: { kind: 'firmware', firmware: Uint8Array.of(1), kernel: Uint8Array.of(7, 8, 9), commandLine: 'ab' } });
    const item = (key: number, length: number): number[] => {
      b.write(0x0902_0008n, ((key & 0xff) << 8) | (key >> 8), 2);
      return Array.from({ length }, () => Number(b.read(0x0902_0000n, 1)));
    };
    expect(String.fromCharCode(...item(0, 4))).toBe('QEMU');
    expect(item(5, 2)).toEqual([3, 0]);
    expect([item(0x08, 4), item(0x11, 3), item(0x14, 4), item(0x15, 3)]).toEqual([[3, 0, 0, 0], [7, 8, 9], [3, 0, 0, 0], [0x61, 0x62, 0]]);
    expect(item(0x0b, 4)).toEqual([0, 0, 0, 0]);
  });

  it('MSIs from the v2m frame arrive as edges of INTID 80 and up', () => {
    const b = bench();
    openGic(b);
    b.write(GICD + 0xc00n + 20n, 0xaaaa_aaaa);
    b.write(0x0802_0040n, 80);
    expect(acknowledge(b)).toBe(80);
  });

  it('what U-Boot probes is there and empty; other addresses answer nothing', () => {
    const b = bench();
    expect(b.read(0x0a00_3e00n)).toBe(0x7472_6976n);
    expect(b.read(0x0a00_3e08n)).toBe(0n);
    expect(b.read(0x40_1000_0000n)).toBe(0x0008_1b36n);
    expect(b.read(0x40_1000_8000n)).toBe(0xffff_ffffn);
    expect(b.read(0x1000_0000n)).toBe(0xffff_ffffn);
    expect(b.read(0x3eff_0000n)).toBe(0xffff_ffffn);
    for (const hole of [0x0800_ffe8n, 0x0904_0000n, 0x0c00_0000n, 0x0f00_0000n, 0x3f00_0000n, 0x4020_0000n, 0x0902_0018n]) {
      expect(b.read(hole), hole.toString(16)).toBeUndefined();
      expect(b.write(hole, 0), hole.toString(16)).toBe(false);
    }
  });

  it('GICH and GICV exist with EL2 only, and drive virq', () => {
    const without = bench({ el2: false });
    expect([without.read(0x0803_0000n), without.read(0x0804_0000n)]).toEqual([undefined, undefined]);
    const b = bench();
    b.write(0x0804_0000n, 1);
    b.write(0x0804_0004n, 0xff);
    b.write(0x0803_0000n, 1);
    b.write(0x0803_0100n, 0x1000_0020);
    expect(b.cpus[0].levels).toMatchObject({ irq: false, virq: true });
  });

  it('flash runs from its storage until a command comes, and is loaded again at reset', () => {
    const b = bench({ image: { kind: 'firmware', firmware: Uint8Array.of(1, 2, 3, 4) } });
    expect(b.read(0n)).toBe(0x0403_0201n);
    b.write(0n, 0x98);
    expect(b.read(0x40n)).toBe(0x0051_0051n);
    b.write(0n, 0xff);
    b.write(0n, 0x40);
    b.write(0n, 0xffn, 1);
    b.virt.reset();
    expect(b.read(0n)).toBe(0x0403_0201n);
    expect(b.cpus[0].log).toEqual(['start', 'reset', 'start']);
  });
});

describe('power', () => {
  it('starts one processor; PSCI starts and stops the others at the machine\'s level', () => {
    const b = bench({ cpus: 2 });
    const [first, second] = b.cpus;
    expect([first.powered, second.powered]).toEqual([true, false]);
    expect([first.setup.conduit, first.setup.el, second.setup.affinity]).toEqual(['smc', 2, 1n]);
    expect(first.setup.firmware(call(0x8400_0004, 1n, 0n))).toBe(1n);
    expect(first.setup.firmware(call(0xc400_0003, 1n, 0x4008_0000n, 77n))).toBe(0n);
    expect(second.started).toEqual({ pc: 0x4008_0000n, el: 2, x0: 77n });
    expect(first.setup.firmware(call(0xc400_0003, 1n, 0n, 0n))).toBe((1n << 64n) - 4n);
    expect(second.setup.firmware(call(0x8400_0002))).toBeUndefined();
    expect(second.powered).toBe(false);
    expect(first.setup.firmware(call(0x8400_0001))).toBe(0n);
    expect(first.log.at(-1)).toBe('wait');
  });

  it('an EL1 machine calls by HVC', () => {
    const { setup, started } = bench({ el2: false }).cpus[0];
    expect([setup.conduit, setup.el, started?.el]).toEqual(['hvc', 1, 1]);
  });

  it.each([[0x8400_0008, SYSTEM_OFF], [0x8400_0009, SYSTEM_RESET]])('%i ends the run after the instruction that asks', (id, why) => {
    const b = bench();
    const [cpu] = b.cpus;
    let executed = 0;
    cpu.script = () => { if (++executed === 5) cpu.setup.firmware(call(id)); };
    expect(b.virt.machine.run({ budget: 100 })).toEqual({ kind: 'halted', why });
    expect(executed).toBe(5);
    expect(b.virt.machine.run({ budget: 100 })).toEqual({ kind: 'idle' });
    b.virt.reset();
    expect(b.virt.machine.run({ budget: 3 })).toEqual({ kind: 'budget' });
    expect(executed).toBe(8);
  });

  it('semihosting is absent unless asked for; it writes to the console and exits with a code', () => {
    expect(bench().cpus[0].setup.semihosting).toBeUndefined();
    const b = bench({ semihosting: {}, image: { kind: 'flat', bytes: new Uint8Array(12), address: 0x4010_0001n } });
    const guest = { read: (at: bigint, n: number) => b.virt.machine.memory.readBytes(at, n), write: (at: bigint, bytes: Uint8Array) => b.virt.machine.memory.loadBytes(at, bytes) };
    b.write(0x4018_0000n, 0x2_0026n, 8);
    b.write(0x4018_0008n, 3, 8);
    const { semihosting } = b.cpus[0].setup;
    expect(semihosting?.(0x03, 0x4018_0000n, guest)).toEqual({ kind: 'return', value: undefined });
    expect(b.sent).toEqual(['&']);
    expect(semihosting?.(0x18, 0x4018_0000n, guest)).toEqual({ kind: 'exit', code: 3 });
    b.write(0x4018_0000n, 0x4018_0100n, 8);
    semihosting?.(0x16, 0x4018_0000n, guest);
    expect([b.read(0x4018_0100n, 8), b.read(0x4018_0108n, 8)]).toEqual([0x4010_0010n, 0x4020_0000n]);
  });
});

describe('state', () => {
  it('goes into a snapshot and comes back', () => {
    const b = bench({ semihosting: {} });
    openGic(b);
    b.write(UART + 0x38n, 0x10);
    const saved = b.virt.machine.save();
    const hash = formatHash(b.virt.machine.hash());
    b.write(UART + 0x24n, 5);
    b.write(0x4000_0000n, 9);
    expect(formatHash(b.virt.machine.hash())).not.toBe(hash);
    b.virt.machine.restore(saved);
    expect(formatHash(b.virt.machine.hash())).toBe(hash);
  });

  it('a refused setup has composed nothing', () => {
    const memory = new ReferenceMemory();
    const setup = { devices, images, memory, makeCpu: () => { throw new Error('made'); }, image: { kind: 'elf', elf: new Uint8Array(3) } } as const;
    expect(() => createVirt(setup)).toThrow(/ELF/);
    expect(memory.regions).toEqual([]);
  });
});
