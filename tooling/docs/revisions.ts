/** The generated parts of docs/revisions.md: from the revisions themselves, and from running them. */
import { REVISIONS, faultsOf, type Revision, type Step } from '@worldswitch/arm64-hypervisor';
import { comparison, type CompareArguments } from '../../apps/cli/src/switch/compare.ts';
import type { ClassCount, PairCounts } from '../../apps/cli/src/switch/counts.ts';
import { table } from './blocks.ts';
import { PUBLISHED, type Published } from './published.ts';

const cache = new Map<string, readonly PairCounts[]>();
function run(args: CompareArguments): readonly PairCounts[] {
  const key = JSON.stringify(args);
  let pairs = cache.get(key);
  if (pairs === undefined) cache.set(key, (pairs = comparison(args).pairs));
  return pairs;
}

function overview(): string {
  return table(['revision', 'modes', 'what it is', 'known faults'], REVISIONS.map(({ name, modes, about }) => [`\`${name}\``, modes.join(', '), about, faultsOf(name).map((fault) => `\`${fault}\``).join(', ')]));
}

function contextCounts(): string {
  const rows = (pairs: readonly PairCounts[], note: (pair: PairCounts) => string): (string | number)[][] => pairs.map((pair) => {
    const { hostSave, guestRestore, guestSave, hostRestore, sum } = pair.context;
    return [`\`${pair.revision}\``, pair.mode, note(pair), hostSave, guestRestore, guestSave, hostRestore, sum, pair.load.context, pair.put.context];
  });
  const plain = run({});
  const changes = (others: readonly PairCounts[]): readonly PairCounts[] => others.filter((other) => plain.some(({ revision, mode, context }) =>
    revision === other.revision && mode === other.mode && context.sum !== other.context.sum));
  return table(['revision', 'mode', '', 'host save', 'guest restore', 'guest save', 'host restore', 'sum', 'at load', 'at put'], [
    ...rows(plain, () => ''), ...rows(changes(run({ faithful: 'all' })), ({ faithful }) => `faithful: ${faithful.join(', ')}`), ...rows(changes(run({ features: 'ras' })), () => 'with RAS'),
  ]);
}

function debugCounts(): string {
  const [clean, usual, most] = [run({}), run({ debug: 'dirty' }), run({ debug: 'dirty', breakpoints: '16', watchpoints: '16' })];
  return table(['revision', 'mode', 'not in use', '6 and 4', '16 and 16', 'ID reads'], clean.map((pair, n) =>
    [`\`${pair.revision}\``, pair.mode, pair.debug.sum, usual[n].debug.sum, most[n].debug.sum, usual[n].identification]));
}

const isOutside = ({ phase }: ClassCount): boolean => ['load', 'put', 'host'].includes(phase);
const CLASSES = [
  ['context', 'context'], ['trap-control', 'trap controls'], ['timer', 'timers'], ['vgic', 'interrupts'], ['stage2', 'stage 2'], ['fp', 'FP'], ['vector', 'vectors'], ['fault', 'fault'],
] as const;
const moved = (counts: readonly ClassCount[]): readonly [number, number] => [counts.reduce((sum, { reads }) => sum + reads, 0), counts.reduce((sum, { writes }) => sum + writes, 0)];

function classCounts(): string {
  const known: readonly string[] = CLASSES.map(([name]) => name);
  const cell = (counts: readonly ClassCount[]): string => {
    const [reads, writes] = moved(counts);
    return reads + writes === 0 ? '' : `${reads} / ${writes}`;
  };
  return table(['revision', 'mode', ...CLASSES.map(([, title]) => title), 'other', 'all'], run({}).map((pair) => {
    const trip = pair.classes.filter((count) => !isOutside(count));
    return [`\`${pair.revision}\``, pair.mode, ...known.map((name) => cell(trip.filter((count) => count.class === name))), cell(trip.filter((count) => !known.includes(count.class))), cell(trip)];
  }));
}

/** Reads and writes of a pair as the published counts have them: without floating point, debug registers and the interrupt controller's interface. */
export function executed({ revision, mode }: Pick<Published, 'revision' | 'mode'>): readonly [reads: number, writes: number] {
  const pair = run({}).find((one) => one.revision === revision && one.mode === mode);
  if (pair === undefined) throw new RangeError(`${revision} (${mode}) is no pair`);
  const live = pair.revision === 'two-hooks' ? 1 : 0;
  const [reads, writes] = moved(pair.classes.filter((count) => !isOutside(count) && !['fp', 'debug', 'id'].includes(count.class)));
  return [reads + live, writes];
}

function differences(): string {
  const signed = (value: number): string => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '0');
  return table(['revision', 'mode', 'counted R / W', 'executed R / W', 'difference', 'whose number', 'because'], PUBLISHED.flatMap((one) => {
    const [reads, writes] = executed(one);
    const start = [`\`${one.revision}\``, one.mode, `${one.reads} / ${one.writes}`, `${reads} / ${writes}`];
    if (one.differences.length === 0) return [[...start, '', '', 'equal']];
    return one.differences.map((difference, n) => [
      ...(n === 0 ? start : ['', '', '', '']), `${signed(difference.reads)} / ${signed(difference.writes)}`,
      difference.side === 'neither' ? 'both right, of different code' : `${difference.side} is wrong`, difference.because,
    ]);
  }));
}

/** One table of steps: phase, step, level, mode where it is not in both, reason. */
function order({ name, steps, modes }: Revision): string {
  const rows = steps.map((step: Step, n) => [
    steps[n - 1]?.phase === step.phase ? '' : step.phase, `\`${step.id}\``, `EL${step.el}`, step.kind, step.modes !== undefined && step.modes.length < modes.length ? step.modes.join(', ') : '',
    (step.after ?? []).map((id) => `\`${id}\``).join(', '), step.because,
  ]);
  return `### ${name}\n\n${table(['phase', 'step', 'level', 'moves', 'only', 'after', 'because'], rows)}`;
}

/** By the names that docs/revisions.md uses. */
export const REVISION_BLOCKS: Readonly<Record<string, () => string>> = {
  'overview': overview, 'context-counts': contextCounts, 'debug-counts': debugCounts, 'class-counts': classCounts, 'differences': differences,
  'orders': () => REVISIONS.map(order).join('\n\n'),
};
