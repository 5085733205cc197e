/** Mutations of valid files, for the plain suite and, with more of them, for the nightly one. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  elfSymbols, identify, ImageError, parseArm64Image, parseElf, parseUImage, planArm64Boot, planElf, printDts, readFdt, readReg, walkNodes, writeFdt,
} from '../index.ts';

/** A file of `fixtures/`. */
export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

/** An Image header with a little content. */
function arm64Image(): Uint8Array {
  const bytes = new Uint8Array(96);
  new DataView(bytes.buffer).setBigUint64(16, 96n, true);
  bytes.set(new TextEncoder().encode('ARMd'), 56);
  return bytes;
}

export interface Reader {
  readonly name: string;
  /** Valid files, which the mutations start from. */
  readonly seeds: readonly Uint8Array[];
  /** Everything a caller would do with the format; it may only succeed or throw ImageError. */
  readonly use: (bytes: Uint8Array) => void;
}

export const readers: readonly Reader[] = [
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
      // Not toEqual, which takes most of the time of a run; it comes in only to print a difference.
      const again = readFdt(writeFdt(tree));
      if (!isDeepStrictEqual(again, tree)) expect(again).toEqual(tree);
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

/** Runs `f`; any error but an ImageError with value, rule and remedy is thrown on. */
export function attempt(f: () => unknown): void {
  try {
    f();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    expect(error.value.length * error.rule.length * error.remedy.length).toBeGreaterThan(0);
  }
}

/** The input in a buffer of its own, so that a read past it is a RangeError and not another file's bytes. */
const alone = (bytes: Uint8Array): Uint8Array => bytes.slice();

/** Values that break length and offset arithmetic. */
const edge = fc.constantFrom(0, 1, 2, 3, 4, 7, 8, 9, 0x10, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff);
const edit = fc.record({ at: fc.nat(), value: fc.oneof(edge, fc.nat(0xffff_ffff)), size: fc.constantFrom(1, 2, 4, 8), little: fc.boolean() });

/** Every seed cut off at every byte. */
export function truncate({ seeds, use }: Reader): void {
  for (const seed of seeds) {
    for (let length = 0; length < seed.length; length++) attempt(() => use(alone(seed.subarray(0, length))));
  }
}

/** Every byte of every seed set to each of the values that `valuesAt` gives for its offset. */
export function replaceBytes({ seeds, use }: Reader, valuesAt: (offset: number) => Iterable<number>): void {
  for (const seed of seeds) {
    for (let offset = 0; offset < seed.length; offset++) {
      for (const value of valuesAt(offset)) {
        const bytes = alone(seed);
        bytes[offset] = value;
        attempt(() => use(bytes));
      }
    }
  }
}

/** One to six fields of a seed overwritten, `runs` times. */
export function editFields({ seeds, use }: Reader, runs: number): void {
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
    { numRuns: runs },
  );
}

/** Up to 200 random bytes, `runs` times. */
export function readNonsense({ use }: Reader, runs: number): void {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      identify(bytes);
      attempt(() => use(bytes));
    }),
    { numRuns: runs },
  );
}
