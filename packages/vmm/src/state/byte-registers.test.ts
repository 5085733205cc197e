import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registersOfBytes } from './byte-registers.ts';

const V = 0x6040_0000_0010_0054n;
const X = 0x6030_0000_0010_0000n;
const FPSR = 0x6020_0000_0010_00d4n;
const Z = 0x6080_0000_0015_0000n;

function hostMemory(): { readonly bytes: Map<bigint, Uint8Array>; list(): bigint[]; get(id: bigint, value: Uint8Array): void; set(id: bigint, value: Uint8Array): void } {
  const bytes = new Map<bigint, Uint8Array>();
  return { bytes, list: () => [...bytes.keys()], get: (id, value) => { value.set(bytes.get(id) ?? []); }, set: (id, value) => { bytes.set(id, value.slice()); } };
}

describe.each([['little', true], ['big', false]] as const)('a %s-endian host', (order, littleEndian) => {
  it('has a vector as an array of two doublewords: on a big-endian one with the high half first (property)', () => {
    const half = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(fc.property(half, half, (low, high) => {
      const memory = hostMemory();
      const one = registersOfBytes(memory, order);
      one.set(V, (high << 64n) | low);
      // As C has it: uint64_t halves[2], each in the host's order, the more significant one first on a big-endian host.
      const halves = new DataView(new ArrayBuffer(16));
      halves.setBigUint64(0, littleEndian ? low : high, littleEndian);
      halves.setBigUint64(8, littleEndian ? high : low, littleEndian);
      expect(memory.bytes.get(V)).toEqual(new Uint8Array(halves.buffer));
      expect(one.get(V)).toBe((high << 64n) | low);
    }));
  });

  it('has words and doublewords in its order', () => {
    const memory = hostMemory();
    const one = registersOfBytes(memory, order);
    one.set(X, 0x0102_0304_0506_0708n);
    one.set(FPSR, 0x0102_0304n);
    const bytes = (count: number): number[] => Array.from({ length: count }, (_, n) => (littleEndian ? count - n : n + 1));
    expect([...memory.bytes.get(X)!]).toEqual(bytes(8));
    expect([...memory.bytes.get(FPSR)!]).toEqual(bytes(4));
    expect(one.list()).toEqual([X, FPSR]);
  });
});

it('refuses registers that are wider than a number, and values that do not fit', () => {
  const one = registersOfBytes(hostMemory(), 'little');
  expect(() => one.get(Z)).toThrow(/^EINVAL: register 0x6080000000150000, 256 bytes/);
  expect(() => { one.set(FPSR, 1n << 32n); }).toThrow(/^EINVAL: 0x100000000 for register 0x60200000001000d4/);
  expect(() => { one.set(X, -1n); }).toThrow(/^EINVAL/);
});
