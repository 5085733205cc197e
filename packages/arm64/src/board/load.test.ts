import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as images from '@worldswitch/image';
import { configure, planBoot, type BootImage, type BootPlan, type VirtOptions } from './index.ts';

const MIB = 2 ** 20;
const plan = (image: BootImage, options: VirtOptions = {}): BootPlan => planBoot(image, configure(options), images);
const where = ({ segments }: BootPlan): Record<string, bigint> => Object.fromEntries(segments.map(({ origin, address }) => [origin, address]));

/** A Linux Image header: text_offset and image_size. */
function linux(textOffset: bigint, imageSize: bigint): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageSize, true);
  view.setUint32(56, 0x644d5241, true);
  return bytes;
}
const hello = new Uint8Array(readFileSync(new URL('../../../../guests/arm64/hello/hello.elf', import.meta.url)));

describe('what is loaded where', () => {
  it('firmware: flash bank 0, starts at 0, finds the tree at the start of RAM', () => {
    const made = plan({ kind: 'firmware', firmware: Uint8Array.of(1, 2) });
    expect(where(made)).toEqual({ firmware: 0n, 'device tree': 0x4000_0000n });
    expect(made).toMatchObject({ start: { pc: 0n, el: 2, x0: 0n }, deviceTree: 0x4000_0000n });
    expect(plan({ kind: 'firmware', firmware: Uint8Array.of(1) }, { el2: false }).start.el).toBe(1);
  });

  it('a Linux Image: stub, kernel, RAM disk at half of memory or 128 MiB, tree at the next 2 MiB', () => {
    const made = plan({ kind: 'linux', kernel: linux(0n, 0x10_0000n), initrd: new Uint8Array(5), commandLine: 'x' });
    expect(where(made)).toEqual({ 'boot stub': 0x4000_0000n, Image: 0x4020_0000n, initrd: 0x4800_0000n, 'device tree': 0x4820_0000n });
    expect(made).toMatchObject({ start: { pc: 0x4000_0000n, x0: 0n }, deviceTree: 0x4820_0000n });
    const tree = images.readFdt(made.segments.find(({ origin }) => origin === 'device tree')!.bytes);
    const chosen = images.findNode(tree, '/chosen')!;
    expect(images.readCells(images.findProperty(chosen, 'linux,initrd-start')!)).toEqual([0x4800_0000]);
    expect(images.readCells(images.findProperty(chosen, 'linux,initrd-end')!)).toEqual([0x4800_0005]);
    expect(images.readStrings(images.findProperty(chosen, 'bootargs')!)).toEqual(['x']);
  });

  it('a file without the magic: as Linux at offset 0x80000', () => {
    expect(where(plan({ kind: 'linux', kernel: new Uint8Array(64) })).Image).toBe(0x4008_0000n);
  });

  it('an ELF file: its entry, and the tree at the start of RAM', () => {
    const made = plan({ kind: 'elf', elf: hello });
    expect(made.start).toEqual({ pc: 0x4020_0000n, el: 2, x0: 0n });
    expect(made.deviceTree).toBe(0x4000_0000n);
  });

  it('a flat file in the way of the tree: no tree, as on QEMU', () => {
    const made = plan({ kind: 'flat', bytes: new Uint8Array(16), address: 0x400f_fff0n, entry: 0x400f_fff8n });
    expect(made).toMatchObject({ deviceTree: undefined, start: { pc: 0x400f_fff8n } });
    expect(plan({ kind: 'flat', bytes: new Uint8Array(16), address: 0x4010_0000n }).deviceTree).toBe(0x4000_0000n);
  });

  it('a tree of the caller\'s instead of ours', () => {
    const deviceTree = Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed);
    const made = planBoot({ kind: 'firmware', firmware: Uint8Array.of(1) }, configure({}), images, { deviceTree });
    expect(made.segments.find(({ origin }) => origin === 'device tree')?.bytes).toBe(deviceTree);
  });

  it.each<[string, BootImage, VirtOptions, RegExp]>([
    ['firmware larger than its bank', { kind: 'firmware', firmware: new Uint8Array(64 * MIB + 1) }, {}, /0x4000001 bytes.*flash bank 0.*Load a larger program/],
    ['no firmware at all', { kind: 'firmware', firmware: new Uint8Array(0) }, {}, /0x0 bytes.*1 to 0x4000000/],
    ['a kernel that needs more memory', { kind: 'linux', kernel: linux(0n, 64n * BigInt(MIB)) }, { ram: 32 * MIB }, /Image needs 0x40200000\.\..*memory is .*Give the machine more memory/],
    ['a flat file outside memory', { kind: 'flat', bytes: new Uint8Array(4), address: 0x9000_0000n }, {}, /flat binary needs 0x90000000.*inside memory/],
    ['no memory', { kind: 'none' }, { ram: 0 }, /0 bytes of RAM.*multiple of 1 MiB/],
    ['a file that is no ELF', { kind: 'elf', elf: new Uint8Array(64) }, {}, /ELF/],
    ['too many processors', { kind: 'none' }, { cpus: 9 }, /9 processors.*1 to 8/],
    ['odd memory', { kind: 'none' }, { ram: 5000 }, /5000 bytes.*multiple of 1 MiB/],
  ])('refuses %s, naming value, rule and way out', (_name, image, options, message) => {
    expect(() => plan(image, options)).toThrow(message);
  });
});
