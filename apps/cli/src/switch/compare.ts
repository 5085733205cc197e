/** `worldswitch compare`: one round trip under each pair of revision and mode, counted. */
import { EXIT, UsageError } from '../exit.ts';
import { jsonLine } from '../json.ts';
import { countPair, type ClassCount, type PairCounts } from './counts.ts';
import { roundTrip, TRAPPED } from './lab.ts';
import { choosePairs, type PairOptions } from './pairs.ts';
import { parseDebugRegisters, parseFeatures, parseGic, type ProcessorWish } from './processor.ts';
import { columns, styled, terminal, wrap, type Terminal } from './terminal.ts';

export interface CompareArguments extends PairOptions {
  readonly debug?: string;
  readonly breakpoints?: string;
  readonly watchpoints?: string;
  readonly features?: string;
  readonly gic?: string;
  readonly json?: boolean;
}

/** What `--json` prints; schemas/compare.schema.json. */
export interface Comparison {
  readonly report: 'worldswitch compare';
  readonly version: 1;
  readonly processor: ProcessorWish;
  readonly debug: 'clean' | 'dirty';
  readonly instruction: string;
  readonly pairs: readonly PairCounts[];
}

function parseDebug(text = 'clean'): Comparison['debug'] {
  if (text !== 'clean' && text !== 'dirty') throw new UsageError(`--debug ${text}: it is clean (the guest has no debug events enabled) or dirty (it has, so its debug registers are loaded)`);
  return text;
}

/** Runs the pairs that the options choose. @throws UsageError before anything has run */
export function comparison(args: CompareArguments): Comparison {
  const pairs = choosePairs(args);
  const debug = parseDebug(args.debug);
  const processor = { breakpoints: parseDebugRegisters('breakpoints', args.breakpoints), watchpoints: parseDebugRegisters('watchpoints', args.watchpoints), features: parseFeatures(args.features), ...(args.gic !== undefined && { gic: parseGic(args.gic) }) };
  return {
    report: 'worldswitch compare', version: 1, processor, debug, instruction: TRAPPED,
    pairs: pairs.map((pair) => countPair(pair, roundTrip({ ...pair, processor, debug }))),
  };
}

/** Prints a comparison. Gives the exit status. @throws UsageError */
export function compare(args: CompareArguments): number {
  const result = comparison(args);
  process.stdout.write(args.json === true ? jsonLine(result) : `${comparisonScreen(result, terminal()).join('\n')}\n`);
  return EXIT.ok;
}

const nameOf = ({ revision, faithful }: PairCounts): string => (faithful.length === 0 ? revision : `${revision}*`);

/** The screen, line by line. */
export function comparisonScreen(result: Comparison, to: Terminal): readonly string[] {
  const { processor: { breakpoints, watchpoints, features, gic }, pairs, debug } = result;
  const heading = (text: string): readonly string[] => ['', styled(to, 'strong', text)];
  const intro = `A guest executes '${result.instruction}', which traps: it is left, the host answers, it is entered again. The processor has ${breakpoints} breakpoints and ${watchpoints} watchpoints`
    + `${features.length === 0 ? '' : `, and ${features.join(' and ')}`}${gic === undefined ? '' : `, the guest the virtual CPU interface of a GICv${gic}${gic === 2 ? ', which is in memory and not counted here' : ''}`}; the guest's debug registers are ${debug === 'dirty' ? 'in use, so they are exchanged' : 'not in use'}. Every number is counted from the ledger of this run.`;
  return [
    ...wrap(intro, to.width),
    ...heading('Context registers moved'), ...setTable(pairs, 'context', to),
    ...heading('Debug registers moved, and ID registers read to know how many there are'), ...setTable(pairs, 'debug', to),
    ...heading('Register reads / writes by what they move, and in which phase'), ...classTables(pairs, to),
    ...faultNotes(pairs, to.width),
    '', 'See each access: worldswitch trace --revision NAME --mode nvhe|vhe',
  ];
}

function setTable(pairs: readonly PairCounts[], set: 'context' | 'debug', to: Terminal): readonly string[] {
  const outside = pairs.some(({ load, put }) => load[set] + put[set] > 0);
  const apart = [...(set === 'debug' ? ['ID reads'] : []), ...(outside ? ['at load', 'at put'] : [])];
  const head = [['', '', 'host', 'guest', 'guest', 'host', ''], ['revision', 'mode', 'save', 'restore', 'save', 'restore', 'sum', ...apart]];
  const rows = pairs.map((pair) => {
    const { hostSave, guestRestore, guestSave, hostRestore, sum } = pair[set];
    return [
      nameOf(pair), pair.mode, ...[hostSave, guestRestore, guestSave, hostRestore, sum].map(String), ...(set === 'debug' ? [String(pair.identification)] : []),
      ...(outside ? [String(pair.load[set]), String(pair.put[set])] : []),
    ];
  });
  const note = 'At load and put: when a vCPU is given the processor and when it loses it, not with every round trip, so not in the sum.';
  return [...columns([...head, ...rows], { left: 2, gap: 3 }), ...(outside ? wrap(note, to.width - 2).map((line) => `  ${line}`) : [])];
}

