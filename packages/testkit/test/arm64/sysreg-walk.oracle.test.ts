/**
 * Every system register and system instruction × {EL0, EL1, EL2} × {E2H, TGE}, as A64 code: without traps, with all traps, with random
 * ones, on QEMU and on our processor. Where they differ stands in sysreg-differences.md, which this test keeps up to date
 * (`vitest -u` writes it anew).
 */
import { REGISTER_LIST } from '@worldswitch/arm64-sysreg';
import type { EngineKind } from '@worldswitch/engine';
import { describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { walkBytes, walkSource } from '../../../../tooling/oracles/sysreg-walk.ts';
import { Guest, GUEST_TOOLS } from './guest.ts';
import { whyDifferent } from './sysreg-differences.ts';
import { describeOutcome, describeSetting, itemName, ITEMS, SKIPPED, settings, walkOf } from './sysreg-walk.ts';

const CPU = 'neoverse-n1';
const RANDOM_ROUNDS = 6;

interface Row {
  readonly register: string;
  readonly ours: string;
  readonly qemu: string;
  readonly why: string;
  readonly settings: string[];
}

const list = settings(RANDOM_ROUNDS);

function differences(ours: readonly bigint[], qemu: readonly bigint[]): Row[] {
  const rows = new Map<string, Row>();
  qemu.forEach((word, index) => {
    const setting = list[Math.floor(index / ITEMS.length)];
    const item = ITEMS[index % ITEMS.length];
    // What could not be read was not written: the row of the read tells it.
    if (word === SKIPPED || ours[index] === SKIPPED) return;
    const [a, b] = [describeOutcome(ours[index]), describeOutcome(word)];
    if (a === b) return;
    const row = { register: `${item.direction} ${itemName(item)}`, ours: a, qemu: b, why: whyDifferent(item, setting) ?? 'UNEXPLAINED', settings: [] };
    const key = JSON.stringify(row);
    if (!rows.has(key)) rows.set(key, row);
    const { settings: where } = rows.get(key) as Row;
    const name = describeSetting(setting);
    if (!where.includes(name)) where.push(name);
  });
  return [...rows.values()].sort((a, b) => (a.why + a.register < b.why + b.register ? -1 : 1));
}

function table(rows: readonly Row[]): string {
  const known = rows.filter(({ settings: where }) => where.some((name) => !name.includes('random')));
  const lines = known.map(({ register, settings: where, ours, qemu, why }) =>
    `| ${register} | ${where.filter((name) => !name.includes('random')).join('; ')} | ${ours} | ${qemu} | ${why} |`);
  return [
    '# System registers: where QEMU 7.2 and this processor differ', '',
    `Written by sysreg-walk.oracle.test.ts: ${ITEMS.length} accesses (all ${REGISTER_LIST.length} registers, all system instructions, registers of later`,
    `extensions, the space of identification registers) in ${list.length} settings on ${CPU}. Sections are those of DDI 0487.`, '',
    '| access | where | here | QEMU | why |', '|---|---|---|---|---|', ...lines, '',
  ].join('\n');
}

describe.runIf(haveTools(...GUEST_TOOLS))('the walk over all system registers', () => {
  const count = list.length * ITEMS.length;
  const walked = new Map<string, bigint[]>();
  const guest = new Guest(walkSource(walkOf(list)), walkBytes(walkOf(list)));
  const ours = (kind: EngineKind): bigint[] => {
    const words = walked.get(kind) ?? guest.onOurs(kind, CPU);
    walked.set(kind, words);
    return words;
  };

  it('comes to the same on QEMU, but for a known list', async () => {
    const qemu = guest.onQemu(CPU);
    expect(qemu).toHaveLength(count);
    const rows = differences(ours('interpreter'), qemu);
    expect(rows.filter(({ why }) => why === 'UNEXPLAINED')).toEqual([]);
    await expect(table(rows)).toMatchFileSnapshot('./sysreg-differences.md');
  });

  it('meets every kind of outcome often, in both directions', () => {
    const seen = new Map<string, number>();
    ours('interpreter').forEach((word, index) => {
      const kind = `${ITEMS[index % ITEMS.length].direction} ${describeOutcome(word).replace(/, ISS.*/, '')}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    });
    for (const direction of ['read', 'write']) {
      for (const kind of ['executes', 'UNDEFINED, to EL1', 'UNDEFINED, to EL2', 'EC 0x18 to EL1', 'EC 0x18 to EL2']) {
        expect(seen.get(`${direction} ${kind}`) ?? 0, `${direction} ${kind}`).toBeGreaterThan(20);
      }
    }
  });

  it('comes to the same on the translator', () => {
    expect(ours('translator')).toEqual(ours('interpreter'));
  });
});
