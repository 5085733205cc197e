import { readCells } from './values.ts';
import type { DeviceTree, FdtNode } from './tree.ts';

/** Options of {@link printDts}. */
export interface DtsOptions {
  /** Sort properties and nodes by name, for a diff of trees that differ in order only; `dtc -s` does the same. */
  readonly sort?: boolean;
}

/**
 * A device tree as source text (`/dts-v1/`) that dtc compiles back to the same tree. A property's type is not in the blob, so it is
 * guessed: text where all bytes are printable and it ends in a zero byte, else cells where the length allows, else bytes.
 */
export function printDts(tree: DeviceTree, options: DtsOptions = {}): string {
  const lines = ['/dts-v1/;', ''];
  const wide = (n: bigint): string => `0x${n.toString(16).padStart(16, '0')}`;
  for (const { address, size } of tree.reservations) lines.push(`/memreserve/\t${wide(address)} ${wide(size)};`);
  printNode(tree.root, '', options.sort ?? false, lines);
  return `${lines.join('\n')}\n`;
}

function printNode(node: FdtNode, indent: string, sort: boolean, lines: string[]): void {
  const byName = <T extends { readonly name: string }>(items: readonly T[]): readonly T[] =>
    sort ? [...items].sort((a, b) => (a.name < b.name ? -1 : 1)) : items;
  lines.push(`${indent}${node.name === '' ? '/' : node.name} {`);
  for (const { name, value } of byName(node.properties)) {
    lines.push(`${indent}\t${name}${value.length === 0 ? '' : ` = ${printValue(value)}`};`);
  }
  byName(node.children).forEach((child, i) => {
    if (i > 0 || node.properties.length > 0) lines.push('');
    printNode(child, `${indent}\t`, sort, lines);
  });
  lines.push(`${indent}};`);
}

/** A non-empty property value in source syntax. */
export function printValue(value: Uint8Array): string {
  if (looksLikeText(value)) {
    const strings: string[] = [];
    for (let at = 0; at < value.length; ) {
      const end = value.indexOf(0, at);
      strings.push(`"${[...value.subarray(at, end)].map(printCharacter).join('')}"`);
      at = end + 1;
    }
    return strings.join(', ');
  }
  if (value.length % 4 === 0) return `<${readCells(value).map((c) => `0x${c.toString(16).padStart(2, '0')}`).join(' ')}>`;
  return `[${[...value].map((b) => b.toString(16).padStart(2, '0')).join(' ')}]`;
}

const ESCAPES: Readonly<Record<number, string>> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' };

function printCharacter(byte: number): string {
  return ESCAPES[byte] ?? String.fromCharCode(byte);
}

/** Printable throughout, ending in a zero byte, and with no more zero bytes than characters: `<0>` is a number, not four empty strings. */
function looksLikeText(value: Uint8Array): boolean {
  if (value[value.length - 1] !== 0) return false;
  let zeros = 0;
  for (const byte of value) {
    if (byte === 0) zeros++;
    else if (!(byte >= 0x20 && byte < 0x7f) && !(byte >= 7 && byte <= 13)) return false;
  }
  return zeros <= value.length - zeros;
}
