import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deviceTree, encodeU64s, fdtNode, findCompatible, findNode, findProperty, ImageError, printDts, readCells, readFdt, readReg, readStrings, readU64s,
  walkNodes, withProperty, writeFdt,
} from '../index.ts';
import type { DeviceTree, FdtNode } from '../index.ts';

const fixture = new Uint8Array(readFileSync(new URL('../../fixtures/tree.dtb', import.meta.url)));
const tree = readFdt(fixture);

describe('readFdt', () => {
  // The truth is fixtures/tree.dts, compiled by dtc -b 3.
  it('reads reservations, the boot processor and the order of nodes', () => {
    expect(tree.bootCpu).toBe(3);
    expect(tree.reservations).toEqual([
      { address: 0x4000_0000n, size: 0x1_0000n },
      { address: 0x1_5000_0000n, size: 0x2000n },
    ]);
    expect([...walkNodes(tree)].map((n) => n.path)).toEqual([
      '/', '/memory@40000000', '/chosen', '/intc@8000000', '/pl011@9000000', '/cpus', '/cpus/cpu@0', '/empty',
    ]);
  });

  it('gives properties their meaning', () => {
    const chosen = findNode(tree, '/chosen')!;
    expect(readStrings(findProperty(tree.root, 'compatible')!)).toEqual(['worldswitch,fixture', 'linux,dummy-virt']);
    expect(readStrings(findProperty(chosen, 'bootargs')!)).toEqual(['console=ttyAMA0 quoted="a\tb" path=c:\\d']);
    expect(readU64s(findProperty(chosen, 'wide')!)).toEqual([0x1234_5678_9abc_def0n]);
    expect(readCells(findProperty(findNode(tree, '/pl011')!, 'interrupts')!)).toEqual([0, 1, 4]);
    expect(findProperty(tree.root, 'dma-coherent')).toEqual(new Uint8Array(0));
    expect(findProperty(tree.root, 'absent')).toBeUndefined();
    expect(findCompatible(tree, 'arm,primecell').map((n) => n.name)).toEqual(['pl011@9000000']);
    expect(findCompatible(tree, 'arm,prime')).toEqual([]);
  });

  it('reads reg by the cells of the parent', () => {
    expect(readReg(findNode(tree, '/memory')!, tree.root)).toEqual([{ address: 0x4000_0000n, size: 0x1_8000_0000n }]);
    expect(readReg(findNode(tree, '/intc')!, tree.root)).toHaveLength(2);
    expect(readReg(findNode(tree, '/cpus/cpu@0')!, findNode(tree, '/cpus')!)).toEqual([{ address: 0n, size: 0n }]);
  });

  it.each([
    ['a wrong magic', 0, 0xd00dfeee, 'dtc -O dtb'],
    ['a size beyond the file', 4, 0xffff_ffff, 'cut short'],
    ['an old version', 20, 3, '-V 17'],
    ['a structure block outside', 8, 0x7fff_fffc, 'structure block'],
    ['an unaligned structure block', 8, 0x6a, 'aligned to 4'],
    ['a strings block outside', 12, 0x7fff_ffff, 'strings block'],
  ])('refuses %s', (_, at, word, text) => {
    const bytes = fixture.slice();
    new DataView(bytes.buffer).setUint32(at, word);
    expect(() => readFdt(bytes)).toThrow(ImageError);
    expect(() => readFdt(bytes)).toThrow(text);
  });
});

