// The expected counts are those of the original code, counted from its order of operations (facts on the world switch), not from our output.
import fc from 'fast-check';
import { PAIRS, REVISIONS } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { worldswitch } from '../test/capture.ts';
import { schemaErrors } from '../test/schema.ts';
import { comparison, comparisonScreen, type Comparison } from './compare.ts';

/** Registers of a guest, and of a host at EL1: 22 system registers and SP_EL0, ELR_EL2, SPSR_EL2, SP_EL1, ELR_EL1, SPSR_EL1. */
const FULL = [28, 28, 28, 28, 112] as const;
/** By revision and mode, for a processor without RAS, SPE, PAuth and SVE. */
const CONTEXT: Readonly<Record<string, readonly [hostSave: number, guestRestore: number, guestSave: number, hostRestore: number, sum: number]>> = {
  '2015-base nvhe': FULL, 'debug-ptr nvhe': FULL, 'vhe nvhe': FULL, 'vhe vhe': [6, 28, 28, 6, 68], 'two-hooks nvhe': FULL, 'two-hooks vhe': [8, 28, 28, 8, 72],
  'load-put nvhe': [26, 27, 26, 27, 106], 'load-put vhe': [2, 4, 4, 2, 12], 'owner vhe': [2, 4, 4, 2, 12],
};

const all = comparison({});
const dirty = comparison({ debug: 'dirty' });
const sumOf = (result: Comparison): readonly number[] => result.pairs.map(({ debug }) => debug.sum);

describe('compare', () => {
  it('runs every pair that exists', () => {
    expect(all.pairs.map(({ revision, mode }) => ({ revision, mode }))).toEqual(PAIRS);
  });
  it.each(all.pairs.map((pair) => [`${pair.revision} ${pair.mode}`, pair] as const).filter(([name]) => name in CONTEXT))('counts the context registers of %s', (name, { context }) => {
    const { hostSave, guestRestore, guestSave, hostRestore, sum } = context;
    const expected = CONTEXT[name];
    expect(sum).toBe(expected[4]);
    expect(hostSave + guestRestore + guestSave + hostRestore).toBe(sum);
    if (!name.startsWith('load-put nvhe')) expect([hostSave, guestRestore, guestSave, hostRestore, sum]).toEqual(expected);
  });
  it('moves no debug register for a guest that does not use them, and reads nothing to know how many there are', () => {
    expect(sumOf(all)).toEqual(all.pairs.map(() => 0));
    expect(all.pairs.map(({ identification }) => identification)).toEqual(all.pairs.map(() => 0));
  });
  it('moves both banks both ways for one that does: 84 with 6 breakpoints and 4 watchpoints, 260 with 16 of each', () => {
    expect(sumOf(dirty)).toEqual(dirty.pairs.map(() => 84));
    expect(sumOf(comparison({ debug: 'dirty', breakpoints: '16', watchpoints: '16' }))).toEqual(PAIRS.map(() => 260));
    // 6.14 and later keep the numbers; all before read ID_AA64DFR0_EL1 at each of the four.
    expect(dirty.pairs.map(({ revision, identification }) => [revision, identification])).toEqual(dirty.pairs.map(({ revision }) => [revision, revision === 'owner' ? 0 : 4]));
  });
  it('moves 4 · (2 (b + w) + 1) with b breakpoints and w watchpoints', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 16 }), fc.integer({ min: 2, max: 16 }), fc.constantFrom(...PAIRS), (b, w, { revision, mode }) => {
      expect(sumOf(comparison({ debug: 'dirty', breakpoints: `${b}`, watchpoints: `${w}`, revision, mode }))).toEqual([4 * (2 * (b + w) + 1)]);
    }), { numRuns: 8 });
  });
  // Without an interrupt under way the later generations have ICC_SRE_EL2 alone to move without VHE, and nothing with it (facts on the world switch, section 6).
  it('counts a GICv3\'s virtual CPU interface, and moves the same contexts with it', () => {
    const gicV3 = comparison({ gic: '3' });
    expect(gicV3.pairs.map(({ context, debug }) => [context.sum, debug.sum])).toEqual(all.pairs.map(({ context, debug }) => [context.sum, debug.sum]));
    for (const { revision, mode, classes } of gicV3.pairs.filter(({ revision }) => revision === 'load-put' || revision === 'owner')) {
      const perRun = classes.filter((count) => count.class === 'vgic' && !['load', 'put'].includes(count.phase) && count.reads + count.writes > 0);
      expect(perRun.map(({ phase, reads, writes }) => `${phase} ${reads} ${writes}`).sort(), `${revision}, ${mode}`).toEqual(mode === 'vhe' ? [] : ['activate-traps 1 1', 'deactivate-traps 1 1']);
    }
  });
  it('counts nothing twice and nothing without a class', () => {
    for (const { classes, reads, writes, context } of [...all.pairs, ...dirty.pairs]) {
      const trip = classes.filter(({ phase }) => !['load', 'put', 'host'].includes(phase));
      expect(trip.reduce((sum, count) => sum + count.reads, 0)).toBe(reads);
      expect(trip.reduce((sum, count) => sum + count.writes, 0)).toBe(writes);
      expect(trip.filter((count) => count.class === 'context').reduce((sum, count) => sum + count.reads + count.writes, 0)).toBe(context.sum);
      expect(classes.every((count) => count.class !== '')).toBe(true);
    }
  });
  it('prints it for either width, and all of it', () => {
    for (const width of [80, 120]) {
      const lines = comparisonScreen(dirty, { width, colour: false });
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      for (const { name } of REVISIONS) expect(lines.join('\n')).toContain(name);
    }
  });
  it('has a schema for --json, of which it leaves nothing out', async () => {
    const { status, out } = await worldswitch('compare', '--json', '--debug', 'dirty', '--revision', 'two-hooks');
    expect(status).toBe(0);
    const value = JSON.parse(out) as Comparison;
    expect(schemaErrors('compare', value)).toEqual([]);
    expect(value.pairs.map(({ debug }) => debug.sum)).toEqual([84, 84]);
    expect(schemaErrors('compare', { ...value, pairs: [{ ...value.pairs[0], context: {} }] })).not.toEqual([]);
  });
});

