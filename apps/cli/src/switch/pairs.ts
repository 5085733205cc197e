/** Which pairs of revision and mode a command line means, and the faults they are to have. */
import { FAULTS, PAIRS, REVISIONS, faultsOf, type FaultName } from '@worldswitch/arm64-hypervisor';
import { UsageError } from '../exit.ts';
import { meant, splitList } from './processor.ts';

/** A pair, and the faults of the original code that it is to have. */
export interface ChosenPair {
  readonly revision: string;
  readonly mode: 'nvhe' | 'vhe';
  readonly faithful: readonly FaultName[];
}

/** The options as typed. Lists have commas. */
export interface PairOptions {
  readonly revision?: string;
  readonly mode?: string;
  readonly faithful?: string;
}

const MODES = ['nvhe', 'vhe'] as const;

/** Every pair there is, for messages. */
const VALID = REVISIONS.map(({ name, modes }) => `${name} (${modes.join(', ')})`).join(', ');

/**
 * All pairs that fit the options, in the order of the revisions: every one where none is named.
 * @throws UsageError for a revision, mode or fault that does not exist, and for a revision and mode named together that do not fit
 */
export function choosePairs({ revision, mode, faithful }: PairOptions): readonly ChosenPair[] {
  const names = REVISIONS.map(({ name }) => name);
  const revisions = splitList(revision);
  const modes = splitList(mode);
  const unknown = revisions.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`--revision ${revision}: unknown revision '${unknown}'${meant(unknown, names)}; the pairs are ${VALID}`);
  const odd = modes.find((name) => !(MODES as readonly string[]).includes(name));
  if (odd !== undefined) throw new UsageError(`--mode ${mode}: unknown mode '${odd}'; the modes are ${MODES.join(', ')}, and the pairs ${VALID}`);
  const fits = PAIRS.filter((pair) => (revisions.length === 0 || revisions.includes(pair.revision)) && (modes.length === 0 || modes.includes(pair.mode)));
  const alone = revisions.find((name) => !fits.some((pair) => pair.revision === name));
  if (alone !== undefined) throw new UsageError(`--revision ${alone} --mode ${mode}: ${alone} does not exist in that mode; the pairs are ${VALID}`);
  const wanted = chooseFaults(faithful, fits.map((pair) => pair.revision));
  return fits.map((pair) => ({ ...pair, faithful: faultsOf(pair.revision).filter((name) => wanted === 'all' || wanted.includes(name)) }));
}

/** One pair: the revision's VHE form where it has one, unless a mode is named. `fallback` is the revision of a command line without one. @throws UsageError */
export function choosePair(options: PairOptions, fallback: string): ChosenPair {
  const { revision = fallback } = options;
  if (splitList(revision).length !== 1) throw new UsageError(`--revision ${revision}: name one revision; the pairs are ${VALID}`);
  const pairs = choosePairs({ ...options, revision });
  return pairs.find(({ mode }) => mode === 'vhe') ?? pairs[0];
}

function chooseFaults(text: string | undefined, revisions: readonly string[]): 'all' | readonly string[] {
  if (text === 'all') return 'all';
  const wanted = splitList(text);
  const all = Object.keys(FAULTS);
  const possible = all.filter((name) => revisions.some((revision) => (faultsOf(revision) as readonly string[]).includes(name)));
  for (const name of wanted) {
    if (!all.includes(name)) throw new UsageError(`--faithful ${text}: unknown fault '${name}'${meant(name, all)}; there are ${all.join(', ')}, and all`);
    if (!possible.includes(name)) {
      const owners = (FAULTS as Readonly<Record<string, { readonly revisions: readonly string[] }>>)[name].revisions;
      throw new UsageError(`--faithful ${name}: none of the chosen revisions has that fault; it is one of ${owners.join(', ')}`);
    }
  }
  return wanted;
}