describe('writeFdt', () => {
  it('writes the bytes dtc wrote for the same tree', () => {
    expect(writeFdt(tree)).toEqual(fixture);
  });

  it('adds padding for boot loaders that edit in place', () => {
    const padded = writeFdt(tree, { padding: 100 });
    expect(padded.length).toBe(fixture.length + 100);
    expect(readFdt(padded)).toEqual(tree);
  });

  it('refuses a tree no reader accepts', () => {
    const root = (child: FdtNode): DeviceTree => deviceTree(fdtNode('', {}, [child]));
    expect(() => writeFdt(root(fdtNode('a/b')))).toThrow('printable ASCII');
    expect(() => writeFdt(deviceTree(fdtNode('', {}, [fdtNode('a'), fdtNode('a')])))).toThrow('occurs once');
    expect(() => writeFdt(deviceTree(fdtNode('root')))).toThrow("root's name is empty");
    let deep = fdtNode('leaf');
    for (let i = 0; i < 64; i++) deep = fdtNode(`n${i}`, {}, [deep]);
    expect(() => writeFdt(root(deep))).toThrow('64 deep');
  });

  const name = fc.stringMatching(/^[a-z][a-z0-9,._+?#@-]{0,12}$/);
  const properties = fc.dictionary(name, fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.string(), fc.bigInt(0n, (1n << 64n) - 1n)).map((v) => (typeof v === 'string' ? v.replaceAll('\0', '') : v)), { maxKeys: 4 });
  const nodeOf = (children: fc.Arbitrary<FdtNode[]>): fc.Arbitrary<FdtNode> =>
    fc.tuple(name, properties, children).map(([n, p, c]) => fdtNode(n, p, c));
  const leaf = nodeOf(fc.constant([]));
  const siblings = (of: fc.Arbitrary<FdtNode>): fc.Arbitrary<FdtNode[]> => fc.uniqueArray(of, { maxLength: 3, selector: (n) => n.name });
  const node = nodeOf(siblings(fc.oneof(leaf, nodeOf(siblings(fc.oneof(leaf, nodeOf(siblings(leaf))))))));
  const anyTree = fc
    .tuple(node, fc.array(fc.record({ address: fc.bigInt(1n, (1n << 64n) - 1n), size: fc.bigInt(0n, (1n << 64n) - 1n) }), { maxLength: 3 }))
    .map(([root, reservations]) => deviceTree({ ...root, name: '' }, reservations, 1));

  it('is undone by readFdt', () => {
    fc.assert(
      fc.property(anyTree, (t) => {
        expect(readFdt(writeFdt(t))).toEqual(t);
      }),
    );
  });
});

describe('withProperty', () => {
  it('changes one property in its place and nothing of the old tree', () => {
    const before = writeFdt(tree);
    const after = withProperty(tree, '/chosen', 'bootargs', 'quiet');
    expect(readStrings(findProperty(findNode(after, '/chosen')!, 'bootargs')!)).toEqual(['quiet']);
    expect(findNode(after, '/chosen')!.properties.map((p) => p.name)).toEqual(findNode(tree, '/chosen')!.properties.map((p) => p.name));
    expect(writeFdt(tree)).toEqual(before);
    const added = withProperty(tree, '/chosen', 'linux,initrd-start', 0x4800_0000n);
    expect(findNode(added, '/chosen')!.properties.at(-1)).toEqual({ name: 'linux,initrd-start', value: encodeU64s([0x4800_0000n]) });
    expect(findProperty(findNode(withProperty(added, '/chosen', 'bootargs', undefined), '/chosen')!, 'bootargs')).toBeUndefined();
    expect(() => withProperty(tree, '/chosn', 'a', true)).toThrow('Its children are: memory@40000000, chosen');
  });

  it('refuses numbers that are no cells', () => {
    expect(() => fdtNode('a', { b: 2 ** 32 })).toThrow('Pass a bigint');
    expect(() => fdtNode('a', { b: 1n << 64n })).toThrow('64-bit');
    expect(() => readCells(new Uint8Array(5))).toThrow('four bytes');
  });
});

describe('printDts', () => {
  it('shows text, cells and bytes as a person would write them', () => {
    const text = printDts(tree);
    expect(text.startsWith('/dts-v1/;\n\n/memreserve/\t0x0000000040000000 0x0000000000010000;\n')).toBe(true);
    expect(text).toContain('\tcompatible = "worldswitch,fixture", "linux,dummy-virt";\n');
    expect(text).toContain('\tdma-coherent;\n');
    expect(text).toContain('\t\tbootargs = "console=ttyAMA0 quoted=\\"a\\tb\\" path=c:\\\\d";\n');
    expect(text).toContain('\t\trng-seed = [01 02 03 80 ff];\n');
    expect(text).toContain('\t\tzero = <0x00>;\n\t\tone-byte = [00];\n');
    expect(text).toContain('\tempty {\n\t};\n};\n');
  });

  it('sorts for comparison', () => {
    const a = deviceTree(fdtNode('', { b: 1, a: 2 }, [fdtNode('y'), fdtNode('x')]));
    expect(printDts(a, { sort: true })).toBe('/dts-v1/;\n\n/ {\n\ta = <0x02>;\n\tb = <0x01>;\n\n\tx {\n\t};\n\n\ty {\n\t};\n};\n');
  });
});
