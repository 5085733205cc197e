/** Names of the numbers of the ELF specification (System V gABI chapters 4 and 5) that a debugger shows. */

export const MACHINE_NAMES: Readonly<Record<number, string>> = {
  0: 'none',
  3: 'x86',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390',
  40: 'arm',
  62: 'x86-64',
  183: 'aarch64',
  243: 'riscv',
};

/** e_machine of the architectures this project emulates. */
export const EM_PPC = 20;
export const EM_AARCH64 = 183;

export const FILE_TYPES = ['none', 'relocatable', 'executable', 'shared', 'core'] as const;
export type ElfFileType = (typeof FILE_TYPES)[number] | 'other';

export const SYMBOL_KINDS = ['none', 'object', 'function', 'section', 'file', 'common', 'tls'] as const;
export type ElfSymbolKind = (typeof SYMBOL_KINDS)[number] | 'other';

export const SYMBOL_BINDINGS = ['local', 'global', 'weak'] as const;
export type ElfSymbolBinding = (typeof SYMBOL_BINDINGS)[number] | 'other';

export const PT_LOAD = 1;
export const SHT_SYMTAB = 2;
export const SHT_NOBITS = 8;
export const SHT_DYNSYM = 11;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;
export const PN_XNUM = 0xffff;
export const SHN_XINDEX = 0xffff;
