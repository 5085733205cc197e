import { isArm64Image, isEfiZboot } from './arm64-image.ts';
import { isElf } from './elf/parse.ts';
import { isFdt } from './fdt/read.ts';
import { isGzip } from './gzip.ts';
import { isUImage } from './uimage.ts';

/** The formats this package tells apart. `flat` means: none of the others, so the caller has to say where it goes. */
export type ImageFormat = 'elf' | 'linux-arm64' | 'efi-zboot' | 'uimage' | 'device-tree' | 'gzip' | 'flat';

/** One sentence for each format, to show to people. */
export const FORMAT_TEXT: Readonly<Record<ImageFormat, string>> = {
  elf: 'ELF file',
  'linux-arm64': 'Linux arm64 Image',
  'efi-zboot': 'Linux kernel in an EFI zboot wrapper (packed)',
  uimage: 'U-Boot legacy image',
  'device-tree': 'flattened device tree (also the container of U-Boot FIT images)',
  gzip: 'gzip-packed file',
  flat: 'file without a known header',
};

/** Names the format by its magic numbers. Reads only the first 64 bytes and never throws; a name is no promise that the rest is sound. */
export function identify(bytes: Uint8Array): ImageFormat {
  if (isElf(bytes)) return 'elf';
  // A kernel built with EFI support starts with "MZ" and is still an Image: the magic at 56 decides.
  if (isArm64Image(bytes)) return 'linux-arm64';
  if (isEfiZboot(bytes)) return 'efi-zboot';
  if (isUImage(bytes)) return 'uimage';
  if (isFdt(bytes)) return 'device-tree';
  return isGzip(bytes) ? 'gzip' : 'flat';
}
