import { describe, expect, it } from 'vitest';
import { BlockRecorder, explainDifference, firstDifference, parseBlocks, PcDigest } from './digest.ts';
import { normaliseConsole, splitTranscript } from './console.ts';

describe('PcDigest', () => {
  it('equals the definition computed with bigint', () => {
    const digest = new PcDigest();
    let expected = 0xcbf29ce484222325n;
    let pc = 0x1234_5678_9abc_def0n;
    for (let step = 0; step < 2000; step++) {
      pc = (pc * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
      digest.add(Number(pc >> 32n), Number(pc & 0xffff_ffffn));
      expected = ((expected ^ pc) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
      expect(digest.toString()).toBe(expected.toString(16).padStart(16, '0'));
    }
  });

  it('takes halves of any sign', () => {
    const [one, other] = [new PcDigest(), new PcDigest()];
    one.add(0xffff_8000, 0xfedc_ba98);
    other.add(0xffff_8000 | 0, 0xfedc_ba98 | 0);
    expect(one.toString()).toBe(other.toString());
  });
});

describe('comparison of runs', () => {
  const recorded = (pcs: readonly number[]): BlockRecorder => {
    const recorder = new BlockRecorder(4);
    for (const pc of pcs) recorder.add(0, pc);
    return recorder;
  };
  const straight = Array.from({ length: 16 }, (_, index) => index * 4);

  it('finds the first block that differs', () => {
    const strayed = straight.with(9, 0x100);
    expect(firstDifference(recorded(straight).blocks, recorded(straight).blocks)).toBeUndefined();
    const difference = firstDifference(recorded(straight).blocks, recorded(strayed).blocks)!;
    expect(difference.block).toBe(3);
    expect(explainDifference(difference, 4)).toContain('instructions 8 to 11');
  });

  it('reads what the plugin writes', () => {
    expect(parseBlocks('1 84a35773465200a5 71690\n')).toEqual([{ block: 1, digest: '84a35773465200a5', lastPc: 0x71690n }]);
  });

  it('refuses an empty block', () => {
    expect(() => new BlockRecorder(0)).toThrow('block size 0');
  });
});

describe('console', () => {
  it('normalises only what the rules name', () => {
    expect(normaliseConsole('\r\nHit any key to stop autoboot:  2 \b\b\b 1 \r\n=> \r\n')).toBe('Hit any key to stop autoboot:  N\n=>');
    expect(normaliseConsole('a  b\r\n\r\nc\t\r\n')).toBe('a  b\n\nc');
  });

  it('cuts at prompts and drops the echo', () => {
    const { banner, answers } = splitTranscript('U-Boot\r\n\r\n=> version\r\nU-Boot 1\r\n=> poweroff\r\n', ['version']);
    expect(banner).toBe('U-Boot');
    expect(answers).toEqual([{ command: 'version', output: 'U-Boot 1' }]);
  });
});
