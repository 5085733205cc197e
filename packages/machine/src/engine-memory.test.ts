import { describe, expect, it } from 'vitest';
import { LinearMemory, PhysicalMemory as EnginePhysicalMemory } from '@worldswitch/engine';
import { EngineMemory } from './engine-memory.ts';
import { ReferenceMemory, type Device, type DirectStorage, type Initiator, type PhysicalMemory, type RomDevice, type Width } from './index.ts';
import { Random } from './testing/index.ts';

interface Seen { readonly what: string; readonly offset: number; readonly width: number; readonly value?: bigint; readonly from: Initiator }

class Probe implements RomDevice {
  readonly log: Seen[] = [];
  storage: DirectStorage | undefined;
  attach(storage: DirectStorage): void { this.storage = storage; }
  read(offset: number, width: Width, from: Initiator): bigint {
    this.log.push({ what: 'read', offset, width, from });
    return BigInt.asUintN(8 * width, 0x8877_6655_4433_2211n + BigInt(offset));
  }
  write(offset: number, width: Width, value: bigint, from: Initiator): void { this.log.push({ what: 'write', offset, width, value, from }); }
  reset(): void {}
  save(): null { return null; }
  restore(): void {}
}

const small = (): { memory: EngineMemory; engine: EnginePhysicalMemory } => {
  const engine = new EnginePhysicalMemory(new LinearMemory());
  return { engine, memory: new EngineMemory(engine) };
};

/** RAM, ROM, a ROM device and a device, none of them adjacent. */
function compose(memory: PhysicalMemory): { rom: Probe; device: Probe } {
  const rom = new Probe();
  const device = new Probe();
  memory.ram(0x4000_0000n, 0x4000, 'ram');
  memory.rom(0x2000n, 0x1000, 'rom');
  memory.romDevice(0x8000n, 0x2000, rom, 'flash');
  memory.device(0x1_0000n, 0x1000, device, 'uart');
  return { rom, device };
}

describe('EngineMemory', () => {
  it('answers as ReferenceMemory does, over random traffic', () => {
    const reference = new ReferenceMemory();
    const { memory } = small();
    const left = compose(reference);
    const right = compose(memory);
    const random = new Random(7);
    const bases = [0x4000_0000n, 0x2000n, 0x8000n, 0x1_0000n, 0x5_0000n, 1n << 60n];
    for (let i = 0; i < 4000; i++) {
      const width = ([1, 2, 4, 8] as const)[random.below(4)];
      const address = bases[random.below(bases.length)] + BigInt(random.below(0x800 / width) * width);
      const from = ([0, 1, 'dma', 'debugger'] as const)[random.below(4)];
      const value = BigInt.asUintN(width * 8, BigInt(random.below(2 ** 31)) * 0x1_0000_0003n);
      const bytes = Uint8Array.from({ length: 1 + random.below(40) }, () => random.below(256));
      const toggles = random.below(9) === 0;
      const act = (m: PhysicalMemory, rom: Probe): unknown => {
        switch (i % 6) {
          case 0: return m.write(address, width, value, from);
          case 1: return m.loadBytes(address, bytes);
          case 2: return m.writeBytes(address, bytes);
          case 3: return m.readBytes(address, bytes.length);
          case 4: if (toggles) rom.storage?.setDirect(i % 12 === 4); return undefined;
          default: return m.read(address, width, from);
        }
      };
      const expected = act(reference, left.rom);
      expect(act(memory, right.rom), `step ${i} at ${address.toString(16)}`).toEqual(expected);
    }
    expect(right.device.log).toEqual(left.device.log);
    expect(right.rom.log).toEqual(left.rom.log);
    const sorted = (m: PhysicalMemory): unknown => [...(m.save() as readonly { base: bigint }[])].sort((a, b) => Number(a.base - b.base));
    expect(sorted(memory)).toEqual(sorted(reference));
  });

  it('holds several devices in a page, and one that is smaller', () => {
    const { memory } = small();
    const slots = Array.from({ length: 8 }, () => new Probe());
    slots.forEach((slot, i) => { memory.device(0xa000n + BigInt(i * 0x200), 0x200, slot, `slot${i}`); });
    const cfg = new Probe();
    memory.device(0x2_0000n, 0x18, cfg, 'cfg');
    memory.read(0xa604n, 4, 1);
    expect(slots[3].log).toEqual([{ what: 'read', offset: 4, width: 4, from: 1 }]);
    memory.write(0x2_0010n, 8, 5n, 0);
    expect(memory.read(0x2_0018n, 4, 0)).toBe(0n);
    expect(cfg.log).toEqual([{ what: 'write', offset: 0x10, width: 8, value: 5n, from: 0 }]);
    expect(memory.regions.map((region) => region.name)).toEqual([...slots.map((_, i) => `slot${i}`), 'cfg']);
  });

  it('a device may straddle pages without filling them', () => {
    const { memory } = small();
    const device = new Probe();
    memory.device(0x1800n, 0x1000, device);
    memory.read(0x27f8n, 8, 0);
    expect(device.log[0]).toMatchObject({ offset: 0xff8, width: 8 });
  });

  it('tells the engine of every change, also of what a flash chip does to itself', () => {
    const { memory, engine } = small();
    const written: number[] = [];
    let remapped = 0;
    const { rom } = compose(memory);
    engine.listen({ written: (physical) => { written.push(physical); }, remapped: () => { remapped++; } });
    memory.writeBytes(0x4000_0010n, Uint8Array.of(1));
    rom.storage?.write(0x20, 4, 7n);
    rom.storage?.fill(0x100, 8, 0xff);
    rom.storage?.load(0x200, Uint8Array.of(1, 2));
    expect(written).toEqual([0x4000_0010, 0x8020, 0x8100, 0x8200]);
    rom.storage?.setDirect(false);
    expect(remapped).toBe(1);
    expect(rom.storage?.read(0x1ffe, 4)).toBe(0n);
  });

  it('restores contents, and refuses a state of another board before it changes anything', () => {
    const { memory } = small();
    compose(memory);
    memory.loadBytes(0x4000_0ff0n, new Uint8Array(32).fill(5));
    const saved = memory.save();
    memory.loadBytes(0x4000_2000n, Uint8Array.of(9));
    memory.loadBytes(0x4000_0ff0n, new Uint8Array(32));
    memory.restore(saved);
    expect(memory.save()).toEqual(saved);
    const other = small().memory;
    other.ram(0x4000_0000n, 0x4000);
    expect(() => { memory.restore(other.save()); }).toThrow(/no memory at 0x2000 \(rom\)/);
    expect(memory.save()).toEqual(saved);
  });

  it('refuses overlaps, unaligned memory and addresses beyond 52 bits, naming them', () => {
    const { memory } = small();
    const device: Device = new Probe();
    memory.ram(0x1000n, 0x1000, 'ram');
    expect(() => memory.device(0x1800n, 0x10, device, 'uart')).toThrow(/uart at 0x1800.* overlaps ram/);
    expect(() => memory.ram(0x3800n, 0x1000, 'more')).toThrow(/more at 0x3800.*boundaries of 4096/);
    expect(() => memory.device(1n << 52n, 0x1000, device, 'far')).toThrow(/far at 0x10000000000000.*52 bits/);
    expect(memory.regions).toHaveLength(1);
  });
});
