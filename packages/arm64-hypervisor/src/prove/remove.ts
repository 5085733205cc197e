/** Every access of a revision taken away, one at a time: somebody must notice, and what they notice is what the access protects. */
import type { AccessorMode, Verdict } from '@worldswitch/arm64-sysreg';
import type { Revision } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import type { Access, Interposer } from './trial.ts';
import type { Scenario } from './scenario.ts';
import { explanationOf } from './explained.ts';
import type { Explanation } from './explained.ts';
import type { Sync } from './machine.ts';
import { firstDifference, lastLookDifference } from './observation.ts';
import type { Difference, Observation } from './observation.ts';
import { randomFrom } from './random.ts';

/**
 * An access as a line of the code: what it does, in which step, and for which time since that began (0: the first). Its place among the others
 * is no name, for it depends on what else there is to do: on list registers in use, on what the processor has.
 */
export interface Line {
  readonly step: string;
  readonly text: string;
  readonly nth: number;
}

/** What came of the removal of one access. */
export interface Removal extends Line {
  /** Who noticed: a scenario, with writes that act early or late. */
  readonly protects?: Difference & { readonly scenario: string; readonly sync: Sync };
  /** Why nobody noticed, from a fact with a source. */
  readonly explained?: Explanation;
}

export interface RemovalReport {
  readonly revision: string;
  readonly mode: AccessorMode;
  /** Accesses that the scenarios execute, and how many of them were removed. */
  readonly total: number;
  readonly removed: number;
  readonly runs: number;
  readonly removals: readonly Removal[];
}

export interface RemoveOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly scenarios: readonly Scenario[];
  /** At most so many accesses, drawn with `seed`; all of them when absent. */
  readonly sample?: number;
  readonly seed?: bigint;
  /** Only these; all when absent. `total` counts the others too. */
  readonly only?: (access: Line) => boolean;
  /** Hears of each as it is done. */
  readonly progress?: (removal: Removal) => void;
}

const SYNCS: readonly Sync[] = ['early', 'late'];
const LEFTOVERS: readonly Leftover[] = ['last', 'other'];
const READS = /^(mrs|ldr|read) /;
const keyOf = ({ step, nth, text }: Line): string => `${step} ${nth} ${text}`;

/** Names the accesses of one run, in their order. */
function lineNames(): (access: Access) => Line {
  const times = new Map<string, number>();
  return ({ step, index, text }) => {
    if (index === 0) times.clear();
    const nth = times.get(text) ?? 0;
    times.set(text, nth + 1);
    return { step, text, nth };
  };
}

/** Accesses of those that noticed nothing and that no fact explains. */
export function needless({ removals }: RemovalReport): readonly Removal[] {
  return removals.filter(({ protects, explained }) => protects === undefined && explained === undefined);
}

/** What a general register may hold that nothing was read into: the value that the code read last, or anything else. */
export type Leftover = 'last' | 'other';

/** An interposer that leaves an access out. What it would have read is whatever the general register held before. */
export function leavingOut(access: Line, leftover: Leftover = 'last'): Interposer {
  const wanted = keyOf(access);
  const lineOf = lineNames();
  let last = 0n;
  return (at, instruction, { machine }): Verdict | undefined => {
    if (keyOf(lineOf(at)) === wanted) return 'place' in instruction || instruction.op === 'mrs' || instruction.op === 'fp' ? { kind: 'ok', value: leftover === 'last' ? last : BigInt.asUintN(64, ~last) } : { kind: 'ok' };
    if (instruction.op !== 'mrs' && instruction.op !== 'ldr' && instruction.op !== 'fp') return undefined;
    const verdict = machine.processor.port.execute(instruction);
    if (verdict.kind === 'ok' && verdict.value !== undefined) last = verdict.value;
    return verdict;
  };
}

/** Accesses that the steps of a revision execute in some scenarios, each once, with the scenarios it is executed in. */
export function accessesOf(bench: Bench, { revision, mode, scenarios }: RemoveOptions): ReadonlyMap<string, { readonly access: Line; readonly scenarios: readonly Scenario[] }> {
  const found = new Map<string, { readonly access: Line; readonly scenarios: Scenario[] }>();
  for (const scenario of scenarios) {
    const lineOf = lineNames();
    bench.run({
      revision, mode, scenario, looks: false,
      interpose: (at) => {
        const access = lineOf(at);
        const known = found.get(keyOf(access));
        if (!known) found.set(keyOf(access), { access, scenarios: [scenario] });
        else if (!known.scenarios.includes(scenario)) known.scenarios.push(scenario);
        return undefined;
      },
    });
  }
  return found;
}

/** Removes accesses, one run after another. */
export function remove(bench: Bench, options: RemoveOptions): RemovalReport {
  const { revision, mode, sample, seed = 1n, only = () => true, progress } = options;
  const all = [...accessesOf(bench, options).values()];
  const wanted = all.filter(({ access }) => only(access));
  const chosen = sample === undefined || sample >= wanted.length ? wanted : draw(wanted, sample, seed);
  const references = new Map<Scenario, Map<Sync, Observation>>();
  let runs = 0;
  const reference = (scenario: Scenario, sync: Sync): Observation => {
    let bySync = references.get(scenario);
    if (!bySync) references.set(scenario, (bySync = new Map<Sync, Observation>()));
    let observed = bySync.get(sync);
    if (!observed) bySync.set(sync, (observed = bench.run({ revision, mode, scenario, sync })));
    if (observed.failure !== undefined && scenario.fails === undefined) throw new RangeError(`${revision.name} in mode ${mode} fails as it is written: ${observed.failure}; prove a switch that works`);
    return observed;
  };
  const removeOne = ({ access, scenarios: where }: (typeof chosen)[number]): Removal => {
    const explained = explanationOf(access, mode);
    // What is written is the same whatever was left over.
    for (const leftover of READS.test(access.text) && explained === undefined ? LEFTOVERS : LEFTOVERS.slice(0, 1)) {
      for (const sync of SYNCS) {
        for (const scenario of where) {
          runs++;
          const against = reference(scenario, sync);
          const seen = bench.run({ revision, mode, scenario, sync, against, interpose: leavingOut(access, leftover) });
          const difference = lastLookDifference(against, seen) ?? firstDifference(against, seen);
          if (difference) return { ...access, protects: { ...difference, scenario: scenario.name, sync } };
        }
      }
    }
    return { ...access, ...(explained === undefined ? {} : { explained }) };
  };
  const removals = chosen.map((one) => {
    const removal = removeOne(one);
    progress?.(removal);
    return removal;
  });
  return { revision: revision.name, mode, total: all.length, removed: chosen.length, runs, removals };
}

function draw<T>(from: readonly T[], count: number, seed: bigint): readonly T[] {
  const random = randomFrom(seed);
  const left = [...from];
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0]);
}
