import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elfSymbols, identify, ImageError, parseArm64Image, parseElf, parseUImage, planArm64Boot, planElf, printDts, readFdt, readReg, walkNodes, writeFdt,
} from './index.ts';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));

/** An Image header with a little content. */
function arm64Image(): Uint8Array {
  const bytes = new Uint8Array(96);
  new DataView(bytes.buffer).setBigUint64(16, 96n, true);
  bytes.set(new TextEncoder().encode('ARMd'), 56);
  return bytes;
}

/** Everything a caller would do with the format; each may only succeed or throw ImageError. */
const readers: readonly { readonly name: string; readonly seeds: readonly Uint8Array[]; readonly use: (bytes: Uint8Array) => void }[] = [
  {
    name: 'elf',
    seeds: ['aarch64-le.elf', 'aarch64-be.elf', 'aarch64-pie.elf', 'powerpc-be.elf', 'powerpc-le.elf'].map(fixture),
    use: (bytes) => {
      const file = parseElf(bytes);
      attempt(() => elfSymbols(file));
      attempt(() => planElf(file));
    },
  },
  {
    name: 'device tree',
    seeds: [fixture('tree.dtb')],
    use: (bytes) => {
      const tree = readFdt(bytes);
      printDts(tree);
      expect(readFdt(writeFdt(tree))).toEqual(tree);
      for (const { node } of walkNodes(tree)) for (const child of node.children) attempt(() => readReg(child, node));
    },
  },
  { name: 'uImage', seeds: [fixture('kernel.uimage'), fixture('parts.uimage')], use: (bytes) => void parseUImage(bytes) },
  {
    name: 'Image',
    seeds: [arm64Image()],
    use: (bytes) => {
      attempt(() => planArm64Boot({ kernel: bytes, memory: { base: 0n, size: 1n << 20n } }));
      parseArm64Image(bytes);
    },
  },
];

function attempt(f: () => unknown): void {
  try {
    f();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    expect(error.value.length * error.rule.length * error.remedy.length).toBeGreaterThan(0);
  }
}

/** The input at the end of a buffer of its own, so that a read past it is a RangeError and not another file's bytes. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}

/** Values that break length and offset arithmetic. */
const edge = fc.constantFrom(0, 1, 2, 3, 4, 7, 8, 9, 0x10, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff);
const edit = fc.record({ at: fc.nat(), value: fc.oneof(edge, fc.nat(0xffff_ffff)), size: fc.constantFrom(1, 2, 4, 8), little: fc.boolean() });

describe.each(readers)('$name reader', ({ seeds, use }) => {
  it('accepts the files the mutations start from', () => {
    for (const seed of seeds) use(seed);
  });

  it('survives truncation at every byte', () => {
    for (const seed of seeds) {
      for (let length = 0; length < seed.length; length++) {
        attempt(() => use(alone(seed.subarray(0, length))));
      }
    }
  });

  it('survives every byte set to 0x00, 0x7f, 0x80, 0xff', () => {
    for (const seed of seeds) {
      for (let at = 0; at < seed.length; at++) {
        for (const value of [0, 0x7f, 0x80, 0xff]) {
          const bytes = alone(seed);
          bytes[at] = value;
          attempt(() => use(bytes));
        }
      }
    }
  });

  it('survives random edits of several fields', () => {
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }), (seed, edits) => {
        const bytes = alone(seed);
        const view = new DataView(bytes.buffer);
        for (const { at, value, size, little } of edits) {
          const offset = at % (bytes.length - 8);
          if (size === 1) view.setUint8(offset, value & 0xff);
          else if (size === 2) view.setUint16(offset, value & 0xffff, little);
          else if (size === 4) view.setUint32(offset, value, little);
          else view.setBigUint64(offset, (BigInt(value) << 32n) | BigInt(value), little);
        }
        attempt(() => use(bytes));
      }),
      { numRuns: 1500 },
    );
  });

  it('survives bytes that are no file at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        identify(bytes);
        attempt(() => use(bytes));
      }),
    );
  });
});

describe('files built to exhaust their reader', () => {
  it('refuses a symbol table whose names repeat one long string from every offset', () => {
    // 4,000 symbols, names 60,000 … 64,000 characters long: 240 MB of text out of a file of 160 KB.
    const count = 4000;
    const strings = new Uint8Array(64_000).fill(0x61);
    strings[strings.length - 1] = 0;
    const sectionsAt = 64;
    const symbolsAt = sectionsAt + 3 * 64;
    const stringsAt = symbolsAt + count * 24;
    const bytes = new Uint8Array(stringsAt + strings.length);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    const view = new DataView(bytes.buffer);
    view.setUint16(16, 2, true);
    view.setBigUint64(40, BigInt(sectionsAt), true);
    view.setUint16(58, 64, true);
    view.setUint16(60, 3, true);
    const section = (index: number, type: number, at: number, size: number, link: number, entry: number): void => {
      const base = sectionsAt + index * 64;
      view.setUint32(base + 4, type, true);
      view.setBigUint64(base + 24, BigInt(at), true);
      view.setBigUint64(base + 32, BigInt(size), true);
      view.setUint32(base + 40, link, true);
      view.setBigUint64(base + 56, BigInt(entry), true);
    };
    section(1, 2, symbolsAt, count * 24, 2, 24);
    section(2, 3, stringsAt, strings.length, 0, 0);
    for (let i = 0; i < count; i++) view.setUint32(symbolsAt + i * 24, i, true);
    bytes.set(strings, stringsAt);
    expect(() => elfSymbols(parseElf(bytes))).toThrow('sixteen times their table');
  });

  it('allocates nothing for sizes that only the header claims', () => {
    const bytes = fixture('aarch64-le.elf');
    new DataView(bytes.buffer).setBigUint64(64 + 56 + 40, 1n << 60n, true); // p_memsz of the second segment
    expect(planElf(parseElf(bytes)).segments[1]).toMatchObject({ memorySize: 1n << 60n, bytes: { length: 12 } });
  });
});
