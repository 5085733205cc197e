import type { BootImage } from '@worldswitch/arm64';
import { hex } from '@worldswitch/bits';
import { elfSymbols, FORMAT_TEXT, identify, ImageError, isElf, parseElf, unpackGzip, type ElfSymbol, type ImageFormat } from '@worldswitch/image';
import { refuse, type ImageFile } from '@worldswitch/session';
import { notCode } from './code.ts';
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

/**
 * Decides how an image is started: an ELF file by its addresses, a Linux `Image` as a boot loader does, code without a
 * header as firmware, unless `--at` gives it a place in RAM. Packed files are unpacked first.
 *
 * @throws ImageError, SessionError `bad-option` for options that contradict the image.
 */
export function prepareImage(file: ImageFile | undefined, options: Arm64Options, gunzip?: (bytes: Uint8Array, limit: number) => Uint8Array): PreparedImage {
  if (file === undefined) return { boot: { kind: 'none' }, symbols: [] };
  if (options.bios === true && options.at !== undefined) throw refuse('bad-option', '--bios and --at together: firmware lies in flash, a flat file in RAM; give one of them');
  const bytes = unpackGzip(file.bytes, gunzip && { gunzip });
  const format = identify(bytes);
  const kind = options.bios === true ? 'firmware' : options.at !== undefined ? 'flat' : kindOf(format, file.name, bytes);
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

function kindOf(format: ImageFormat, name: string, bytes: Uint8Array): 'elf' | 'linux' | 'firmware' {
  if (format === 'elf') return 'elf';
  if (format === 'linux-arm64') return 'linux';
  const value = `${name}, a ${FORMAT_TEXT[format]} of ${bytes.length} bytes`;
  if (format !== 'flat') {
    throw new ImageError({
      code: 'unsupported', value, rule: 'the virt board starts ELF files, Linux arm64 Images, firmware and flat files', remedy: REFUSED[format] ?? 'convert it to one of them',
    });
  }
  const wrong = bytes.length === 0 ? undefined : notCode(bytes);
  if (wrong === undefined) return 'firmware';
  const { at, word } = wrong;
  throw new ImageError({
    code: 'foreign', value,
    rule: `such a file is started as firmware, but ${word === undefined ? `execution from its beginning leaves it at offset ${hex(BigInt(at))}` : `the word ${hex(word, 8)} at offset ${hex(at)}, which would be executed, is no A64 instruction`}`,
    remedy: 'Give an ELF file, a Linux arm64 Image or arm64 firmware; or say that you mean it: --bios for firmware in flash, --at ADDR for a flat file in RAM',
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