/** How people call a class; a class that is not here is called as the switch calls it. */
const CLASS_TITLES: Readonly<Record<string, string>> = {
  'context': 'context registers', 'debug': 'debug registers', 'id': 'ID registers', 'trap-control': 'trap controls', 'timer': 'timers', 'vgic': 'virtual interrupts',
  'stage2': 'stage 2', 'fp': 'floating point', 'spe': 'profiling', 'fault': 'fault information', 'vector': 'vectors and calls', 'general': 'general registers',
};
const CLASS_ORDER = Object.keys(CLASS_TITLES);
const rank = (name: string): number => (CLASS_ORDER.includes(name) ? CLASS_ORDER.indexOf(name) : CLASS_ORDER.length);
const PHASE_ORDER = ['exit', 'fixup', 'save-guest', 'deactivate-traps', 'restore-host', 'save-host', 'activate-traps', 'restore-guest', 'enter', 'load', 'put'];

const LABEL = 24;
const CELL = 12;

/** A table of as many pairs as fit beside each other, and another one for the rest. */
function classTables(pairs: readonly PairCounts[], to: Terminal): readonly string[] {
  const fit = Math.max(1, Math.floor((to.width - LABEL) / CELL));
  const lines: string[] = [];
  for (let first = 0; first < pairs.length; first += fit) {
    if (first > 0) lines.push('');
    lines.push(...classTable(pairs.slice(first, first + fit), to));
  }
  return lines;
}

function classTable(pairs: readonly PairCounts[], to: Terminal): readonly string[] {
  const row = (label: string, cells: readonly string[]): string => (label.padEnd(LABEL) + cells.map((cell) => cell.padStart(CELL)).join('')).trimEnd();
  const moved = ({ reads, writes }: Pick<ClassCount, 'reads' | 'writes'>): string => (reads + writes === 0 ? '·' : `${reads} / ${writes}`);
  const used = pairs.flatMap(({ classes }) => classes).filter(({ reads, writes }) => reads + writes > 0);
  const names = [...new Set(used.map((count) => count.class))].sort((a, b) => rank(a) - rank(b));
  const total = (counts: readonly ClassCount[]): Pick<ClassCount, 'reads' | 'writes'> =>
    ({ reads: counts.reduce((sum, { reads }) => sum + reads, 0), writes: counts.reduce((sum, { writes }) => sum + writes, 0) });
  const lines = [row('', pairs.map(nameOf)), row('', pairs.map(({ mode }) => mode))];
  for (const name of names) {
    const own = used.filter((count) => count.class === name && count.phase !== 'host');
    const phases = [...new Set(own.map(({ phase }) => phase))].sort((a, b) => PHASE_ORDER.indexOf(a) - PHASE_ORDER.indexOf(b));
    const of = (pair: PairCounts, fits: (phase: string) => boolean): string => moved(total(pair.classes.filter((count) => count.class === name && fits(count.phase))));
    if (phases.length === 0) continue;
    lines.push(styled(to, 'strong', row(`  ${CLASS_TITLES[name] ?? name}`, pairs.map((pair) => of(pair, isInTrip)))));
    if (phases.length === 1 && isInTrip(phases[0])) continue;
    for (const phase of phases) lines.push(row(`    ${phase}${isInTrip(phase) ? '' : ', apart'}`, pairs.map((pair) => of(pair, (other) => other === phase))));
  }
  const around = (pair: PairCounts): string => moved(total(pair.classes.filter(({ phase }) => phase === 'host')));
  return [
    ...lines, styled(to, 'strong', row('  the switch, all told', pairs.map(moved))), row('  the host around it', pairs.map(around)),
  ];
}

/** Load and put do not come with every round trip, and what the host's kernel does is not the switch. */
const isInTrip = (phase: string): boolean => !['load', 'put', 'host'].includes(phase);

function faultNotes(pairs: readonly PairCounts[], width: number): readonly string[] {
  const faithful = pairs.filter((pair) => pair.faithful.length > 0);
  if (faithful.length === 0) return [];
  return ['', ...faithful.flatMap((pair) => wrap(`* ${pair.revision} (${pair.mode}) with the faults of its time: ${pair.faithful.join(', ')}`, width))];
}
