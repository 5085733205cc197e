import { ByteWriter } from '@worldswitch/bits';
import { ImageError } from '../error.ts';
import { FDT_BEGIN_NODE, FDT_END, FDT_END_NODE, FDT_MAGIC, FDT_PROP, HEADER_SIZE, LAST_COMPATIBLE, NAME_PATTERN, VERSION } from './format.ts';
import { MAX_DEPTH, MAX_NAME, encodeCells, encodeU64s } from './tree.ts';
import type { DeviceTree, FdtNode } from './tree.ts';

/** Options of {@link writeFdt}. */
export interface FdtWriteOptions {
  /** Zero bytes appended (and counted in totalsize) for a boot loader that edits in place, as `dtc -p`. */
  readonly padding?: number;
}

/**
 * Writes a flattened device tree, version 17: header, memory reservations, structure, strings, without gaps. The bytes are those
 * that `dtc -O dtb` writes for the same tree: names are shared as suffixes of names already in the strings block.
 *
 * @throws ImageError `malformed` for a tree that no reader would accept (names, depth, duplicates).
 */
export function writeFdt(tree: DeviceTree, options: FdtWriteOptions = {}): Uint8Array {
  const strings = new NameBlock();
  const structure = new ByteWriter('big');
  if (tree.root.name !== '') throw refuse(`root node ${tree.root.name}`, "the root's name is empty", 'Wrap it in a node called ""');
  writeNode(structure, strings, tree.root, 0);
  structure.u32(FDT_END);
  const blob = new ByteWriter('big');
  const reservationsAt = HEADER_SIZE;
  const structAt = reservationsAt + 16 * (tree.reservations.length + 1);
  const stringsAt = structAt + structure.length;
  const total = stringsAt + strings.bytes.length + (options.padding ?? 0);
  const header = [FDT_MAGIC, total, structAt, stringsAt, reservationsAt, VERSION, LAST_COMPATIBLE, tree.bootCpu, strings.bytes.length, structure.length];
  blob.bytes(encodeCells(header));
  for (const { address, size } of [...tree.reservations, { address: 0n, size: 0n }]) {
    blob.bytes(encodeU64s([address, size]));
  }
  return blob.bytes(structure.toBytes()).bytes(strings.bytes.toBytes()).fill(options.padding ?? 0).toBytes();
}

function writeNode(out: ByteWriter, strings: NameBlock, node: FdtNode, depth: number): void {
  if (depth >= MAX_DEPTH) throw refuse(`node ${node.name}`, `nodes nest at most ${MAX_DEPTH} deep`, 'Flatten the tree');
  out.u32(FDT_BEGIN_NODE);
  out.text(`${node.name}\0`).align(4);
  const seen = new Set<string>();
  for (const { name, value } of node.properties) {
    checkName('property', name, seen);
    out.u32(FDT_PROP).u32(value.length).u32(strings.offsetOf(name)).bytes(value).align(4);
  }
  const siblings = new Set<string>();
  for (const child of node.children) {
    checkName('node', child.name, siblings);
    writeNode(out, strings, child, depth + 1);
  }
  out.u32(FDT_END_NODE);
}

function checkName(what: string, name: string, seen: Set<string>): void {
  if (!NAME_PATTERN.test(name) || name.length > MAX_NAME) {
    throw refuse(`${what} name ${JSON.stringify(name)}`, `a name is 1 to ${MAX_NAME} printable ASCII characters except /`, 'Rename it');
  }
  if (seen.has(name)) throw refuse(`${what} ${name}`, `a ${what} name occurs once in its parent`, 'Merge the two or rename one');
  seen.add(name);
}

function refuse(value: string, rule: string, remedy: string): ImageError {
  return new ImageError({ code: 'malformed', value: `device tree ${value}`, rule, remedy });
}

/** The strings block: a name already there, also as the end of a longer one, is not stored again. */
class NameBlock {
  readonly bytes = new ByteWriter('big');
  private readonly suffixes = new Map<string, number>();

  offsetOf(name: string): number {
    const known = this.suffixes.get(name);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    for (let i = 0; i < name.length; i++) {
      // The first occurrence wins, as a search from the start of the block would find it.
      if (!this.suffixes.has(name.slice(i))) this.suffixes.set(name.slice(i), offset + i);
    }
    this.bytes.text(`${name}\0`);
    return offset;
  }
}
