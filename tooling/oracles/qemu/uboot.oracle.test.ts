import { describe, expect, it } from 'vitest';
import { haveTools } from '../require.ts';
import { fetchInput } from '../fetch-inputs.ts';
import { BlockRecorder, dumpDeviceTree, firstDifference, initialMemory, QEMU, recordUbootConsole, runUboot } from './index.ts';

describe.runIf(haveTools(QEMU, 'gcc', 'apt-get'))('QEMU as an oracle', () => {
  it('gives the same digests in every run', () => {
    const [first, second] = [runUboot({ blocks: 40 }), runUboot({ blocks: 40 })];
    expect(first.digests).toHaveLength(40);
    expect(firstDifference(first.digests, second.digests)).toBeUndefined();
    // The plugin of another machine must not give the same path, or the digest would see nothing.
    const otherGic = runUboot({ blocks: 1400, gic: 3 });
    expect(firstDifference(runUboot({ blocks: 1400 }).digests, otherGic.digests)).toBeDefined();
  });

  it('is computed alike by the plugin and by PcDigest', () => {
    const { digests, trace } = runUboot({ blocks: 20, every: 500, trace: { from: 0, to: 10_000 } });
    expect(trace).toHaveLength(10_000);
    expect(trace[0]).toMatchObject({ index: 0, pc: 0n });
    const recorder = new BlockRecorder(500);
    for (const { pc } of trace) recorder.add(Number(pc >> 32n), Number(pc & 0xffff_ffffn));
    expect(firstDifference(digests, recorder.blocks)).toBeUndefined();
    expect(recorder.blocks).toHaveLength(20);
  });

  it('records the console', async () => {
    const { banner, answers } = await recordUbootConsole();
    expect(banner).toMatch(/^U-Boot \d+/);
    expect(banner).toContain('DRAM:  256 MiB');
    expect(answers.map(({ command }) => command)).toEqual(['version', 'bdinfo', 'flinfo']);
    expect(answers[1].output).toContain('relocaddr   = 0x000000004fef7000');
    expect(answers[2].output).toContain('Bank # 2: CFI conformant flash (16 x 16)  Size: 32 MB in 256 Sectors');
  });

  it('dumps the device tree', () => {
    const [gicv2, gicv3] = [dumpDeviceTree(), dumpDeviceTree({ gic: 3 })];
    expect(new DataView(gicv2.buffer).getUint32(0)).toBe(0xd00dfeed);
    const text = (blob: Uint8Array): string => Buffer.from(blob).toString('latin1');
    expect(text(gicv2)).toContain('arm,cortex-a15-gic');
    expect(text(gicv3)).toContain('arm,gic-v3');
    expect(dumpDeviceTree()).toEqual(gicv2);
  });

  it('dumps the tree that firmware finds at the start of RAM', () => {
    const firmware = fetchInput('u-boot-arm64.bin');
    const tree = dumpDeviceTree({}, firmware);
    expect(Buffer.compare(initialMemory(0x4000_0000n, tree.length, firmware), tree)).toBe(0);
    expect(Buffer.from(tree).includes('gpio-keys')).toBe(false);
    expect(Buffer.from(dumpDeviceTree()).includes('gpio-keys')).toBe(true);
  });
});
