import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as images from '@worldswitch/image';
import { dumpDeviceTree, QEMU, runQemu } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { configure, planBoot, virtDeviceTree, type VirtOptions } from './index.ts';
import { clearPadding, normalise } from './test/parts.ts';

/** Phandle numbers and the order of nodes and properties are no difference between machines; everything else is. */
const ours = (options: VirtOptions, its = false): unknown => normalise(images.readFdt(virtDeviceTree(configure(options), images, { its })));
const theirs = (blob: Uint8Array): unknown => normalise(images.readFdt(blob));

/** Not `toEqual`: its report on a mebibyte takes minutes. */
function expectSameBytes(mine: Uint8Array, qemu: Uint8Array): void {
  expect(Buffer.from(mine).equals(clearPadding(qemu)), 'the same bytes but for padding').toBe(true);
}

/** The tree QEMU makes with more options than `dumpDeviceTree` has. */
function dump(machine: string, options: readonly string[], files: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-tree-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const inFolder = options.map((option) => (option in files ? join(folder, option) : option));
    runQemu(['-M', `virt,dtb-randomness=off${machine},dumpdtb=${join(folder, 'dtb')}`, '-nodefaults', '-display', 'none', ...inFolder]);
    return new Uint8Array(readFileSync(join(folder, 'dtb')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.runIf(haveTools(QEMU))('device tree against QEMU', () => {
  it.each([
    [{ el2: true }, 2], [{ el2: false }, 2], [{ el2: true }, 3], [{ el2: false }, 3],
  ] as const)('%j, GICv%i', (options, gic) => {
    const blob = dumpDeviceTree({ ...options, gic });
    expect(ours({ ...options, gic }, gic === 3)).toEqual(theirs(blob));
    // 7.2 is the version whose order and placement are followed, so that runs can be compared; later ones differ in substance, too.
    expectSameBytes(virtDeviceTree(configure({ ...options, gic }), images, { its: gic === 3 }), blob);
  });

  it.each([[1, true], [1, false], [4, true]] as const)('GICv3 without ITS, as the board has it: %i processors, EL2 %s', (cpus, el2) => {
    const blob = dump(`,gic-version=3,its=off${el2 ? ',virtualization=on' : ''}`, ['-cpu', 'cortex-a57', '-m', '256', '-smp', String(cpus)]);
    expect(ours({ gic: 3, el2, cpus })).toEqual(theirs(blob));
    expectSameBytes(virtDeviceTree(configure({ gic: 3, el2, cpus }), images), blob);
  });

  it('with other memory and another processor', () => {
    expect(ours({ ram: 1 << 30, model: 'neoverse-n1' })).toEqual(theirs(dumpDeviceTree({ memoryMiB: 1024, cpu: 'neoverse-n1' })));
  });

  it.each([2, 8])('with %i processors', (cpus) => {
    const blob = dump(',virtualization=on', ['-cpu', 'cortex-a57', '-m', '256', '-smp', String(cpus)]);
    expect(ours({ cpus })).toEqual(theirs(blob));
    expectSameBytes(virtDeviceTree(configure({ cpus }), images), blob);
  });

  it('with firmware', () => {
    const firmware = new Uint8Array(64);
    const blob = dump(',virtualization=on', ['-cpu', 'cortex-a57', '-m', '256', '-bios', 'firmware'], { firmware });
    const tree = planBoot({ kind: 'firmware', firmware }, configure({}), images).segments.find(({ origin }) => origin === 'device tree');
    expect(theirs(tree?.bytes ?? new Uint8Array(0))).toEqual(theirs(blob));
    expectSameBytes(tree?.bytes ?? new Uint8Array(0), blob);
  });

  it('with a kernel, a RAM disk and a command line', () => {
    const kernel = new Uint8Array(100);
    const initrd = new Uint8Array(5);
    const blob = dump('', ['-cpu', 'cortex-a57', '-m', '256', '-kernel', 'kernel', '-initrd', 'initrd', '-append', 'earlycon nokaslr'], { kernel, initrd });
    const plan = planBoot({ kind: 'linux', kernel, initrd, commandLine: 'earlycon nokaslr' }, configure({ el2: false }), images);
    const tree = plan.segments.find(({ origin }) => origin === 'device tree');
    expect(theirs(tree?.bytes ?? new Uint8Array(0))).toEqual(theirs(blob));
    expectSameBytes(tree?.bytes ?? new Uint8Array(0), blob);
  });
});
