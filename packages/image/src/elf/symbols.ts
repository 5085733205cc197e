import { hex } from '@worldswitch/bits';
import { ImageError } from '../error.ts';
import { StringTable, Window } from '../window.ts';
import { SHT_DYNSYM, SHT_SYMTAB, SYMBOL_BINDINGS, SYMBOL_KINDS } from './names.ts';
import type { ElfSymbolBinding, ElfSymbolKind } from './names.ts';
import type { ElfFile, ElfSection } from './parse.ts';

/** An entry of a symbol table. */
export interface ElfSymbol {
  readonly name: string;
  /** st_value: in executables a virtual address, without load bias. */
  readonly value: bigint;
  readonly size: bigint;
  readonly kind: ElfSymbolKind;
  readonly binding: ElfSymbolBinding;
  /** st_shndx: 0 undefined, 0xfff1 absolute, 0xfff2 common, 0xffff index kept elsewhere. */
  readonly section: number;
  /** True for an entry of .dynsym. */
  readonly dynamic: boolean;
}

/**
 * All symbols of .symtab and .dynsym in file order, without the empty entry 0 of each table.
 *
 * @throws ImageError `malformed` when a table's entry size, its size or a name is wrong.
 */
export function elfSymbols(file: ElfFile): ElfSymbol[] {
  return file.sections.filter((s) => s.type === SHT_SYMTAB || s.type === SHT_DYNSYM).flatMap((s) => readTable(file, s));
}

function readTable(file: ElfFile, section: ElfSection): ElfSymbol[] {
  const entrySize = file.bits === 64 ? 24 : 16; // gABI 4.8
  if (section.entrySize !== BigInt(entrySize) || section.bytes.length % entrySize !== 0) {
    throw new ImageError({
      code: 'malformed',
      value: `symbol table ${section.name} of ${section.bytes.length} bytes, sh_entsize = ${section.entrySize}`,
      rule: `a symbol of an ELF${file.bits} file takes ${entrySize} bytes`,
      remedy: 'The file is damaged: build it again, or strip its symbols',
    });
  }
  const strings = file.sections[section.link];
  if (strings === undefined) {
    throw new ImageError({
      code: 'malformed',
      value: `sh_link = ${hex(section.link)} of symbol table ${section.name}`,
      rule: 'it must be the index of the string table',
      remedy: 'The file is damaged: build it again, or strip its symbols',
    });
  }
  const names = new StringTable(strings.bytes, `string table ${strings.name}`);
  const table = new Window(section.bytes, file.byteOrder, `symbol table ${section.name}`);
  const symbols: ElfSymbol[] = [];
  for (let at = entrySize; at < table.length; at += entrySize) {
    const wide = file.bits === 64;
    const info = table.u8(at + (wide ? 4 : 12), 'st_info');
    symbols.push({
      name: names.get(table.u32(at, 'st_name')),
      value: wide ? table.u64(at + 8, 'st_value') : BigInt(table.u32(at + 4, 'st_value')),
      size: wide ? table.u64(at + 16, 'st_size') : BigInt(table.u32(at + 8, 'st_size')),
      kind: SYMBOL_KINDS[info & 15] ?? 'other',
      binding: SYMBOL_BINDINGS[info >> 4] ?? 'other',
      section: table.u16(at + (wide ? 6 : 14), 'st_shndx'),
      dynamic: section.type === SHT_DYNSYM,
    });
  }
  return symbols;
}
