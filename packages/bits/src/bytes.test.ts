import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ByteReader, ByteWriter, readUnsigned, writeUnsigned } from './index.ts';
import type { ByteOrder, IntegerSize } from './index.ts';

const order = fc.constantFrom<ByteOrder>('little', 'big');
const size = fc.constantFrom<IntegerSize>(1, 2, 4, 8, 16);
const wide = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });

describe('bytes', () => {
  it('agrees with DataView', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 24 }), order, fc.nat(16), (bytes, end, at) => {
      fc.pre(at + 8 <= bytes.length);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      expect(readUnsigned(bytes, at, 8, end)).toBe(view.getBigUint64(at, end === 'little'));
      expect(readUnsigned(bytes, at, 4, end)).toBe(BigInt(view.getUint32(at, end === 'little')));
      expect(readUnsigned(bytes, at, 2, end)).toBe(BigInt(view.getUint16(at, end === 'little')));
    }));
  });

  it('reads back what it writes and touches nothing else', () => {
    fc.assert(fc.property(wide, size, order, (value, count, end) => {
      const fitting = BigInt.asUintN(count * 8, value);
      const bytes = new Uint8Array(count + 2).fill(0xa5);
      writeUnsigned(bytes, 1, count, fitting, end);
      expect(readUnsigned(bytes, 1, count, end)).toBe(fitting);
      expect([bytes[0], bytes[count + 1]]).toEqual([0xa5, 0xa5]);
    }));
  });

  it('takes negative numbers down to the minimum, and refuses what does not fit', () => {
    const bytes = new Uint8Array(2);
    writeUnsigned(bytes, 0, 2, -2n, 'big');
    expect([...bytes]).toEqual([0xff, 0xfe]);
    expect(() => writeUnsigned(bytes, 0, 2, 0x10000n, 'big')).toThrow(/0x10000 does not fit 2 bytes/);
    expect(() => writeUnsigned(bytes, 0, 2, -0x8001n, 'big')).toThrow(RangeError);
    expect(() => writeUnsigned(bytes, 1, 2, 0n, 'big')).toThrow(/at offset 1: only bytes 0 to 1/);
    expect(() => readUnsigned(bytes, -1, 1, 'big')).toThrow(RangeError);
  });

  it('writer grows, aligns, patches', () => {
    const writer = new ByteWriter('big', 1);
    writer.u32(0).u8(1).align(4).u16(0x1234, 'little').text('é').fill(1, 0xff).patch(0, 4, 0xdeadbeef);
    expect([...writer.toBytes()]).toEqual([0xde, 0xad, 0xbe, 0xef, 1, 0, 0, 0, 0x34, 0x12, 0xc3, 0xa9, 0xff]);
    expect(() => writer.patch(10, 4, 0)).toThrow(RangeError);
    expect(() => writer.u8(256)).toThrow(RangeError);
    expect(writer.length).toBe(13);
  });

  it('reader advances, and a refused read does not move', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4, 0x68, 0x69, 0, 9), 'little');
    expect(reader.u16()).toBe(0x0201);
    expect(reader.u16('big')).toBe(0x0304);
    expect(reader.zeroTerminated()).toBe('hi');
    expect(() => reader.u32()).toThrow(/offset 7/);
    expect(reader.offset).toBe(7);
    expect([...reader.bytes(1)]).toEqual([9]);
    expect(reader.remaining).toBe(0);
    expect(() => reader.seek(9)).toThrow(RangeError);
    expect(reader.seek(0).u8()).toBe(1);
  });
});
