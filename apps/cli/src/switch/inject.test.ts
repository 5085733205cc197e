// What is expected is the architecture's: exceptions that are masked wait, those that are not are taken where they come (DDI 0487 D1.3.6).
import { compose, PAIRS, revisionNamed } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { worldswitch } from '../test/capture.ts';
import { schemaErrors } from '../test/schema.ts';
import { allInjections, allInjectionsScreen, type InjectAllReport } from './inject-all.ts';
import { injection, injectionScreen, type InjectReport } from './inject.ts';

const report = async (...args: readonly string[]): Promise<InjectReport> => {
  const { status, out, err } = await worldswitch('inject', '--json', ...args);
  expect([status, err]).toEqual([0, '']);
  const value = JSON.parse(out) as InjectReport;
  expect(schemaErrors('inject', value)).toEqual([]);
  return value;
};

describe('inject', () => {
  it('raises each kind, and what comes of it is the rule\'s', async () => {
    const outcomes: Record<string, string> = {};
    for (const kind of ['irq', 'virq', 'serror', 'debug', 'abort']) {
      for (const result of (await report('--at', 'host-sysregs-restore:3', '--kind', kind, '--mode', 'vhe')).results) outcomes[result.kind] = result.outcome;
    }
    // On the way out, everything masked: interrupts and the SError are for the host, debug events for nobody.
    expect(outcomes).toMatchObject({ 'interrupt': 'host', 'breakpoint': 'nothing', 'watchpoint': 'nothing', 'step': 'nothing', 'abort': 'again' });
  });
  it.each(PAIRS)('works under $revision, $mode', ({ revision, mode }) => {
    const step = compose(revisionNamed(revision, mode), mode).find(({ id }) => id.startsWith('traps'))?.id ?? '';
    const { results: [result], at } = injection({ revision, mode, kind: 'irq', at: step });
    expect(result).toMatchObject({ revision, mode, kind: 'interrupt', step, index: 0, el: 2, masked: { I: true }, ok: true });
    expect(at.of).toBeGreaterThan(0);
  });
  it.each([80, 120])('fits %i columns', (width) => {
    const lines = injectionScreen(injection({ kind: 'debug', at: 'vector' }), { width, colour: false });
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  });
  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no place', ['--kind', 'irq'], /--at : it is missing; write STEP or STEP:N, the steps are .*guest-enter/],
    ['a step that is not there', ['--at', 'vektor', '--kind', 'irq'], /no step 'vektor' in this mode; did you mean vector\?/],
    ['a step of the other mode', ['--at', 'mask-exceptions', '--kind', 'irq', '--mode', 'nvhe'], /no step 'mask-exceptions' in this mode/],
    ['an access too many', ['--at', 'stage2-on:9', '--kind', 'irq'], /stage2-on has 2 accesses in this run .*choose stage2-on:1 to stage2-on:2: 1 ldr vcpu\d\.state\.vttbr, 2 msr VTTBR_EL2/],
    ['no number', ['--at', 'stage2-on:zero', '--kind', 'irq'], /'zero' is no number of an access; write stage2-on:1/],
    ['no kind', ['--at', 'stage2-on'], /--kind : it is missing; there are irq, virq, serror, debug, abort/],
    ['an unknown kind', ['--at', 'stage2-on', '--kind', 'serorr'], /unknown kind 'serorr'; did you mean serror\?/],
    ['a place and all', ['--all', '--at', 'stage2-on'], /--all with --at stage2-on: --all takes every position itself/],
    ['a sample of one', ['--at', 'stage2-on', '--kind', 'irq', '--every', '5'], /--every 5: it chooses positions of --all/],
    ['a sample of none', ['--all', '--every', '0'], /--every 0: not a number from 1 to 999999/],
    ['all of an unknown revision', ['--all', '--revision', '2016'], /unknown revision '2016'.*the pairs are/],
    ['an unknown revision', ['--at', 'stage2-on', '--kind', 'irq', '--revision', '2016'], /unknown revision '2016'.*the pairs are/],
  ];
  it.each(mistakes)('%s: status 2, one message, nothing done', async (_, args, message) => {
    const { status, out, err } = await worldswitch('inject', ...args);
    expect(err).toMatch(message);
    expect([status, out]).toEqual([2, '']);
  });
});

describe('inject --all', () => {
  it('tries a sample under each pair that is chosen, and says what came how often', async () => {
    const { status, out, err } = await worldswitch('inject', '--all', '--every', '150', '--kind', 'serror', '--revision', '2015-base,two-hooks', '--mode', 'nvhe', '--json');
    expect([status, err]).toEqual([0, '']);
    const value = JSON.parse(out) as InjectAllReport;
    expect(schemaErrors('inject-all', value)).toEqual([]);
    expect(value.pairs.map(({ revision, mode }) => [revision, mode])).toEqual([['2015-base', 'nvhe'], ['two-hooks', 'nvhe']]);
    for (const { positions, injections, outcomes, failures } of value.pairs) {
      expect(failures).toEqual([]);
      expect(injections).toBe(Math.ceil(positions / 150));
      expect(Object.values(outcomes.serror ?? {}).reduce((sum, count) => sum + count, 0)).toBe(injections);
    }
    // The assembly of 2015 has no handler for an SError of a guest.
    expect(value.pairs.map(({ outcomes }) => ['fatal' in (outcomes.serror ?? {}), 'guest' in (outcomes.serror ?? {})])).toEqual([[true, false], [false, true]]);
  });
  it.each([80, 120])('fits %i columns, with the total at the end', (width) => {
    const lines = allInjectionsScreen(allInjections({ all: true, every: '500', kind: 'debug', revision: 'vhe', mode: 'vhe' }), { width, colour: false });
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    expect(lines.at(-1)).toMatch(/^\d+ injections in 1 pair, none against the rules\.$/);
  });
});
