import { describe, expect, it } from 'vitest';
import { LinearMemory } from './linear.ts';
import { MemoryMapError, PAGE_SIZE, PhysicalMemory, type MemoryMappedDevice } from './physical.ts';

function memory(): PhysicalMemory {
  return new PhysicalMemory(new LinearMemory());
}
function recorder(log: string[]): MemoryMappedDevice {
  return {
    read: (offset, width, from) => { log.push(`r${width} ${offset} ${from}`); return BigInt(offset) * 0x0101n; },
    write: (offset, width, value) => { log.push(`w${width} ${offset} ${value.toString(16)}`); },
  };
}

describe('composing a map', () => {
  it.each([
    ['an overlap', (m: PhysicalMemory) => m.addRam(0x1000, 0x2000), '0x1000..0x2fff overlaps the ram at 0x2000..0x2fff; move one'],
    ['a base inside a page', (m: PhysicalMemory) => m.addRam(0x8010, 0x1000), 'at 0x8010 of 0x1000 bytes: base and size must be multiples of 4 KiB'],
    ['a size inside a page', (m: PhysicalMemory) => m.addRam(0x8000, 0x10), 'of 0x10 bytes: base and size'],
    ['no size', (m: PhysicalMemory) => m.addHosted(0x8000, 0), 'of 0x0 bytes'],
    ['an address beyond numbers', (m: PhysicalMemory) => m.addRam(2 ** 53, 0x1000), 'below 2^53'],
    ['loading outside memory', (m: PhysicalMemory) => { m.load(0x2ffc, new Uint8Array(8)); }, '8 bytes at 0x2ffc: no memory at 0x3000; load within RAM or ROM (ram 0x2000..0x2fff)'],
    ['loading before there is memory', () => { memory().load(0, new Uint8Array(1)); }, 'there is none yet'],
    ['sending reads to no device', (m: PhysicalMemory) => { m.addRom(0x8000, 0x1000).setDirect(false); }, 'the ROM at 0x8000 has no device'],
  ])('refuses %s', (_, compose, message) => {
    const m = memory();
    m.addRam(0x2000, 0x1000);
    expect(() => compose(m)).toThrow(message);
    expect(() => compose(m)).toThrow(MemoryMapError);
  });
  it('refuses more RAM than WebAssembly has', () => {
    expect(() => memory().addRam(0, 2 ** 32)).toThrow('an engine has 4 GiB');
  });
});

describe('accesses', () => {
  it('have a byte order', () => {
    const m = memory();
    m.addRam(0, PAGE_SIZE);
    m.load(8, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]));
    expect(m.read(8, 4, 'little', 0)).toBe(0x0403_0201n);
    expect(m.read(8, 8, 'big', 0)).toBe(0x0102_0304_0506_0708n);
    expect(m.read(9, 3, 'big', 0)).toBe(0x02_0304n);
    m.write(16, 16, 0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100n, 'little', 0);
    expect([...(m.copy(16, 16) as Uint8Array)]).toEqual(Array.from({ length: 16 }, (_, n) => n));
  });
  it('write exactly their bytes, whatever their number', () => {
    for (const order of ['little', 'big'] as const) {
      for (let size = 1; size <= 16; size++) {
        const m = memory();
        m.addRam(0, PAGE_SIZE);
        const bytes = Array.from({ length: size }, (_, n) => n + 1);
        const value = (order === 'big' ? bytes : [...bytes].reverse()).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
        m.write(40, size, value, order, 0);
        expect([...(m.copy(39, size + 2) as Uint8Array)]).toEqual([0, ...bytes, 0]);
        expect(m.read(40, size, order, 0)).toBe(value);
      }
    }
  });
  it('go from one region into the next', () => {
    const m = memory();
    m.addRam(0, PAGE_SIZE);
    m.addRam(PAGE_SIZE, PAGE_SIZE);
    expect(m.write(PAGE_SIZE - 2, 4, 0x1122_3344n, 'big', 0)).toBe(true);
    expect(m.read(PAGE_SIZE - 2, 4, 'big', 0)).toBe(0x1122_3344n);
    expect(m.read(2 * PAGE_SIZE - 2, 4, 'big', 0)).toBeUndefined();
  });
  it('reach a device whole where aligned, else byte by byte', () => {
    const log: string[] = [];
    const m = memory();
    m.addDevice(0, PAGE_SIZE, recorder(log));
    m.write(4, 4, 0x1122_3344n, 'little', 0);
    m.write(4, 4, 0x1122_3344n, 'big', 0);
    m.write(6, 4, 0x1122_3344n, 'big', 0);
    m.read(8, 8, 'little', 1);
    m.read(9, 2, 'little', 'debugger');
    expect(log).toEqual(['w4 4 11223344', 'w4 4 44332211', 'w1 6 11', 'w1 7 22', 'w1 8 33', 'w1 9 44', 'r8 8 1', 'r1 9 debugger', 'r1 10 debugger']);
  });
  it('are answered by nobody outside, at hosted entries, and on writes to ROM', () => {
    const m = memory();
    m.addRom(0, PAGE_SIZE);
    m.addHosted(PAGE_SIZE, PAGE_SIZE);
    expect([m.write(0, 1, 1n, 'big', 0), m.read(0, 1, 'big', 0), m.read(PAGE_SIZE, 1, 'big', 0), m.read(9 * PAGE_SIZE, 1, 'big', 0)]).toEqual([false, 0n, undefined, undefined]);
    expect(m.copy(PAGE_SIZE - 1, 2)).toBeUndefined();
  });
  it('reach the device behind a ROM: writes always, reads where it is not direct', () => {
    const log: string[] = [];
    const m = memory();
    const rom = m.addRom(0, PAGE_SIZE, recorder(log));
    m.write(0, 2, 0x90n, 'little', 0);
    m.read(0, 2, 'little', 0);
    rom.setDirect(false);
    m.read(0, 2, 'little', 0);
    expect(log).toEqual(['w2 0 90', 'r2 0 0']);
  });
});

describe('snapshots', () => {
  it('hold the pages that are not zero, and bring everything back', () => {
    const m = memory();
    m.addRam(0, 16 * PAGE_SIZE);
    m.write(5 * PAGE_SIZE + 7, 1, 9n, 'big', 0);
    const saved = m.save();
    expect(saved[0].pages.map(([offset]) => offset)).toEqual([5 * PAGE_SIZE]);
    m.write(0, 8, 1n, 'big', 0);
    m.write(5 * PAGE_SIZE + 7, 1, 8n, 'big', 0);
    expect(saved[0].pages[0][1][7]).toBe(9);
    const changed: number[] = [];
    m.listen({ written: (at) => changed.push(at), remapped: () => undefined });
    m.restore(saved);
    expect(m.save()).toEqual(saved);
    expect(changed).toEqual([0, 5 * PAGE_SIZE]);
  });
  it('of another map are refused', () => {
    const [m, other] = [memory(), memory()];
    m.addRam(0, PAGE_SIZE);
    other.addRam(PAGE_SIZE, PAGE_SIZE);
    expect(() => { m.restore(other.save()); }).toThrow('the saved memory differs at 0x0');
    expect(() => { m.restore([]); }).toThrow('restore it on the map that saved it');
  });
});
