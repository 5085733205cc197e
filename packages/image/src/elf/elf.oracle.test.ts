import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { elfSymbols, parseElf } from '../index.ts';
import type { ElfFile } from '../index.ts';

const FIXTURES = ['aarch64-le.elf', 'aarch64-be.elf', 'aarch64-pie.elf', 'powerpc-be.elf', 'powerpc-le.elf'];
const path = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
const readelf = (option: string, name: string): string => execFileSync('readelf', [option, '-W', path(name)], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
const parse = (name: string): ElfFile => parseElf(new Uint8Array(readFileSync(path(name))));
const number = (text: string): bigint => BigInt(`0x${text.replace(/^0x/, '')}`);

describe.skipIf(!haveTools('readelf'))('ELF files as GNU readelf sees them', () => {
  it.each(FIXTURES)('header of %s', (name) => {
    const header = readelf('-h', name);
    const line = (label: string): string => new RegExp(`${label}:\\s+(.*)`).exec(header)![1].trim();
    const file = parse(name);
    expect(`ELF${file.bits}`).toBe(line('Class'));
    expect(line('Data')).toContain(`${file.byteOrder} endian`);
    expect(line('Type').toLowerCase()).toContain({ executable: 'exec', shared: 'dyn' }[file.type as 'executable' | 'shared']);
    expect(line('Machine').toLowerCase()).toBe({ aarch64: 'aarch64', ppc: 'powerpc' }[file.machineName]);
    expect(file.entry).toBe(number(line('Entry point address')));
    expect(file.segments.length).toBe(Number(line('Number of program headers')));
    expect(file.sections.length).toBe(Number(line('Number of section headers')));
  });

  it.each(FIXTURES)('program headers of %s', (name) => {
    const rows = [...readelf('-l', name).matchAll(/^ {2}\S+ +(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) ([R ][W ][E ]) (0x\w+)$/gm)];
    const bytes = readFileSync(path(name));
    const segments = parse(name).segments;
    expect(segments.length).toBe(rows.length);
    segments.forEach((s, i) => {
      const [, offset, virtual, physical, fileSize, memorySize, flags, alignment] = rows[i];
      expect([s.virtualAddress, s.physicalAddress, BigInt(s.bytes.length), s.memorySize, s.alignment]).toEqual(
        [virtual, physical, fileSize, memorySize, alignment].map(number),
      );
      expect(`${s.flags & 4 ? 'R' : ' '}${s.flags & 2 ? 'W' : ' '}${s.flags & 1 ? 'E' : ' '}`).toBe(flags);
      const at = Number(offset);
      expect([...s.bytes]).toEqual([...bytes.subarray(at, at + s.bytes.length)]);
    });
  });

  it.each(FIXTURES)('sections of %s', (name) => {
    const rows = [...readelf('-S', name).matchAll(/^ {2}\[ *(\d+)\] (\S*) +([A-Z_]+) +(\w+) (\w+) (\w+) (\w+) +\S* +(\d+) +(\d+) +\d+$/gm)];
    const sections = parse(name).sections;
    expect(rows.length).toBe(sections.length);
    rows.forEach(([, index, label, , address, , size, entrySize, link, info]) => {
      const s = sections[Number(index)];
      expect([s.name, s.address, s.size, s.entrySize, s.link, s.info]).toEqual([
        label, number(address), number(size), number(entrySize), Number(link), Number(info),
      ]);
    });
  });

  it.each(FIXTURES)('symbols of %s', (name) => {
    const rows = [...readelf('-s', name).matchAll(/^ +\d+: (\w+) +(\d+) (\w+) +(\w+) +\w+ +(\w+)(?: (.*))?$/gm)].filter((r) => !/^0+$/.test(r[1]) || r[3] !== 'NOTYPE' || r[6]);
    const kinds: Record<string, string> = { NOTYPE: 'none', FUNC: 'function' };
    const sections: Record<string, number> = { UND: 0, ABS: 0xfff1, COM: 0xfff2 };
    const theirs = rows.map(([, value, size, kind, binding, section, label]) => [
      number(value), BigInt(size), kinds[kind] ?? kind.toLowerCase(), binding.toLowerCase(), sections[section] ?? Number(section), label ?? '',
    ]);
    const file = parse(name);
    // readelf shows a section symbol under its section's name.
    const ours = elfSymbols(file).map((s) => [s.value, s.size, s.kind, s.binding, s.section, s.kind === 'section' ? file.sections[s.section].name : s.name]);
    expect(ours.sort()).toEqual(theirs.sort());
  });
});
