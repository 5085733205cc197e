import { ImageError } from '../error.ts';

/** A property: its name and its bytes exactly as in the blob; the helpers of `values.ts` give them meaning. */
export interface FdtProperty {
  readonly name: string;
  readonly value: Uint8Array;
}

/** A node; the root's name is empty, others are `name` or `name@unit-address`. Order is kept. */
export interface FdtNode {
  readonly name: string;
  readonly properties: readonly FdtProperty[];
  readonly children: readonly FdtNode[];
}

/** A range the operating system must not use as memory (`/memreserve/`). */
export interface FdtReservation {
  readonly address: bigint;
  readonly size: bigint;
}

/** A whole device tree. */
export interface DeviceTree {
  readonly root: FdtNode;
  readonly reservations: readonly FdtReservation[];
  /** boot_cpuid_phys: the `reg` of the processor that boots. */
  readonly bootCpu: number;
}

/** Nesting that Linux still unflattens (FDT_MAX_DEPTH in drivers/of/fdt.c); deeper trees are refused. */
export const MAX_DEPTH = 64;

/** Longest name read or written. The specification says 31 characters (2.2.1, 2.2.4), real trees go beyond. */
export const MAX_NAME = 255;

/** What a property can be built from: bytes, text(s), 32-bit cells, a 64-bit number (two cells), or `true` for an empty one. */
export type FdtValue = Uint8Array | string | readonly string[] | number | readonly number[] | bigint | true;

/** Builds a node; property values are encoded by {@link encodeValue}, in the order of the object's keys. */
export function fdtNode(name: string, properties: Readonly<Record<string, FdtValue>> = {}, children: readonly FdtNode[] = []): FdtNode {
  return {
    name,
    properties: Object.entries(properties).map(([key, value]) => ({ name: key, value: encodeValue(value) })),
    children,
  };
}

/** Builds a tree around a root node. */
export function deviceTree(root: FdtNode, reservations: readonly FdtReservation[] = [], bootCpu = 0): DeviceTree {
  return { root, reservations, bootCpu };
}

/**
 * Encodes a value as device trees do: strings end in a zero byte, numbers are 32-bit big-endian cells, a bigint is two cells.
 *
 * @throws ImageError `malformed` for a number that is no 32-bit or 64-bit value (negative numbers down to -2^31 are accepted).
 */
export function encodeValue(value: FdtValue): Uint8Array {
  if (value === true) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return encodeStrings([value]);
  if (typeof value === 'number') return encodeCells([value]);
  if (typeof value === 'bigint') return encodeU64s([value]);
  return value.every((v) => typeof v === 'string') ? encodeStrings(value) : encodeCells(value);
}

/** 32-bit big-endian cells. */
export function encodeCells(cells: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(cells.length * 4);
  const view = new DataView(bytes.buffer);
  cells.forEach((cell, i) => {
    if (!Number.isInteger(cell) || cell < -0x8000_0000 || cell > 0xffff_ffff) {
      throw badValue(`cell ${cell}`, 'a cell is a 32-bit integer', 'Pass a bigint for a 64-bit value');
    }
    view.setUint32(i * 4, cell >>> 0);
  });
  return bytes;
}

/** 64-bit numbers as two big-endian cells each. */
export function encodeU64s(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (value < 0n || value >= 1n << 64n) throw badValue(`number ${value}`, 'it must be an unsigned 64-bit integer', 'Check the address');
    view.setBigUint64(i * 8, value);
  });
  return bytes;
}

/** Strings, each followed by a zero byte. */
export function encodeStrings(strings: readonly string[]): Uint8Array {
  for (const s of strings) {
    if (s.includes('\0')) throw badValue(`string ${JSON.stringify(s)}`, 'a string may not contain a zero byte', 'Pass the parts as a list');
  }
  return new TextEncoder().encode(strings.map((s) => `${s}\0`).join(''));
}

function badValue(value: string, rule: string, remedy: string): ImageError {
  return new ImageError({ code: 'malformed', value: `device tree ${value}`, rule, remedy });
}

/** The child with this name; `flash` also finds the only child called `flash@…`, as paths may leave out the unit address. */
export function findChild(node: FdtNode, name: string): FdtNode | undefined {
  const exact = node.children.find((c) => c.name === name);
  if (exact !== undefined || name.includes('@')) return exact;
  const loose = node.children.filter((c) => c.name.startsWith(`${name}@`));
  return loose.length === 1 ? loose[0] : undefined;
}

/** The node at an absolute path: `/`, `/cpus/cpu@0`. */
export function findNode(tree: DeviceTree, path: string): FdtNode | undefined {
  return path
    .split('/')
    .filter((part) => part !== '')
    .reduce<FdtNode | undefined>((node, part) => (node === undefined ? undefined : findChild(node, part)), tree.root);
}

/** A property's bytes. */
export function findProperty(node: FdtNode, name: string): Uint8Array | undefined {
  return node.properties.find((p) => p.name === name)?.value;
}

/** All nodes, parents first, with their absolute paths. */
export function* walkNodes(tree: DeviceTree): Generator<{ readonly path: string; readonly node: FdtNode }> {
  const pending: { path: string; node: FdtNode }[] = [{ path: '/', node: tree.root }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    const prefix = next.path === '/' ? '/' : `${next.path}/`;
    for (const child of [...next.node.children].reverse()) pending.push({ path: prefix + child.name, node: child });
  }
}

/** The nodes whose `compatible` list names `model`. */
export function findCompatible(tree: DeviceTree, model: string): FdtNode[] {
  const wanted = encodeStrings([model]);
  const matches = (list: Uint8Array): boolean => {
    for (let at = 0; at < list.length; at = list.indexOf(0, at) + 1 || list.length) {
      if (at + wanted.length <= list.length && wanted.every((b, i) => list[at + i] === b)) return true;
    }
    return false;
  };
  return [...walkNodes(tree)].map((n) => n.node).filter((n) => matches(findProperty(n, 'compatible') ?? new Uint8Array(0)));
}

/**
 * A new tree with one property set (or, with `undefined`, removed); a new property goes last, an old one keeps its place.
 *
 * @throws ImageError `malformed` when there is no node at `path`.
 */
export function withProperty(tree: DeviceTree, path: string, name: string, value: FdtValue | undefined): DeviceTree {
  const parts = path.split('/').filter((part) => part !== '');
  const bytes = value === undefined ? undefined : encodeValue(value);
  const change = (node: FdtNode, depth: number): FdtNode => {
    if (depth === parts.length) {
      const old = node.properties.some((p) => p.name === name);
      const set = node.properties.flatMap((p) => (p.name !== name ? [p] : bytes === undefined ? [] : [{ name, value: bytes }]));
      return { ...node, properties: old || bytes === undefined ? set : [...set, { name, value: bytes }] };
    }
    const child = findChild(node, parts[depth]);
    if (child === undefined) {
      throw new ImageError({
        code: 'malformed',
        value: `path ${path}`,
        rule: `the tree has no node ${parts[depth]} below /${parts.slice(0, depth).join('/')}`,
        remedy: `Its children are: ${node.children.map((c) => c.name).join(', ') || 'none'}`,
      });
    }
    return { ...node, children: node.children.map((c) => (c === child ? change(c, depth + 1) : c)) };
  };
  return { ...tree, root: change(tree.root, 0) };
}
