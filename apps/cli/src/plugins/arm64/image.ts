import type { BootImage } from '@worldswitch/arm64';
import { EM_AARCH64, elfSymbols, FORMAT_TEXT, identify, ImageError, isElf, parseElf, unpackGzip, type ElfSymbol, type ImageFormat } from '@worldswitch/image';
import { refuse, type ImageFile } from '@worldswitch/session';
import type { Arm64Options } from './options.ts';

export interface PreparedImage {
  readonly boot: BootImage;
  readonly symbols: readonly ElfSymbol[];
}

const REFUSED: Partial<Record<ImageFormat, string>> = {
  'efi-zboot': 'unpack it: the payload behind the header is the packed Image',
  uimage: 'give the file that mkimage packed, or boot it from U-Boot',
  'device-tree': 'pass it with --dtb, and the program as the image',
};

/** True for what only arm64 executes. */
export function isArm64File({ bytes }: ImageFile): boolean {
  const format = identify(bytes);
  // e_machine, in the byte order that e_ident names.
  if (format === 'elf') return bytes.length > 20 && (bytes[5] === 2 ? (bytes[18] << 8) | bytes[19] : bytes[18] | (bytes[19] << 8)) === EM_AARCH64;
  return format === 'linux-arm64';
}

/**
 * Decides how an image is started: an ELF file by its addresses, a Linux `Image` as a boot loader does, anything without a header
 * as firmware, unless `--at` gives it a place in RAM. Packed files are unpacked first.
 *
 * @throws ImageError, SessionError `bad-option` for options that contradict the image.
 */
export function prepareImage(file: ImageFile | undefined, options: Arm64Options, gunzip?: (bytes: Uint8Array, limit: number) => Uint8Array): PreparedImage {
  if (file === undefined) return { boot: { kind: 'none' }, symbols: [] };
  if (options.bios === true && options.at !== undefined) throw refuse('bad-option', '--bios and --at together: firmware lies in flash, a flat file in RAM; give one of them');
  const bytes = unpackGzip(file.bytes, gunzip && { gunzip });
  const format = identify(bytes);
  const kind = options.bios === true ? 'firmware' : options.at !== undefined ? 'flat' : kindOf(format, file.name, bytes.length);
  for (const name of ['append', 'initrd'] as const) {
    if (options[name] !== undefined && kind !== 'linux') throw refuse('bad-option', `--${name} with ${file.name}, a ${FORMAT_TEXT[format]}: only a Linux kernel takes it; leave it out`);
  }
  switch (kind) {
    case 'elf': return { boot: { kind, elf: bytes }, symbols: symbolsOf(bytes) };
    case 'linux': return {
      boot: { kind, kernel: bytes, ...(options.append !== undefined && { commandLine: options.append }), ...(options.initrd && { initrd: options.initrd }) }, symbols: [],
    };
    case 'firmware': return { boot: { kind, firmware: bytes }, symbols: [] };
    case 'flat': return { boot: { kind, bytes, address: options.at ?? 0n }, symbols: [] };
  }
}

function kindOf(format: ImageFormat, name: string, length: number): 'elf' | 'linux' | 'firmware' {
  if (format === 'elf') return 'elf';
  if (format === 'linux-arm64') return 'linux';
  if (format === 'flat') return 'firmware';
  throw new ImageError({
    code: 'unsupported', value: `${name}, a ${FORMAT_TEXT[format]} of ${length} bytes`, rule: 'the virt board starts ELF files, Linux arm64 Images, firmware and flat files',
    remedy: REFUSED[format] ?? 'convert it to one of them',
  });
}

/** Damaged symbols are no reason not to run a program. */
function symbolsOf(bytes: Uint8Array): readonly ElfSymbol[] {
  if (!isElf(bytes)) return [];
  try {
    return elfSymbols(parseElf(bytes));
  } catch (error) {
    if (error instanceof ImageError) return [];
    throw error;
  }
}
