import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assertFits, elfSymbols, ImageError, parseElf, planElf } from '../index.ts';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

const fault = (f: () => unknown): ImageError => {
  try {
    f();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('parseElf', () => {
  // Addresses are those of fixtures/program.ld; sizes those of the sources.
  it.each([
    ['aarch64-le.elf', 64, 'little', 'aarch64', 16n],
    ['aarch64-be.elf', 64, 'big', 'aarch64', 16n],
    ['powerpc-be.elf', 32, 'big', 'ppc', 16n],
    ['powerpc-le.elf', 32, 'little', 'ppc', 16n],
  ] as const)('reads %s', (name, bits, byteOrder, machineName, textSize) => {
    const file = parseElf(fixture(name));
    expect(file).toMatchObject({ bits, byteOrder, machineName, type: 'executable', entry: 0x8000_1000n });
    expect(file.segments).toHaveLength(2);
    expect(file.segments[0]).toMatchObject({ virtualAddress: 0x8000_1000n, physicalAddress: 0x4000_1000n, memorySize: textSize, flags: 5 });
    expect(file.segments[1]).toMatchObject({ virtualAddress: 0x8000_2000n, physicalAddress: 0x4000_2000n, memorySize: 0x10cn, flags: 6 });
    expect(new TextDecoder().decode(file.segments[1].bytes)).toBe('worldswitch\0');
    expect(file.sections.map((s) => s.name)).toEqual(expect.arrayContaining(['.text', '.data', '.bss', '.symtab']));
    const bss = file.sections.find((s) => s.name === '.bss')!;
    expect(bss).toMatchObject({ size: 0x100n, bytes: new Uint8Array(0) });
  });

  it('stores words of the code in the byte order of the file', () => {
    expect([...parseElf(fixture('aarch64-le.elf')).segments[0].bytes.subarray(8, 12)]).toEqual([0x7f, 0x20, 0x03, 0xd5]); // wfi
    // A64 instructions are little-endian in BE8 files too (DDI 0487 B2.6.2).
    expect([...parseElf(fixture('aarch64-be.elf')).segments[0].bytes.subarray(8, 12)]).toEqual([0x7f, 0x20, 0x03, 0xd5]);
    expect([...parseElf(fixture('powerpc-be.elf')).segments[0].bytes.subarray(12)]).toEqual([0x48, 0, 0, 0]); // b .
  });

  it('says what a foreign file is', () => {
    const error = fault(() => parseElf(new TextEncoder().encode('#!/bin/sh')));
    expect(error).toMatchObject({ code: 'foreign', value: 'first bytes 23 21 2f 62' });
    expect(error.message).toContain('flat binary');
  });

  it('names the field at which a file ends', () => {
    expect(fault(() => parseElf(fixture('aarch64-le.elf').subarray(0, 100))).message).toContain('program header table of 2 entries at offset 0x40');
  });
});

describe('elfSymbols', () => {
  it.each(['aarch64-le.elf', 'aarch64-be.elf', 'powerpc-be.elf', 'powerpc-le.elf'])('reads the symbols of %s', (name) => {
    const symbols = new Map(elfSymbols(parseElf(fixture(name))).map((s) => [s.name, s]));
    expect(symbols.get('_start')).toMatchObject({ value: 0x8000_1000n, kind: 'function', binding: 'global', dynamic: false });
    expect(symbols.get('halt')).toMatchObject({ kind: 'function', binding: 'weak' });
    expect(symbols.get('message')).toMatchObject({ value: 0x8000_2000n, size: 12n, kind: 'object', binding: 'local' });
    expect(symbols.get('stack')).toMatchObject({ value: 0x8000_200cn, size: 0x100n, kind: 'object' });
  });
});

describe('planElf', () => {
  it('places segments by physical address and moves the entry with its segment', () => {
    const plan = planElf(parseElf(fixture('aarch64-le.elf')));
    expect(plan.entry).toBe(0x4000_1000n);
    expect(plan.segments.map((s) => [s.address, s.bytes.length, s.memorySize])).toEqual([
      [0x4000_1000n, 16, 16n],
      [0x4000_2000n, 12, 0x10cn],
    ]);
  });

  it('moves a position-independent file by the bias, and only such a file', () => {
    const pie = parseElf(fixture('aarch64-pie.elf'));
    expect(pie.type).toBe('shared');
    const still = planElf(pie);
    const moved = planElf(pie, { loadBias: 0x4800_0000n });
    expect(moved.entry - still.entry).toBe(0x4800_0000n);
    expect(moved.segments.map((s) => s.address)).toEqual(still.segments.map((s) => s.address + 0x4800_0000n));
    expect(fault(() => planElf(parseElf(fixture('aarch64-le.elf')), { loadBias: 4096n }))).toMatchObject({ code: 'unsupported' });
    expect(fault(() => planElf(pie, { loadBias: -1n })).rule).toContain('address space');
  });

  it('refuses another machine by name', () => {
    const error = fault(() => planElf(parseElf(fixture('powerpc-be.elf')), { machine: 183 }));
    expect(error).toMatchObject({ code: 'foreign', value: 'e_machine = 20 (ppc)' });
    expect(error.remedy).toContain('aarch64');
  });

  it('refuses overlapping segments and an entry outside', () => {
    const bytes = fixture('aarch64-le.elf');
    new DataView(bytes.buffer).setBigUint64(64 + 56 + 24, 0x4000_1008n, true); // p_paddr of the second segment into the first
    expect(fault(() => planElf(parseElf(bytes))).rule).toContain('same memory');
    const lost = fixture('aarch64-le.elf');
    new DataView(lost.buffer).setBigUint64(24, 0x1234n, true);
    expect(fault(() => planElf(parseElf(lost)))).toMatchObject({ value: 'e_entry = 0x1234' });
  });

  it('refuses an image larger than memory, counting its zero-filled part', () => {
    const plan = planElf(parseElf(fixture('aarch64-le.elf')));
    assertFits(plan, [{ base: 0x4000_0000n, size: 0x210cn }]);
    const error = fault(() => assertFits(plan, [{ base: 0x4000_0000n, size: 0x210bn }]));
    expect(error).toMatchObject({ code: 'does-not-fit' });
    expect(error.value).toContain('PT_LOAD 1 needs 0x40002000..0x4000210b; memory is 0x40000000..0x4000210a');
  });
});
