/** `worldswitch inject --all`: every kind before every access of every step, and how often each outcome came. */
import { revisionNamed } from '@worldswitch/arm64-hypervisor';
import { Bench, INJECTIONS, injectAll, type Injection, type InjectionKind } from '@worldswitch/arm64-hypervisor/prove';
import { EXIT, UsageError } from '../exit.ts';
import { jsonLine } from '../json.ts';
import { KINDS, OUTCOMES, parseKind, proofMachine, type InjectArguments } from './inject.ts';
import { choosePairs } from './pairs.ts';
import { columns, styled, terminal, wrap, type Terminal } from './terminal.ts';

/** What came of one pair. */
export interface PairInjections {
  readonly revision: string;
  readonly mode: 'nvhe' | 'vhe';
  /** Accesses before which something can come. */
  readonly positions: number;
  readonly injections: number;
  /** How often each outcome came, by kind. */
  readonly outcomes: Readonly<Partial<Record<InjectionKind, Readonly<Record<string, number>>>>>;
  /** Against the rules; empty when all is well. */
  readonly failures: readonly Injection[];
}

/** What `--json` prints; schemas/inject-all.schema.json. */
export interface InjectAllReport {
  readonly report: 'worldswitch inject --all';
  readonly version: 1;
  /** Every n-th position of a pair. */
  readonly every: number;
  readonly pairs: readonly PairInjections[];
}

function parseEvery(text = '1'): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new UsageError(`--every ${text}: not a number from 1 to 999999; 1 tries every position, 50 every fiftieth`);
  return Number(text);
}

/** Told before a kind of a pair begins, and while it goes on. */
export type Progress = (pair: { readonly revision: string; readonly mode: string }, kind: InjectionKind, done: number, of: number) => void;

/** Injects everything that the options say. @throws UsageError before anything has run */
export function allInjections(args: InjectArguments, progress?: Progress): InjectAllReport {
  if (args.at !== undefined) throw new UsageError(`--all with --at ${args.at}: --all takes every position itself; leave one of the two out`);
  const every = parseEvery(args.every);
  const kinds: readonly InjectionKind[] = args.kind === undefined ? INJECTIONS : KINDS[parseKind(args.kind)].kinds;
  const chosen = choosePairs(args);
  const machine = proofMachine();
  const bench = new Bench(() => machine);
  const pairs = chosen.map(({ revision, mode }): PairInjections => {
    const { positions, injections, outcomes, failures } = injectAll(bench, {
      revision: revisionNamed(revision, mode), mode, kinds, every, progress: (kind, done, of) => { progress?.({ revision, mode }, kind, done, of); },
    });
    const byKind = Object.fromEntries(kinds.map((kind) => [kind, Object.fromEntries(Object.entries(outcomes).flatMap(([key, count]) => {
      const [of, outcome] = key.split(': ');
      return of === kind ? [[outcome, count]] : [];
    }))]));
    return { revision, mode, positions, injections, outcomes: byKind, failures };
  });
  return { report: 'worldswitch inject --all', version: 1, every, pairs };
}

/** One line that is written over, where somebody looks; nothing in a file or pipe. */
function progressLine({ stderr } = process): { show: Progress; end(): void } {
  if (!stderr.isTTY) return { show: () => undefined, end: () => undefined };
  let last = 0;
  const SELDOM = 100;
  return {
    show: ({ revision, mode }, kind, done, of) => {
      const now = Date.now();
      if (done < of && now - last < SELDOM) return;
      last = now;
      stderr.write(`\r\u001b[K${revision}, ${mode}: ${kind} ${done} of ${of}`);
    },
    end: () => { stderr.write('\r\u001b[K'); },
  };
}

/** Prints the totals. Gives 1 where something came that the rules do not allow. @throws UsageError */
export function injectEverything(args: InjectArguments): number {
  const line = progressLine();
  const report = allInjections(args, line.show);
  line.end();
  process.stdout.write(args.json === true ? jsonLine(report) : `${allInjectionsScreen(report, terminal()).join('\n')}\n`);
  return report.pairs.every(({ failures }) => failures.length === 0) ? EXIT.ok : EXIT.guestFailed;
}

const plain = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
const accesses = (every: number): string => (every === 1 ? 'each access' : `every ${plain(every)}th access`);
/** So many of the failures of a pair are written out. */
const SHOWN = 20;

/** The screen, line by line. */
export function allInjectionsScreen({ every, pairs }: InjectAllReport, to: Terminal): readonly string[] {
  const total = (of: (pair: PairInjections) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0);
  const failures = total((pair) => pair.failures.length);
  const seen = [...new Set(pairs.flatMap(({ outcomes }) => Object.values(outcomes).flatMap((counts) => Object.keys(counts))))] as (keyof typeof OUTCOMES)[];
  return [
    ...wrap(`Before ${accesses(every)} of a switch something is raised that nobody there waits for, and the guest goes on to its end. How often each outcome came:`, to.width),
    ...pairs.flatMap((pair) => pairLines(pair, to)),
    '', ...seen.sort().flatMap((outcome) => hanging(outcome, `${OUTCOMES[outcome]}.`, to.width)),
    '', styled(to, failures === 0 ? 'strong' : 'warning', `${plain(total(({ injections }) => injections))} injections in ${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'}, ${failures === 0 ? 'none' : plain(failures)} against the rules.`),
  ];
}

function pairLines({ revision, mode, positions, injections, outcomes, failures }: PairInjections, to: Terminal): readonly string[] {
  const rows = Object.entries(outcomes).map(([kind, counts]) => [kind, Object.entries(counts).map(([outcome, count]) => `${outcome} ${plain(count)}`).join(', ')]);
  return [
    '', styled(to, 'strong', `${revision}, host at ${mode === 'vhe' ? 'EL2 (vhe)' : 'EL1 (nvhe)'}`) + `: ${plain(positions)} positions, ${plain(injections)} injections`,
    ...columns(rows, { left: 2 }),
    ...failures.slice(0, SHOWN).flatMap(({ kind, step, index, before, outcome, allowed, text }) =>
      wrap(`against the rules: ${kind} before access ${index + 1} of ${step} (${before}): ${outcome}, where ${allowed.join(' or ')} may be. ${text}`, to.width - 2).map((line) => `  ${styled(to, 'warning', line)}`)),
    ...(failures.length > SHOWN ? [`  and ${failures.length - SHOWN} more; --json has all`] : []),
  ];
}

const TERM = 10;
const hanging = (term: string, text: string, width: number): readonly string[] => wrap(text, width - TERM).map((line, n) => (n === 0 ? term.padEnd(TERM) : ' '.repeat(TERM)) + line);
