import { describe, expect, it } from 'vitest';
import { worldswitch } from '../test/capture.ts';
import { demoRun } from './demo.ts';

describe('the demonstration', () => {
  it('shows what happened: the guest hits its own breakpoint, the host keeps its own, in both modes alike', () => {
    const [nvhe, vhe] = (['nvhe', 'vhe'] as const).map(demoRun);
    for (const run of [nvhe, vhe]) {
      // EC 0x31, breakpoint at the same level, IL, IFSC 0x22 (DDI 0487 ESR_EL1); HVC is the last instruction.
      expect(run).toMatchObject({ hits: 1n, syndrome: 0xc600_0022n, end: 'the guest powered off', hostBefore: 0xffff_8000_1008_1000n, hostAfter: 0xffff_8000_1008_1000n });
      expect(run.exchanged).toBeGreaterThan(0);
      expect(run.exchanged).toBeLessThan(run.entries);
    }
    expect(nvhe.instructions).toBe(vhe.instructions);
    // VHE leaves the host's EL1 registers to the host: fewer moves.
    expect(vhe.summary.reads + vhe.summary.writes).toBeLessThan(nvhe.summary.reads + nvhe.summary.writes);
  });
  it('fits one screen', async () => {
    const { status, out } = await worldswitch('demo');
    expect(status).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(50);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(140);
  });
});
