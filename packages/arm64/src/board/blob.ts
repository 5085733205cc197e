import { ByteWriter } from '@worldswitch/bits';
import type { TreeNode } from './parts.ts';

/** Structure tokens and header, Devicetree Specification 5.2 and 5.4. */
const BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, END = 9, MAGIC = 0xd00d_feed, VERSION = 17, LAST_COMPATIBLE = 16;
/** QEMU's library leaves 8 bytes between header and reservations, and one empty reservation before the structure. */
const RESERVATIONS_AT = 0x30, STRUCTURE_AT = 0x40;

/** Property names in the order in which QEMU's board code first uses them, which is their order in the strings block. */
const NAMES: readonly string[] = [
  'compatible', '#address-cells', '#size-cells', 'model', '#clock-cells', 'clock-frequency', 'clock-output-names', 'phandle', 'always-on', 'interrupts',
  'device_type', 'enable-method', 'reg', 'cpu', 'bank-width', 'interrupt-parent', '#interrupt-cells', 'interrupt-controller', 'ranges',
  '#redistributor-regions', 'msi-controller', '#msi-cells', 'clocks', 'clock-names', 'stdout-path', 'linux,pci-domain', 'bus-range', 'dma-coherent', 'msi-map',
  'interrupt-map', 'interrupt-map-mask', '#gpio-cells', 'gpio-controller', 'label', 'linux,code', 'gpios', 'bootargs', 'linux,initrd-start', 'linux,initrd-end',
  'method', 'cpu_suspend', 'cpu_off', 'cpu_on', 'migrate',
];

/**
 * A flattened tree with QEMU's placement of blocks and names, `size` bytes in all. A general writer gives an equal tree; but boot loaders search
 * names by address, word by word, so a run that is compared instruction by instruction needs the same bytes.
 */
export function flatten(root: TreeNode, size: number): Uint8Array {
  const strings = nameBlock(root);
  const structure = new ByteWriter('big');
  writeNode(structure, root, strings.offsetOf);
  structure.u32(END);
  const stringsAt = STRUCTURE_AT + structure.length;
  const out = new ByteWriter('big');
  for (const word of [MAGIC, size, STRUCTURE_AT, stringsAt, RESERVATIONS_AT, VERSION, LAST_COMPATIBLE, 0, strings.bytes.length, structure.length]) out.u32(word);
  out.fill(STRUCTURE_AT - out.length).bytes(structure.toBytes()).bytes(strings.bytes);
  return out.fill(size - out.length).toBytes();
}

/** A name that is the end of an earlier one shares its bytes (`method` in `enable-method`). */
function nameBlock(root: TreeNode): { readonly bytes: Uint8Array; readonly offsetOf: (name: string) => number } {
  const used = new Set(namesIn(root));
  let text = '';
  for (const name of [...NAMES.filter((known) => used.has(known)), ...[...used].filter((one) => !NAMES.includes(one))]) {
    if (!text.includes(`${name}\0`)) text += `${name}\0`;
  }
  return { bytes: new TextEncoder().encode(text), offsetOf: (name) => text.indexOf(`${name}\0`) };
}

function namesIn(node: TreeNode): string[] {
  return [...node.properties.map(({ name }) => name), ...node.children.flatMap(namesIn)];
}

function writeNode(out: ByteWriter, { name, properties, children }: TreeNode, offsetOf: (name: string) => number): void {
  const align = (): void => { out.fill(-out.length & 3); };
  out.u32(BEGIN_NODE).bytes(new TextEncoder().encode(`${name}\0`));
  align();
  for (const property of properties) {
    out.u32(PROPERTY).u32(property.value.length).u32(offsetOf(property.name)).bytes(property.value);
    align();
  }
  for (const child of children) writeNode(out, child, offsetOf);
  out.u32(END_NODE);
}