describe('a mistake', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a revision that does not exist', ['compare', '--revision', 'two-hoks'], /unknown revision 'two-hoks'; did you mean two-hooks\?; the pairs are .*two-hooks \(nvhe, vhe\)/],
    ['a mode that does not exist', ['compare', '--mode', 'el3'], /unknown mode 'el3'; the modes are nvhe, vhe, and the pairs/],
    ['an unknown fault', ['compare', '--faithful', 'stale-fra'], /unknown fault 'stale-fra'; did you mean stale-far\?/],
    ['a fault of another revision', ['compare', '--revision', 'two-hooks', '--faithful', 'timer-bits'], /none of the chosen revisions has that fault; it is one of vhe/],
    ['an interrupt controller that the board does not have', ['compare', '--gic', '4'], /--gic 4: .*it is 2 or 3/],
    ['the same of a trace', ['trace', '--gic', '5'], /--gic 5: .*it is 2 or 3/],
    ['an unknown feature', ['compare', '--features', 'ras,mte'], /unknown feature 'mte'.*there are ras, spe/],
    ['too few breakpoints', ['compare', '--breakpoints', '1'], /--breakpoints 1: a processor has 2 to 16 breakpoints/],
    ['too many watchpoints', ['compare', '--watchpoints', '17'], /--watchpoints 17: a processor has 2 to 16 watchpoints/],
    ['no number', ['compare', '--breakpoints', 'many'], /--breakpoints many/],
    ['a state that does not exist', ['compare', '--debug', 'mud'], /--debug mud: it is clean .* or dirty/],
    ['a trace under two revisions', ['trace', '--revision', 'two-hooks,two-hooks'], /name one revision/],
    ['an exit that does not happen', ['trace', '--from', '1000'], /was left [0-9]+ times, then the guest powered off; choose an exit up to/],
    ['a trace from nowhere', ['trace', '--from', 'now'], /--from now: it must be a whole number from 1 up/],
    ['an image that is not there', ['trace', 'no/such.elf'], /no\/such\.elf: there is no such file/],
  ];
  it.each(cases)('%s: status 2, one message, nothing done', async (_, args, message) => {
    const { status, out, err } = await worldswitch(...args);
    expect(err).toMatch(message);
    expect([status, out]).toEqual([2, '']);
    expect(err).not.toMatch(/\n {4}at /);
  });
  it('of a pair that does not exist names those that do', async () => {
    const only = REVISIONS.find(({ modes }) => modes.length === 1);
    if (only === undefined) return;
    const other = only.modes[0] === 'vhe' ? 'nvhe' : 'vhe';
    for (const command of ['compare', 'trace']) {
      const { status, out, err } = await worldswitch(command, '--revision', only.name, '--mode', other);
      expect([status, out]).toEqual([2, '']);
      expect(err).toContain(`${only.name} does not exist in that mode; the pairs are ${REVISIONS.map(({ name, modes }) => `${name} (${modes.join(', ')})`).join(', ')}`);
    }
  });
});
