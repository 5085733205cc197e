import { hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { ImageError } from '../error.ts';
import { StringTable, Window } from '../window.ts';
import { FILE_TYPES, MACHINE_NAMES, PN_XNUM, SHN_XINDEX, SHT_NOBITS } from './names.ts';
import type { ElfFileType } from './names.ts';

/** A program header. Addresses and sizes are as in the file; no load bias is applied. */
export interface ElfSegment {
  readonly index: number;
  /** p_type: 1 is PT_LOAD. */
  readonly type: number;
  /** p_flags: 1 execute, 2 write, 4 read. */
  readonly flags: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  /** The bytes in the file, a view. */
  readonly bytes: Uint8Array;
  readonly memorySize: bigint;
  readonly alignment: bigint;
}

/** A section header with its name; `bytes` is empty for SHT_NOBITS. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  readonly size: bigint;
  readonly bytes: Uint8Array;
  readonly link: number;
  readonly info: number;
  readonly entrySize: bigint;
}

/** A parsed ELF file. It shares the bytes it was made from. */
export interface ElfFile {
  readonly bits: 32 | 64;
  readonly byteOrder: ByteOrder;
  readonly type: ElfFileType;
  /** e_machine. */
  readonly machine: number;
  /** e_machine by name, `machine 4711` if it has none here. */
  readonly machineName: string;
  readonly flags: number;
  /** e_entry: a virtual address, 0 when the file has none. */
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
}

/** Field offsets of the two classes (gABI 4.1, 4.2, 5.1); a word is 4 or 8 bytes. */
interface Layout {
  readonly headerSize: number;
  readonly entry: number;
  readonly phoff: number;
  readonly shoff: number;
  readonly flags: number;
  readonly ph: { size: number; flags: number; offset: number; vaddr: number; paddr: number; filesz: number; memsz: number; align: number };
  readonly sh: { size: number; flags: number; addr: number; offset: number; bytes: number; link: number; info: number; entsize: number };
}

const LAYOUT_32: Layout = {
  headerSize: 52, entry: 24, phoff: 28, shoff: 32, flags: 36,
  ph: { size: 32, flags: 24, offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20, align: 28 },
  sh: { size: 40, flags: 8, addr: 12, offset: 16, bytes: 20, link: 24, info: 28, entsize: 36 },
};

const LAYOUT_64: Layout = {
  headerSize: 64, entry: 24, phoff: 32, shoff: 40, flags: 48,
  ph: { size: 56, flags: 4, offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40, align: 48 },
  sh: { size: 64, flags: 8, addr: 16, offset: 24, bytes: 32, link: 40, info: 44, entsize: 56 },
};

/** True when the bytes start with the ELF magic. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Reads headers, program headers and sections of an ELF32 or ELF64 file of either byte order.
 *
 * @throws ImageError `foreign` when it is not ELF, `truncated` or `malformed` when it is a damaged one.
 */
export function parseElf(bytes: Uint8Array): ElfFile {
  if (!isElf(bytes)) {
    throw new ImageError({
      code: 'foreign',
      value: `first bytes ${[...bytes.subarray(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join(' ') || '(none)'}`,
      rule: 'an ELF file starts with 7f 45 4c 46',
      remedy: 'Use identify() to see what the file is; load a file without a header as a flat binary',
    });
  }
  const { bits, byteOrder } = readIdentification(bytes);
  const file = new Window(bytes, byteOrder, 'ELF file');
  const layout = bits === 64 ? LAYOUT_64 : LAYOUT_32;
  file.check(0, layout.headerSize, 'ELF header');
  const word = (at: number, field: string): bigint => (bits === 64 ? file.u64(at, field) : BigInt(file.u32(at, field)));
  const tail = layout.flags + 4; // e_ehsize and the five halves after it stand behind e_flags in both classes
  const type = file.u16(16, 'e_type');
  const machine = file.u16(18, 'e_machine');
  const headers = {
    phoff: word(layout.phoff, 'e_phoff'),
    shoff: word(layout.shoff, 'e_shoff'),
    phentsize: file.u16(tail + 2, 'e_phentsize'),
    phnum: file.u16(tail + 4, 'e_phnum'),
    shentsize: file.u16(tail + 6, 'e_shentsize'),
    shnum: file.u16(tail + 8, 'e_shnum'),
    shstrndx: file.u16(tail + 10, 'e_shstrndx'),
  };
  extendCounts(file, layout, headers, word);
  return {
    bits,
    byteOrder,
    type: FILE_TYPES[type] ?? 'other',
    machine,
    machineName: MACHINE_NAMES[machine] ?? `machine ${machine}`,
    flags: file.u32(layout.flags, 'e_flags'),
    entry: word(layout.entry, 'e_entry'),
    segments: readSegments(file, layout, headers, word),
    sections: readSections(file, layout, headers, word),
  };
}

interface Headers {
  readonly phoff: bigint;
  readonly shoff: bigint;
  readonly phentsize: number;
  phnum: number;
  readonly shentsize: number;
  shnum: number;
  shstrndx: number;
}

type ReadWord = (at: number, field: string) => bigint;

function readIdentification(bytes: Uint8Array): { bits: 32 | 64; byteOrder: ByteOrder } {
  const file = new Window(bytes, 'little', 'ELF file');
  const elfClass = file.u8(4, 'EI_CLASS');
  const data = file.u8(5, 'EI_DATA');
  if (elfClass !== 1 && elfClass !== 2) {
    throw new ImageError({ code: 'malformed', value: `EI_CLASS = ${elfClass}`, rule: 'it is 1 (32 bit) or 2 (64 bit)', remedy: 'The file is damaged: build it again' });
  }
  if (data !== 1 && data !== 2) {
    throw new ImageError({ code: 'malformed', value: `EI_DATA = ${data}`, rule: 'it is 1 (little-endian) or 2 (big-endian)', remedy: 'The file is damaged: build it again' });
  }
  return { bits: elfClass === 2 ? 64 : 32, byteOrder: data === 1 ? 'little' : 'big' };
}

/** Files with 0xff00 or more sections or segments keep the true counts in section header 0 (gABI 4.1, "Extended numbering"). */
function extendCounts(file: Window, layout: Layout, h: Headers, word: ReadWord): void {
  const extended = h.phnum === PN_XNUM || h.shstrndx === SHN_XINDEX || (h.shnum === 0 && h.shoff !== 0n);
  if (!extended || h.shoff === 0n) return;
  const at = Number(h.shoff);
  file.check(at, layout.sh.size, 'section header 0');
  if (h.shnum === 0) h.shnum = Number(word(at + layout.sh.bytes, 'sh_size of section 0'));
  if (h.phnum === PN_XNUM) h.phnum = file.u32(at + layout.sh.info, 'sh_info of section 0');
  if (h.shstrndx === SHN_XINDEX) h.shstrndx = file.u32(at + layout.sh.link, 'sh_link of section 0');
}

function checkEntrySize(field: string, actual: number, needed: number): void {
  if (actual >= needed) return;
  throw new ImageError({
    code: 'malformed',
    value: `${field} = ${actual}`,
    rule: `an entry of this table takes ${needed} bytes`,
    remedy: 'The file is damaged: build it again',
  });
}

function readSegments(file: Window, layout: Layout, h: Headers, word: ReadWord): ElfSegment[] {
  if (h.phnum === 0) return [];
  checkEntrySize('e_phentsize', h.phentsize, layout.ph.size);
  file.check(Number(h.phoff), h.phnum * h.phentsize, `program header table of ${h.phnum} entries`);
  const addressLimit = 1n << (layout === LAYOUT_64 ? 64n : 32n);
  return Array.from({ length: h.phnum }, (_, index): ElfSegment => {
    const at = Number(h.phoff) + index * h.phentsize;
    const name = (field: string): string => `${field} of program header ${index}`;
    const virtualAddress = word(at + layout.ph.vaddr, name('p_vaddr'));
    const physicalAddress = word(at + layout.ph.paddr, name('p_paddr'));
    const fileSize = word(at + layout.ph.filesz, name('p_filesz'));
    const memorySize = word(at + layout.ph.memsz, name('p_memsz'));
    const type = file.u32(at, name('p_type'));
    if (type === 1 && fileSize > memorySize) {
      throw new ImageError({
        code: 'malformed',
        value: `p_filesz = ${hex(fileSize)}, p_memsz = ${hex(memorySize)} of program header ${index}`,
        rule: 'a loadable segment takes at least as much memory as file (gABI 5.1)',
        remedy: 'The file is damaged: link it again',
      });
    }
    if (type === 1 && (physicalAddress + memorySize > addressLimit || virtualAddress + memorySize > addressLimit)) {
      throw new ImageError({
        code: 'malformed',
        value: `program header ${index} at ${hex(physicalAddress)} (virtual ${hex(virtualAddress)}), ${hex(memorySize)} bytes`,
        rule: 'a segment must end within the address space of its ELF class',
        remedy: 'The file is damaged: link it again',
      });
    }
    return {
      index,
      type,
      flags: file.u32(at + layout.ph.flags, name('p_flags')),
      virtualAddress,
      physicalAddress,
      bytes: file.slice(word(at + layout.ph.offset, name('p_offset')), fileSize, `content of program header ${index}`),
      memorySize,
      alignment: word(at + layout.ph.align, name('p_align')),
    };
  });
}

function readSections(file: Window, layout: Layout, h: Headers, word: ReadWord): ElfSection[] {
  if (h.shoff === 0n || h.shnum === 0) return [];
  checkEntrySize('e_shentsize', h.shentsize, layout.sh.size);
  file.check(Number(h.shoff), h.shnum * h.shentsize, `section header table of ${h.shnum} entries`);
  const nameOffsets: number[] = [];
  const sections = Array.from({ length: h.shnum }, (_, index): ElfSection => {
    const at = Number(h.shoff) + index * h.shentsize;
    const name = (field: string): string => `${field} of section ${index}`;
    const type = file.u32(at + 4, name('sh_type'));
    const size = word(at + layout.sh.bytes, name('sh_size'));
    nameOffsets.push(file.u32(at, name('sh_name')));
    // Section 0 has no content; its sh_size may hold the section count.
    const empty = type === SHT_NOBITS || type === 0;
    return {
      index,
      name: '',
      type,
      flags: word(at + layout.sh.flags, name('sh_flags')),
      address: word(at + layout.sh.addr, name('sh_addr')),
      size,
      bytes: empty ? new Uint8Array(0) : file.slice(word(at + layout.sh.offset, name('sh_offset')), size, `content of section ${index}`),
      link: file.u32(at + layout.sh.link, name('sh_link')),
      info: file.u32(at + layout.sh.info, name('sh_info')),
      entrySize: word(at + layout.sh.entsize, name('sh_entsize')),
    };
  });
  if (h.shstrndx === 0) return sections;
  const table = sections[h.shstrndx];
  if (table === undefined) {
    throw new ImageError({
      code: 'malformed',
      value: `e_shstrndx = ${h.shstrndx} of ${h.shnum} sections`,
      rule: 'it must be the index of a section',
      remedy: 'The file is damaged: build it again, or strip its section headers',
    });
  }
  const names = new StringTable(table.bytes, 'section name table');
  return sections.map((section) => ({ ...section, name: section.type === 0 ? '' : names.get(nameOffsets[section.index]) }));
}
