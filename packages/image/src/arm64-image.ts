import { ByteWriter, hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { ImageError } from './error.ts';
import { isGzip } from './gzip.ts';
import { Window } from './window.ts';
import { orderSegments } from './plan.ts';
import type { LoadPlan, LoadSegment, MemoryRange } from './plan.ts';

/** The 64-byte header of a Linux arm64 `Image` (Documentation/arch/arm64/booting.rst, "Call the kernel image"). */
export interface Arm64ImageHeader {
  /** Where the image wants to lie, relative to a 2 MB aligned base. */
  readonly textOffset: bigint;
  /** Memory it takes including BSS; 0 in images before Linux 3.17, where it is unknown. */
  readonly imageSize: bigint;
  /** Flag bit 0. */
  readonly byteOrder: ByteOrder;
  /** Flag bits 2:1, in bytes; undefined where the kernel leaves it open. */
  readonly pageSize?: 4096 | 16384 | 65536;
  /** Flag bit 3: the 2 MB aligned base may be anywhere in memory, not only near its start. */
  readonly anywhere: boolean;
  /** Flag bits 63:4 are reserved; kept for a reader who wants to complain. */
  readonly flags: bigint;
}

const MAGIC = 0x644d5241; // "ARM\x64"
const HEADER_SIZE = 64;
const MIB = 1n << 20n;
const PAGE_SIZES = [undefined, 4096, 16384, 65536] as const;

/** True when the bytes carry the arm64 `Image` magic at offset 56. */
export function isArm64Image(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_SIZE && new Window(bytes, 'little', 'Image').u32(56, 'magic') === MAGIC;
}

/**
 * Reads the header.
 *
 * @throws ImageError `foreign` without the magic, `malformed` when the image claims less memory than its own file takes.
 */
export function parseArm64Image(bytes: Uint8Array): Arm64ImageHeader {
  if (!isArm64Image(bytes)) {
    throw new ImageError({
      code: 'foreign',
      value: `file of ${bytes.length} bytes without the magic at offset 56`,
      rule: 'a Linux arm64 Image has "ARM\\x64" there',
      remedy: 'Use identify() to see what the file is; unpack Image.gz first; load other files as ELF or flat binary',
    });
  }
  const file = new Window(bytes, 'little', 'Image');
  const imageSize = file.u64(16, 'image_size');
  const flags = file.u64(24, 'flags');
  if (imageSize !== 0n && imageSize < BigInt(bytes.length)) {
    throw new ImageError({
      code: 'malformed',
      value: `image_size = ${hex(imageSize)} in a file of ${hex(bytes.length)} bytes`,
      rule: 'the memory an Image needs includes all of its file',
      remedy: 'Something was appended to the file, or its header is damaged: take the Image as built',
    });
  }
  const pageSize = PAGE_SIZES[Number((flags >> 1n) & 3n)];
  return {
    textOffset: file.u64(8, 'text_offset'),
    imageSize,
    byteOrder: (flags & 1n) !== 0n ? 'big' : 'little',
    ...(pageSize === undefined ? {} : { pageSize }),
    anywhere: (flags & 8n) !== 0n,
    flags,
  };
}

/** What is loaded beside a kernel. */
export interface Arm64BootInput {
  /** An `Image`, or a file without the magic (see {@link planArm64Boot}); not packed. */
  readonly kernel: Uint8Array;
  readonly initrd?: Uint8Array;
  readonly deviceTree?: Uint8Array;
  /** The memory to load into; on the `virt` board it starts at 0x4000_0000. */
  readonly memory: MemoryRange;
}

/** A load plan with the addresses a device tree or a boot stub needs. */
export interface Arm64BootPlan extends LoadPlan {
  /** First byte of the kernel; `entry` is the boot stub's at the start of memory. */
  readonly kernel: bigint;
  /** `linux,initrd-start` and `linux,initrd-end`. */
  readonly initrd?: { readonly start: bigint; readonly end: bigint };
  /** Handed to the kernel in x0; the place is reserved also when no tree was given. */
  readonly deviceTree: bigint;
}

/**
 * Places a kernel, its initial RAM disk and its device tree as QEMU's arm boot loader does, so that runs can be compared with it:
 * a stub at the start of memory, the kernel at text_offset (2 MB further if the stub lies below it), the RAM disk at half of
 * memory or 128 MB but behind the kernel's BSS, the tree behind that at the next 2 MB.
 *
 * A file without the Image magic is taken for an old kernel with offset 0x80000.
 *
 * @throws ImageError `packed` for gzip or EFI zboot kernels, `malformed` for a damaged header. Whether it all fits is
 *   {@link assertFits}'s question.
 */
export function planArm64Boot(input: Arm64BootInput): Arm64BootPlan {
  refusePacked(input.kernel);
  const header = isArm64Image(input.kernel) ? parseArm64Image(input.kernel) : undefined;
  const base = input.memory.base;
  const size = BigInt(input.kernel.length);
  // Before Linux 3.17 text_offset had no fixed byte order and image_size was 0; those kernels all used 0x80000.
  let offset = header !== undefined && header.imageSize !== 0n ? header.textOffset : 0x80000n;
  if (offset < 4096n) offset += 2n * MIB;
  const kernel = base + offset;
  const kernelSize = header !== undefined && header.imageSize !== 0n ? header.imageSize : size;
  const half = input.memory.size / 2n;
  const low = base + (half < 128n * MIB ? half : 128n * MIB);
  const end = kernel + kernelSize;
  const initrdStart = alignUp(low > end ? low : end, 4096n);
  const initrdSize = BigInt(input.initrd?.length ?? 0);
  const deviceTree = alignUp(initrdStart + initrdSize, 2n * MIB);
  if (deviceTree >= 1n << 64n) {
    throw new ImageError({
      code: 'malformed',
      value: `kernel at ${hex(kernel)} of ${hex(kernelSize)} bytes`,
      rule: 'kernel, RAM disk and device tree must lie in the 64-bit address space',
      remedy: 'text_offset or image_size in the header is damaged: take the Image as built',
    });
  }
  const stub = arm64BootStub({ kernel, deviceTree });
  const segments: LoadSegment[] = [
    { address: base, bytes: stub, memorySize: BigInt(stub.length), origin: 'boot stub' },
    { address: kernel, bytes: input.kernel, memorySize: kernelSize, origin: 'Image' },
  ];
  if (input.initrd !== undefined) segments.push({ address: initrdStart, bytes: input.initrd, memorySize: initrdSize, origin: 'initrd' });
  if (input.deviceTree !== undefined) {
    segments.push({ address: deviceTree, bytes: input.deviceTree, memorySize: BigInt(input.deviceTree.length), origin: 'device tree' });
  }
  return {
    segments: orderSegments(segments),
    entry: base,
    kernel,
    deviceTree,
    ...(input.initrd === undefined ? {} : { initrd: { start: initrdStart, end: initrdStart + initrdSize } }),
  };
}

/**
 * The instructions before the kernel's: x0 = device tree, x1 = x2 = x3 = 0, jump (booting.rst). Little-endian A64, position
 * independent, 40 bytes of which the last sixteen are the two addresses.
 */
export function arm64BootStub(addresses: { readonly kernel: bigint; readonly deviceTree: bigint }): Uint8Array {
  const code = [
    0x580000c0, // ldr x0, device tree
    0xaa1f03e1, // mov x1, xzr
    0xaa1f03e2, // mov x2, xzr
    0xaa1f03e3, // mov x3, xzr
    0x58000084, // ldr x4, kernel
    0xd61f0080, // br  x4
  ];
  const out = new ByteWriter('little');
  for (const word of code) out.u32(word);
  return out.u64(addresses.deviceTree).u64(addresses.kernel).toBytes();
}

/** True for a kernel in an EFI zboot wrapper (`vmlinuz.efi`): "MZ", then "zimg" at offset 4. */
export function isEfiZboot(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && bytes[0] === 0x4d && bytes[1] === 0x5a && [0x7a, 0x69, 0x6d, 0x67].every((b, i) => bytes[4 + i] === b);
}

function refusePacked(kernel: Uint8Array): void {
  const gzip = isGzip(kernel);
  if (!gzip && !isEfiZboot(kernel)) return;
  throw new ImageError({
    code: 'packed',
    value: gzip ? 'gzip-packed kernel' : 'kernel in an EFI zboot wrapper',
    rule: 'the kernel must be an unpacked Image when it is placed',
    remedy: gzip
      ? 'Unpack it first: gunzip -c Image.gz > Image, or unpackGzip(bytes, { gunzip })'
      : 'Pass the Image the wrapper was made from (arch/arm64/boot/Image)',
  });
}

function alignUp(address: bigint, to: bigint): bigint {
  return ((address + to - 1n) / to) * to;
}
