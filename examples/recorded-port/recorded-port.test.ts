import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { record } from './record.ts';
import { RecordedProcessor, type Lines } from './recording.ts';
import { RECORDED, roundTrip } from './round-trip.ts';

const linesOf = ({ revision, mode }: (typeof RECORDED)[number]): Lines => JSON.parse(readFileSync(new URL(`./${revision}-${mode}.json`, import.meta.url), 'utf8')) as Lines;

describe('the recorded port', () => {
  it('is loaded without a processor: of the arm64 package, its firmware functions alone', async () => {
    const { metafile } = await build({ entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))], bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', logLevel: 'silent' });
    const processor = Object.keys(metafile.inputs).filter((path) => /packages\/arm64\/src\//.test(path) && !/packages\/arm64\/src\/firmware\//.test(path));
    expect(processor).toEqual([]);
    expect(Object.keys(metafile.inputs).some((path) => path.includes('packages/arm64-hypervisor/src/switch/world.ts'))).toBe(true);
  });
  it.each(RECORDED)('has what the machine says today, $revision $mode (record.ts writes it anew)', (which) => {
    expect(linesOf(which)).toEqual(record(which));
  });
  it.each(RECORDED)('gives every answer once, $revision $mode', (which) => {
    const processor = new RecordedProcessor(linesOf(which));
    expect(roundTrip(processor, which).end).toBe('shutdown');
    expect(processor.left).toBe(0);
  });
  it('refuses a question that was not asked', () => {
    const processor = new RecordedProcessor(linesOf(RECORDED[0]));
    expect(() => processor.port.execute({ op: 'isb' })).toThrow(/question 1 is 'isb', the recording has 'mrs ID_AA64MMFR0_EL1 = .*record again with record\.ts/);
  });
});
