import { hex } from '@worldswitch/bits';
import { ImageError } from './error.ts';
import { crc32 } from './crc32.ts';
import { decodeText, Window } from './window.ts';

/** U-Boot's legacy image: a 64-byte big-endian header, then the data (U-Boot include/image.h, `struct legacy_img_hdr`). */
export interface UImage {
  readonly name: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly loadAddress: number;
  readonly entry: number;
  readonly os: string;
  readonly architecture: string;
  readonly type: string;
  readonly compression: string;
  /** The payload, still compressed if `compression` says so; a view. */
  readonly data: Uint8Array;
  /** The parts of a `multi` or `script` image, views of `data`; otherwise only `data`. */
  readonly parts: readonly Uint8Array[];
}

const MAGIC = 0x27051956;
const HEADER_SIZE = 64;

// ih_os, ih_arch, ih_type, ih_comp of U-Boot's include/image.h; a number without a name is shown as a number.
const OS_NAMES: Readonly<Record<number, string>> = { 1: 'openbsd', 2: 'netbsd', 3: 'freebsd', 5: 'linux', 14: 'vxworks', 16: 'qnx', 17: 'u-boot', 18: 'rtems', 25: 'arm-trusted-firmware', 26: 'tee' };
const ARCHITECTURES: Readonly<Record<number, string>> = { 2: 'arm', 3: 'x86', 5: 'mips', 6: 'mips64', 7: 'ppc', 22: 'arm64', 24: 'x86_64', 26: 'riscv' };
const TYPES: Readonly<Record<number, string>> = { 1: 'standalone', 2: 'kernel', 3: 'ramdisk', 4: 'multi', 5: 'firmware', 6: 'script', 7: 'filesystem', 8: 'flat_dt', 14: 'kernel_noload' };
const COMPRESSIONS: Readonly<Record<number, string>> = { 0: 'none', 1: 'gzip', 2: 'bzip2', 3: 'lzma', 4: 'lzo', 5: 'lz4', 6: 'zstd' };

/** True when the bytes start with the legacy image magic. */
export function isUImage(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new Window(bytes, 'big', 'uImage').u32(0, 'ih_magic') === MAGIC;
}

/**
 * Reads a legacy U-Boot image and checks both of its checksums.
 *
 * @throws ImageError `foreign` without the magic, `truncated` or `malformed` (checksum, part sizes) for damage.
 */
export function parseUImage(bytes: Uint8Array): UImage {
  const file = new Window(bytes, 'big', 'uImage');
  if (!isUImage(bytes)) {
    throw new ImageError({
      code: 'foreign',
      value: bytes.length < 4 ? `${bytes.length} bytes` : `first word ${hex(file.u32(0, 'ih_magic'))}`,
      rule: `a legacy U-Boot image starts with ${hex(MAGIC)}`,
      remedy: 'Use identify() to see what the file is',
    });
  }
  const header = file.slice(0, HEADER_SIZE, 'image header').slice();
  header.fill(0, 4, 8); // ih_hcrc is taken as zero for its own sum
  checkSum('ih_hcrc', file.u32(4, 'ih_hcrc'), header);
  const data = file.slice(HEADER_SIZE, file.u32(12, 'ih_size'), 'image data');
  checkSum('ih_dcrc', file.u32(24, 'ih_dcrc'), data);
  const type = TYPES[file.u8(30, 'ih_type')] ?? `type ${file.u8(30, 'ih_type')}`;
  const name = file.slice(32, 32, 'ih_name');
  const end = name.indexOf(0);
  return {
    name: decodeText(end < 0 ? name : name.subarray(0, end)),
    time: file.u32(8, 'ih_time'),
    loadAddress: file.u32(16, 'ih_load'),
    entry: file.u32(20, 'ih_ep'),
    os: OS_NAMES[file.u8(28, 'ih_os')] ?? `os ${file.u8(28, 'ih_os')}`,
    architecture: ARCHITECTURES[file.u8(29, 'ih_arch')] ?? `architecture ${file.u8(29, 'ih_arch')}`,
    type,
    compression: COMPRESSIONS[file.u8(31, 'ih_comp')] ?? `compression ${file.u8(31, 'ih_comp')}`,
    data,
    parts: type === 'multi' || type === 'script' ? readParts(data) : [data],
  };
}

/** Part sizes as big-endian words up to a zero word, then the parts, each starting at a multiple of four. */
function readParts(data: Uint8Array): Uint8Array[] {
  const window = new Window(data, 'big', 'multi-part image');
  const sizes: number[] = [];
  for (let at = 0; ; at += 4) {
    const size = window.u32(at, 'part size');
    if (size === 0) break;
    sizes.push(size);
  }
  let at = 4 * (sizes.length + 1);
  return sizes.map((size, i) => {
    const part = window.slice(at, size, `part ${i}`);
    at += Math.ceil(size / 4) * 4;
    return part;
  });
}

function checkSum(field: string, expected: number, bytes: Uint8Array): void {
  const actual = crc32(bytes);
  if (actual === expected) return;
  throw new ImageError({
    code: 'malformed',
    value: `${field} = ${hex(expected)}, CRC-32 of the bytes is ${hex(actual)}`,
    rule: 'the checksums of header and data must match',
    remedy: 'The file is damaged: fetch it again, or rebuild it with mkimage',
  });
}
