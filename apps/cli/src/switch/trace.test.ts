import { describe, expect, it } from 'vitest';
import { PAIRS, REVISIONS } from '@worldswitch/arm64-hypervisor';
import { HELLO, worldswitch } from '../test/capture.ts';
import { schemaErrors } from '../test/schema.ts';
import type { TraceReport } from './trace.ts';

/** The embedded guest calls the hypervisor by three HVCs (own-breakpoint.c): one before its breakpoint is armed, one while it is, one after. */
const HVC = 'it called the hypervisor (HVC)';
const CALLS = [2, 5, 7] as const;

async function report(...args: readonly string[]): Promise<TraceReport> {
  const { status, out, err } = await worldswitch('trace', '--json', ...args);
  expect([status, err]).toEqual([0, '']);
  return JSON.parse(out) as TraceReport;
}

async function screen(width: number, ...args: readonly string[]): Promise<readonly string[]> {
  const before = process.env['COLUMNS'];
  process.env['COLUMNS'] = String(width);
  try {
    const { status, out } = await worldswitch('trace', ...args);
    expect(status).toBe(0);
    return out.trimEnd().split('\n');
  } finally {
    if (before === undefined) delete process.env['COLUMNS'];
    else process.env['COLUMNS'] = before;
  }
}

describe('trace', () => {
  it.each(PAIRS)('follows its schema under $revision, $mode, and each row belongs to a step', async ({ revision, mode }) => {
    const value = await report('--revision', revision, '--mode', mode);
    expect(schemaErrors('trace', value)).toEqual([]);
    const steps = new Map(value.steps.map(({ id, phase }) => [id, phase]));
    for (const { step, phase } of value.rows) if (phase !== '' && step !== 'guest') expect(steps.get(step)).toBe(phase);
    expect(value.rows[0]).toMatchObject({ operation: 'exception', el: 1, reached: 'EL2' });
    expect(value.rows.at(-1)).toMatchObject({ operation: 'control', written: 'eret' });
  });
  it('finds the guest\'s calls, at the same instructions in both modes', async () => {
    const calls = async (mode: string): Promise<readonly string[]> => {
      const where: string[] = [];
      for (const n of CALLS) {
        const { exit } = await report('--mode', mode, '--from', String(n));
        where.push(`${exit.where}: ${exit.cause}`);
      }
      return where;
    };
    const found = await calls('vhe');
    expect(found.filter((text) => text.endsWith(HVC))).toHaveLength(3);
    expect(await calls('nvhe')).toEqual(found);
  });
  it('shows accessor and register, whose value it is, before and after, and what can be held against it', async () => {
    const text = (await screen(80, '--mode', 'vhe', '--from', '2')).join('\n');
    expect(text).toMatch(/EL2 guest {2}save {5}SCTLR_EL12 → SCTLR_EL1 +0x[0-9a-f]+/);
    expect(text).toMatch(/EL2 host {3}restore {2}ELR_EL1 → ELR_EL2 +0x[0-9a-f]+ → 0x[0-9a-f]+/);
    expect(text).toMatch(/TPIDR_EL0 +0x0 {2}redundant restore/);
    expect(text).toContain('redundant restores, writes of the value the register already held');
    const plain = await screen(80, '--mode', 'nvhe', '--from', '2');
    expect(plain.join('\n')).toMatch(/EL2 guest {2}save {5}SCTLR_EL1 {3,}0x/);
  });
  it.each([['vhe', 'FPEN 0x3 → 0x0', 'sets TTA'], ['nvhe', 'sets TTA, TFP', 'sets TTA, TFP']])('says which fields of a control register change, by the layout of mode %s', async (mode, ...said) => {
    const text = (await screen(120, '--mode', mode, '--from', '2')).join('\n');
    for (const part of [...said, /clears TGE|sets TVM/, /\n {26}(sets|clears) IMO, FMO\n/]) expect(text).toMatch(part);
  });
  it('says why, if asked', async () => {
    const reason = 'the host\'s translation comes back only when no guest stage 2';
    expect((await screen(120, '--why')).join('\n')).toContain(reason);
    expect((await screen(120)).join('\n')).not.toContain(reason);
  });
  it.each([80, 120])('fits %i columns, without colours where there is no terminal', async (width) => {
    for (const args of [['--mode', 'nvhe', '--from', '7'], ['--mode', 'vhe', '--from', '7', '--why']]) {
      const lines = await screen(width, ...args);
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      expect(lines.join('\n')).not.toContain('\u001b');
    }
  });
  it('marks a redundant restore exactly where the register held the value', async () => {
    const { rows } = await report('--mode', 'vhe', '--from', '3');
    for (const { operation, before, after, finding } of rows) expect(finding === 'redundant-restore').toBe(operation === 'write' && before === after);
  });
});

describe('run', () => {
  it.each(REVISIONS.map(({ name }) => name))('takes --revision %s, in a mode that it has', async (name) => {
    expect(await worldswitch('run', HELLO, '--revision', name, '--faithful', 'all')).toMatchObject({ status: 0, out: 'hello\r\n' });
  });
  it.each([
    [['--revision', '2016'], /revision '2016' in mode vhe: no such state .*choose from 2015-base \(nvhe\)/],
    [['--revision', '2015-base', '--mode', 'vhe'], /2015-base exists in nvhe only; choose from/],
    [['--revision', 'vhe', '--faithful', 'stale-far'], /faithful 'stale-far': vhe has the faults timer-bits/],
  ] as const)('refuses %j', async (args, message) => {
    const { status, out, err } = await worldswitch('run', HELLO, ...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});
