import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as images from '@worldswitch/image';
import { configure, virtDeviceTree, type VirtOptions } from './index.ts';
import { normalise } from './test/parts.ts';

const ours = (options: VirtOptions, its = false): images.DeviceTree => images.readFdt(virtDeviceTree(configure(options), images, { its }));

describe('device tree', () => {
  // The fixtures are QEMU's own trees as dtc prints them; printDts prints the same syntax, so text equality is equality in order, names and values.
  it.each([['virt-el1-gicv2', false, 2], ['virt-el2-gicv2', true, 2], ['virt-el2-gicv3', true, 3]] as const)('of %s is QEMU\'s, down to the order', (name, el2, gic) => {
    const fixture = readFileSync(new URL(`../../fixtures/${name}.dts`, import.meta.url), 'utf8').replace(/^\/\/.*\n/gm, '');
    const plain = (dts: string): string => dts.replaceAll('", "', '\\0').replace(/\n\s*\n/g, '\n');
    expect(plain(images.printDts(ours({ el2, gic }, gic === 3)))).toBe(plain(fixture));
  });

  it('has a blob of a mebibyte, which boot loaders edit in place', () => {
    expect(virtDeviceTree(configure({}), images)).toHaveLength(0x10_0000);
  });

  it('has a node for each processor, and lets private interrupts reach all', () => {
    const tree = normalise(ours({ cpus: 3 }));
    expect(Object.keys(tree).filter((path) => path.startsWith('/cpus/cpu@'))).toEqual(['/cpus/cpu@0', '/cpus/cpu@1', '/cpus/cpu@2']);
    expect(tree['/cpus/cpu-map/socket0/cluster0/core1'].cpu).toEqual(['/cpus/cpu@1']);
    expect(tree['/timer'].interrupts.filter((_, i) => i % 3 === 2)).toEqual([0x704, 0x704, 0x704, 0x704]);
    expect(tree['/cpus/cpu@2']['enable-method']).toBeDefined();
    expect(tree['/cpus/cpu@2'].reg).toEqual([2]);
    expect(normalise(ours({ cpus: 1 }))['/cpus/cpu@0']['enable-method']).toBeUndefined();
  });

  it('says how much memory there is', () => {
    expect(normalise(ours({ ram: 3 * 2 ** 30 }))['/memory@40000000'].reg).toEqual([0, 0x4000_0000, 0, 0xc000_0000]);
  });
});
