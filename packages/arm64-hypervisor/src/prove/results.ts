/** What proofs of a revision came to, as plain data: written down by whoever ran them, printed by `orderPage`. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Revision } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import { injectAll } from './inject.ts';
import { necessity } from './necessity.ts';
import type { Necessity } from './necessity.ts';
import { permute } from './permute.ts';
import { needless, remove } from './remove.ts';
import type { RemovalReport } from './remove.ts';
import { briefScenarios, orderScenarios, scenarios, scenariosFor, specialScenarios } from './scenario.ts';

export interface OrderResult {
  /** Orders that the constraints permit, in decimal. */
  readonly total: string;
  /** Round trips, each in an order of its own; how many orders those are; the guests that made them. */
  readonly run: number;
  readonly distinct: number;
  readonly sampled: boolean;
  readonly guests: number;
  readonly failures: number;
  /** Pairs whose order matters and that no constraint keeps. */
  readonly missing: readonly string[];
}

export interface ConstraintResult {
  readonly step: string;
  readonly after: string;
  readonly verdict: Necessity['verdict'];
  /** What somebody notices when the two change places. */
  readonly otherwise?: string;
}

export interface RemovalResult {
  readonly total: number;
  readonly removed: number;
  readonly runs: number;
  /** Accesses by what is first noticed without them. */
  readonly noticed: Readonly<Record<string, number>>;
  /** Accesses that only writes that act late show. */
  readonly late: readonly string[];
  readonly explained: readonly string[];
  readonly needless: readonly string[];
}

export interface InjectionResult {
  readonly positions: number;
  readonly injections: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

export interface PairResult {
  readonly revision: string;
  readonly mode: AccessorMode;
  readonly orders?: OrderResult;
  readonly constraints?: readonly ConstraintResult[];
  readonly removal?: RemovalResult;
  readonly injection?: InjectionResult;
}

export interface ProofBudget {
  /** Orders at most. */
  readonly orders?: number;
  /** Orders tried for each constraint. */
  readonly tries?: number;
  /** Accesses removed: all, or so many. */
  readonly removals?: number | 'all';
  /** Every n-th position of an injection. */
  readonly every?: number;
  readonly seed?: bigint;
}

/** Runs the proofs that the budget has numbers for. */
export function prove(bench: Bench, revision: Revision, mode: AccessorMode, { orders, tries, removals, every, seed = 1n }: ProofBudget): PairResult {
  const brief = briefScenarios(seed);
  return {
    revision: revision.name, mode,
    ...(orders === undefined ? {} : { orders: orderResult(permute(bench, { revision, mode, scenarios: orderScenarios(revision, seed), most: orders, seed })) }),
    ...(tries === undefined ? {} : { constraints: necessity(bench, { revision, mode, scenarios: scenariosFor(revision, [...brief, ...specialScenarios(seed), ...scenarios(seed)]), tries, seed }).map(constraintResult) }),
    ...(removals === undefined ? {} : {
      removal: removalResult(remove(bench, {
        revision, mode, seed, scenarios: scenariosFor(revision, [...brief, ...specialScenarios(seed), ...scenarios(seed)]), ...(removals === 'all' ? {} : { sample: removals }),
      })),
    }),
    ...(every === undefined ? {} : { injection: injectionResult(injectAll(bench, { revision, mode, every })) }),
  };
}

function orderResult({ total, run, distinct, sampled, runs, failures }: ReturnType<typeof permute>): OrderResult {
  return { total: total.toString(), run, distinct, sampled, guests: runs, failures: failures.length, missing: [...new Set(failures.flatMap(({ between }) => (between ? [`${between[1]} after ${between[0]}`] : [])))] };
}
function constraintResult({ step, after, verdict, counterexample }: Necessity): ConstraintResult {
  return { step, after, verdict, ...(counterexample === undefined ? {} : { otherwise: counterexample.text.startsWith(counterexample.scenario) ? counterexample.text : `${counterexample.scenario}: ${counterexample.text}` }) };
}
function removalResult(report: RemovalReport): RemovalResult {
  const noticed: Record<string, number> = {};
  for (const { protects } of report.removals) if (protects) noticed[protects.aspect] = (noticed[protects.aspect] ?? 0) + 1;
  const text = ({ step, nth, text: access }: RemovalReport['removals'][number]): string => `${step}: ${access}${nth === 0 ? '' : ` (${nth + 1})`}`;
  return {
    total: report.total, removed: report.removed, runs: report.runs, noticed,
    late: report.removals.filter(({ protects }) => protects?.sync === 'late').map(text),
    explained: report.removals.filter(({ explained }) => explained !== undefined).map(text), needless: needless(report).map(text),
  };
}
function injectionResult({ positions, injections, outcomes, failures }: ReturnType<typeof injectAll>): InjectionResult {
  return {
    positions, injections, outcomes,
    failures: failures.map(({ kind, step, index, before, outcome, text }) => `${kind} at ${step}#${index}, before ${before}: ${outcome}: ${text}`),
  };
}
