import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { assertFits, identify, ImageError, parseArm64Image, parseUImage, planArm64Boot, planFlat, unpackGzip } from './index.ts';

const MIB = 1 << 20;
const memory = { base: 0x4000_0000n, size: 256n * BigInt(MIB) };
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));

/** An `Image` of `size` bytes with the given header fields (booting.rst, "Call the kernel image"). */
function image(size: number, textOffset: bigint, imageSize: bigint, flags = 0xan): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageSize, true);
  view.setBigUint64(24, flags, true);
  bytes.set(new TextEncoder().encode('ARMd'), 56);
  return bytes;
}

describe('parseArm64Image', () => {
  it('reads size, offset and flags', () => {
    expect(parseArm64Image(image(4096, 0n, 0x10_0000n))).toEqual({
      textOffset: 0n, imageSize: 0x10_0000n, byteOrder: 'little', pageSize: 4096, anywhere: true, flags: 0xan,
    });
    expect(parseArm64Image(image(64, 0n, 64n, 1n))).toMatchObject({ byteOrder: 'big', anywhere: false });
    expect(parseArm64Image(image(64, 0n, 64n, 1n))).not.toHaveProperty('pageSize');
    expect(parseArm64Image(image(64, 0n, 64n, 6n))).toMatchObject({ pageSize: 65536 });
  });

  it('refuses a file that has more than its header says', () => {
    expect(() => parseArm64Image(image(4096, 0n, 4095n))).toThrow('image_size = 0xfff in a file of 0x1000 bytes');
    expect(() => parseArm64Image(new Uint8Array(64))).toThrow('flat binary');
  });
});

describe('planArm64Boot', () => {
  it('puts text_offset 0 at 2 MB, the RAM disk at half of memory, the tree behind it', () => {
    const plan = planArm64Boot({ kernel: image(4096, 0n, 0x10_0000n), initrd: new Uint8Array(5000), deviceTree: new Uint8Array(8), memory });
    expect(plan).toMatchObject({ entry: 0x4000_0000n, kernel: 0x4020_0000n, deviceTree: 0x4820_0000n });
    expect(plan.initrd).toEqual({ start: 0x4800_0000n, end: 0x4800_1388n });
    expect(plan.segments.map((s) => s.origin)).toEqual(['boot stub', 'Image', 'initrd', 'device tree']);
    assertFits(plan, [memory]);
  });

  it('keeps a text_offset of 4 KB and more, and takes 0x80000 where the size is unknown or the magic is missing', () => {
    expect(planArm64Boot({ kernel: image(64, 0x1000n, 64n), memory }).kernel).toBe(0x4000_1000n);
    expect(planArm64Boot({ kernel: image(64, 0xfffn, 64n), memory }).kernel).toBe(0x4020_0fffn);
    expect(planArm64Boot({ kernel: image(64, 0x1234_5678n, 0n), memory }).kernel).toBe(0x4008_0000n);
    expect(planArm64Boot({ kernel: new Uint8Array(64), memory }).kernel).toBe(0x4008_0000n);
  });

  it('moves the RAM disk behind a kernel that reaches past half of memory, BSS included', () => {
    const plan = planArm64Boot({ kernel: image(64, 0n, BigInt(200 * MIB) + 1n), initrd: new Uint8Array(1), memory });
    expect(plan.initrd!.start).toBe(0x4020_0000n + BigInt(200 * MIB) + 4096n);
    const large = planArm64Boot({ kernel: image(64, 0n, 64n), initrd: new Uint8Array(1), memory: { ...memory, size: 1n << 33n } });
    expect(large.initrd!.start).toBe(0x4800_0000n);
  });

  it('refuses a kernel larger than memory', () => {
    const plan = planArm64Boot({ kernel: image(64, 0n, memory.size), memory });
    expect(() => assertFits(plan, [memory])).toThrow('Image needs 0x40200000..0x501fffff');
  });

  it('names the way out for packed kernels', () => {
    expect(() => planArm64Boot({ kernel: new Uint8Array(gzipSync(image(64, 0n, 64n))), memory })).toThrow('gunzip -c Image.gz > Image');
    expect(() => planArm64Boot({ kernel: new TextEncoder().encode('MZ\0\0zimg rest'), memory })).toThrow('zboot');
  });
});

describe('unpackGzip', () => {
  const packed = new Uint8Array(gzipSync(image(4096, 0n, 4096n)));
  it('unpacks with the function handed in and passes other input through', () => {
    expect(identify(unpackGzip(packed, { gunzip: (p) => new Uint8Array(gunzipSync(p)) }))).toBe('linux-arm64');
    const plain = image(64, 0n, 64n);
    expect(unpackGzip(plain)).toBe(plain);
  });

  it('says what to do without one, and turns its failures into ImageError', () => {
    expect(() => unpackGzip(packed)).toThrow('zlib.gunzipSync in Node');
    const gunzip = (p: Uint8Array): Uint8Array => new Uint8Array(gunzipSync(p));
    expect(() => unpackGzip(packed.subarray(0, 20), { gunzip })).toThrow(ImageError);
    expect(() => unpackGzip(packed, { gunzip, limit: 4095 })).toThrow('at most 4095 bytes');
  });
});

describe('parseUImage', () => {
  // Made by mkimage, see fixtures/build.sh.
  it('reads a kernel', () => {
    const kernel = parseUImage(fixture('kernel.uimage'));
    expect(kernel).toMatchObject({
      name: 'fixture kernel', time: 1420070400, loadAddress: 0x10_0000, entry: 0x10_0040, os: 'linux', architecture: 'ppc', type: 'kernel', compression: 'gzip',
    });
    expect(new TextDecoder().decode(kernel.data)).toBe('world');
  });

  it('reads the parts of a multi-file image', () => {
    const parts = parseUImage(fixture('parts.uimage'));
    expect(parts).toMatchObject({ architecture: 'arm64', type: 'multi', compression: 'none' });
    expect(parts.parts.map((p) => new TextDecoder().decode(p))).toEqual(['world', 'switch!']);
  });

  it('finds every flipped bit by its checksums', () => {
    const good = fixture('parts.uimage');
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(() => parseUImage(bad)).toThrow(ImageError);
    }
  });
});

describe('identify and planFlat', () => {
  it('names formats by their magic', () => {
    expect(identify(fixture('aarch64-le.elf'))).toBe('elf');
    expect(identify(fixture('tree.dtb'))).toBe('device-tree');
    expect(identify(fixture('kernel.uimage'))).toBe('uimage');
    expect(identify(new Uint8Array(gzipSync('x')))).toBe('gzip');
    expect(identify(new TextEncoder().encode('MZ\0\0zimg'))).toBe('efi-zboot');
    const efi = image(64, 0n, 64n);
    efi.set([0x4d, 0x5a]);
    expect(identify(efi)).toBe('linux-arm64');
    expect(identify(new Uint8Array(0))).toBe('flat');
  });

  it('places a flat binary', () => {
    const plan = planFlat(new Uint8Array(3), { address: 0x1000n });
    expect(plan).toMatchObject({ entry: 0x1000n, segments: [{ address: 0x1000n, memorySize: 3n }] });
    expect(() => planFlat(new Uint8Array(0), { address: 0n })).toThrow('at least one byte');
    expect(() => planFlat(new Uint8Array(2), { address: (1n << 64n) - 1n })).toThrow('64-bit address space');
  });
});
