import { ImageError } from '../error.ts';
import { decodeText } from '../window.ts';
import { findProperty } from './tree.ts';
import type { FdtNode } from './tree.ts';

/**
 * A property's bytes as 32-bit cells.
 *
 * @throws ImageError `malformed` when the length is no multiple of four.
 */
export function readCells(value: Uint8Array): number[] {
  if (value.length % 4 !== 0) throw wrongLength(value.length, 'cells take four bytes each');
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return Array.from({ length: value.length / 4 }, (_, i) => view.getUint32(i * 4));
}

/** A property's bytes as 64-bit numbers of two cells each; throws like {@link readCells}. */
export function readU64s(value: Uint8Array): bigint[] {
  if (value.length % 8 !== 0) throw wrongLength(value.length, '64-bit numbers take eight bytes each');
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return Array.from({ length: value.length / 8 }, (_, i) => view.getBigUint64(i * 8));
}

/**
 * A property's bytes as its list of strings.
 *
 * @throws ImageError `malformed` when the last one does not end in a zero byte.
 */
export function readStrings(value: Uint8Array): string[] {
  if (value.length === 0) return [];
  if (value[value.length - 1] !== 0) throw wrongLength(value.length, 'each string ends in a zero byte');
  const strings: string[] = [];
  for (let at = 0; at < value.length; ) {
    const end = value.indexOf(0, at);
    strings.push(decodeText(value.subarray(at, end)));
    at = end + 1;
  }
  return strings;
}

/** An address and a size from `reg`, or an address pair from `ranges`. */
export interface FdtRegion {
  readonly address: bigint;
  readonly size: bigint;
}

/**
 * A node's `reg` by its parent's `#address-cells` and `#size-cells` (2 and 1 when absent, Devicetree Specification 2.3.5).
 * Numbers of more than two cells keep all their bits.
 *
 * @throws ImageError `malformed` when the property's length is no multiple of one entry.
 */
export function readReg(node: FdtNode, parent: FdtNode): FdtRegion[] {
  const count = (name: string, otherwise: number): number => {
    const value = findProperty(parent, name);
    return value === undefined ? otherwise : (readCells(value)[0] ?? otherwise);
  };
  const addressCells = count('#address-cells', 2);
  const sizeCells = count('#size-cells', 1);
  const cells = readCells(findProperty(node, 'reg') ?? new Uint8Array(0));
  const entry = addressCells + sizeCells;
  if (cells.length === 0) return [];
  if (entry === 0 || cells.length % entry !== 0) {
    throw wrongLength(cells.length * 4, `an entry of reg takes ${addressCells} + ${sizeCells} cells here`);
  }
  const number = (from: number, length: number): bigint =>
    cells.slice(from, from + length).reduce((sum, cell) => (sum << 32n) | BigInt(cell), 0n);
  return Array.from({ length: cells.length / entry }, (_, i) => ({
    address: number(i * entry, addressCells),
    size: number(i * entry + addressCells, sizeCells),
  }));
}

function wrongLength(length: number, rule: string): ImageError {
  return new ImageError({
    code: 'malformed',
    value: `device tree property of ${length} bytes`,
    rule,
    remedy: 'The property is of another type, or the tree is damaged: print it with printDts()',
  });
}
