import { hex } from '@worldswitch/bits';
import { ImageError } from '../error.ts';
import { StringTable, Window } from '../window.ts';
import { FDT_BEGIN_NODE, FDT_END, FDT_END_NODE, FDT_MAGIC, FDT_NOP, FDT_PROP, HEADER_SIZE, NAME_PATTERN, align4 } from './format.ts';
import { MAX_DEPTH, MAX_NAME } from './tree.ts';
import type { DeviceTree, FdtNode, FdtProperty, FdtReservation } from './tree.ts';

/** True when the bytes start with the magic of a flattened device tree. */
export function isFdt(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new Window(bytes, 'big', 'device tree').u32(0, 'magic') === FDT_MAGIC;
}

/**
 * Reads a flattened device tree of version 16 or 17 (Devicetree Specification, chapter 5). Property values are views of `bytes`.
 *
 * @throws ImageError `foreign` without the magic, `unsupported` for other versions, `truncated` or `malformed` for damage.
 */
export function readFdt(bytes: Uint8Array): DeviceTree {
  const file = new Window(bytes, 'big', 'device tree');
  if (!isFdt(bytes)) {
    throw new ImageError({
      code: 'foreign',
      value: bytes.length < 4 ? `${bytes.length} bytes` : `first word ${hex(file.u32(0, 'magic'))}`,
      rule: `a device tree blob starts with ${hex(FDT_MAGIC)}`,
      remedy: 'Compile the source first (dtc -O dtb), or use identify() to see what the file is',
    });
  }
  file.check(0, HEADER_SIZE, 'device tree header');
  const total = file.u32(4, 'totalsize');
  const blob = new Window(file.slice(0, total, 'the whole tree (totalsize)'), 'big', 'device tree');
  const version = blob.u32(20, 'version');
  const lastCompatible = blob.u32(24, 'last_comp_version');
  if (version < 16 || lastCompatible > 17) {
    throw new ImageError({
      code: 'unsupported',
      value: `device tree of version ${version}, compatible down to ${lastCompatible}`,
      rule: 'versions 16 and 17 are read',
      remedy: 'Convert it: dtc -I dtb -O dtb -V 17',
    });
  }
  const structAt = blob.u32(8, 'off_dt_struct');
  const stringsAt = blob.u32(12, 'off_dt_strings');
  aligned('off_dt_struct', structAt, 4);
  // Version 16 has no size_dt_struct; the block then ends where the file does, at the latest.
  const structSize = version >= 17 ? blob.u32(36, 'size_dt_struct') : total - structAt;
  const struct = new Window(blob.slice(structAt, structSize, 'structure block'), 'big', 'structure block');
  const strings = new StringTable(blob.slice(stringsAt, blob.u32(32, 'size_dt_strings'), 'strings block'), 'strings block', MAX_NAME);
  return {
    root: readStructure(struct, strings),
    reservations: readReservations(blob),
    bootCpu: blob.u32(28, 'boot_cpuid_phys'),
  };
}

function readReservations(blob: Window): FdtReservation[] {
  const start = blob.u32(16, 'off_mem_rsvmap');
  aligned('off_mem_rsvmap', start, 8);
  const reservations: FdtReservation[] = [];
  for (let at = start; ; at += 16) {
    const entry = { address: blob.u64(at, 'memory reservation'), size: blob.u64(at + 8, 'memory reservation') };
    if (entry.address === 0n && entry.size === 0n) return reservations;
    reservations.push(entry);
  }
}

interface OpenNode {
  readonly name: string;
  readonly properties: FdtProperty[];
  readonly children: FdtNode[];
  readonly names: Set<string>;
}

function readStructure(struct: Window, strings: StringTable): FdtNode {
  const open: OpenNode[] = [];
  let root: FdtNode | undefined;
  let at = 0;
  for (;;) {
    const tokenAt = at;
    const token = struct.u32(at, 'token');
    at += 4;
    if (token === FDT_NOP) continue;
    if (token === FDT_END) {
      if (root === undefined || open.length > 0) throw damaged('FDT_END', tokenAt, 'it stands after the end of the root node (5.4.1)');
      return root;
    }
    if (root !== undefined) throw damaged(`token ${token}`, tokenAt, 'only FDT_END may follow the root node (5.4.2)');
    const parent = open.at(-1);
    if (token === FDT_BEGIN_NODE) {
      const name = readNodeName(struct, at, parent);
      at = align4(at + name.length + 1);
      if (open.length === MAX_DEPTH) throw damaged(`node ${name}`, tokenAt, `nodes nest at most ${MAX_DEPTH} deep`);
      open.push({ name, properties: [], children: [], names: new Set() });
    } else if (parent === undefined) {
      throw damaged(`token ${token}`, tokenAt, 'the structure block starts with the root node (5.4.2)');
    } else if (token === FDT_END_NODE) {
      open.pop();
      const node: FdtNode = { name: parent.name, properties: parent.properties, children: parent.children };
      const grandparent = open.at(-1);
      if (grandparent === undefined) root = node;
      else grandparent.children.push(node);
    } else if (token === FDT_PROP) {
      const length = struct.u32(at, 'property length');
      const name = strings.get(struct.u32(at + 4, 'property name offset'));
      addProperty(parent, { name, value: struct.slice(at + 8, length, `value of property ${name}`) }, tokenAt);
      at = align4(at + 8 + length);
    } else {
      throw damaged(`token ${hex(token)}`, tokenAt, 'tokens are 1, 2, 3, 4 and 9 (5.4.1)');
    }
  }
}

function readNodeName(struct: Window, at: number, parent: OpenNode | undefined): string {
  const end = struct.bytes.subarray(at, at + MAX_NAME + 1).indexOf(0);
  if (end < 0) throw damaged('node name', at, `it ends in a zero byte within ${MAX_NAME} characters`);
  let name = '';
  for (let i = 0; i < end; i++) name += String.fromCharCode(struct.bytes[at + i]);
  if (parent === undefined ? name !== '' : !NAME_PATTERN.test(name)) {
    throw damaged(`node name ${JSON.stringify(name)}`, at, "the root's name is empty, others are printable characters except / (2.2.1)");
  }
  if (parent !== undefined) {
    if (parent.names.has(`/${name}`)) throw damaged(`node ${name}`, at, 'siblings have different names (2.2.1)');
    parent.names.add(`/${name}`);
  }
  return name;
}

function addProperty(node: OpenNode, property: FdtProperty, at: number): void {
  if (!NAME_PATTERN.test(property.name)) {
    throw damaged(`property name ${JSON.stringify(property.name)}`, at, 'names are printable characters except / (2.2.4)');
  }
  if (node.children.length > 0) throw damaged(`property ${property.name}`, at, 'properties stand before subnodes (5.4.2)');
  if (node.names.has(property.name)) throw damaged(`property ${property.name}`, at, 'a node has one property of a name');
  node.names.add(property.name);
  node.properties.push(property);
}

function aligned(field: string, value: number, to: number): void {
  if (value % to === 0) return;
  throw new ImageError({
    code: 'malformed',
    value: `${field} = ${hex(value)}`,
    rule: `the block is aligned to ${to} bytes (Devicetree Specification 5.6)`,
    remedy: 'The tree is damaged: compile it again with dtc',
  });
}

function damaged(what: string, at: number, rule: string): ImageError {
  return new ImageError({
    code: 'malformed',
    value: `${what} at ${hex(at)} of the structure block`,
    rule,
    remedy: 'The tree is damaged: compile it again with dtc',
  });
}
