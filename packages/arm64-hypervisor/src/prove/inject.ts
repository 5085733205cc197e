/**
 * Something comes between two accesses of a switch. Whether it is taken there is the processor's decision; what must come of it is a rule
 * (inject-rules.ts). One of them, or all: every kind at every position of a revision.
 */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Phase, Revision } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import { USUAL_ROUND, everywhere, inTurn, injecting, isRepeated, newMoment, ruin } from './inject-events.ts';
import type { RepeatedKind } from './inject-events.ts';
import { INJECTIONS, allowedFor, follows, isDebug, isSame, outcomeOf } from './inject-rules.ts';
import type { DebugKind, InjectionKind, InjectionOutcome, InjectionFinding, Moment } from './inject-rules.ts';
import { firstDifference } from './observation.ts';
import type { Observation } from './observation.ts';
import type { Scenario } from './scenario.ts';
import type { Access, RunningTrial, Trial } from './trial.ts';

/** Before which access: the n-th of a step; in which of the rounds, counted from 1; under which of the two programs, the long one if unsaid. */
export interface InjectionPoint {
  readonly step: string;
  readonly index: number;
  readonly round?: number;
  readonly program?: Program;
  /** The access, in words, where it is known. */
  readonly text?: string;
}

export interface InjectOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly kind: InjectionKind;
  readonly at: InjectionPoint;
  readonly seed?: bigint;
}

export interface Injection extends InjectionFinding {
  readonly revision: string;
  readonly mode: AccessorMode;
  readonly kind: InjectionKind;
  readonly step: string;
  readonly phase: Phase;
  readonly index: number;
  /** The access that came next. */
  readonly before: string;
  /** PSTATE where it came. */
  readonly el: number;
  readonly masked: Moment['masked'];
  /** What the rules allow here. */
  readonly allowed: readonly InjectionOutcome[];
  readonly ok: boolean;
}

type Program = 'brief' | 'long';

/** How a run is made that comes to a position. */
interface Way {
  readonly program: Program;
  readonly ruined: boolean;
}

/** Together they come to every position; the brief program where it will do, for it takes half the time. */
const WAYS: readonly Way[] = [{ program: 'brief', ruined: false }, { program: 'long', ruined: false }, { program: 'brief', ruined: true }];

type Position = Required<InjectionPoint> & Way;

type Where = Pick<InjectOptions, 'revision' | 'mode' | 'kind' | 'seed'>;

const DISTURBED: Scenario = { name: 'disturbed', seed: 11n, debug: 'none', disturbed: true };
const OWN: Scenario = { name: 'debug by the guest', seed: 12n, debug: 'own', disturbed: true };

function trialOf({ revision, mode, kind, seed }: Where, program: Program): Trial {
  const scenario = isDebug(kind) ? OWN : DISTURBED;
  return { revision, mode, looks: false, scenario: { ...scenario, brief: program === 'brief', ...(seed === undefined ? {} : { seed }) } };
}

const keyOf = ({ step, index }: Pick<Access, 'step' | 'index'>): string => `${step} ${index}`;
const stepAt = ({ revision, mode }: Where, id: string): Revision['steps'][number] | undefined =>
  revision.steps.find((step) => step.id === id && (step.modes?.includes(mode) ?? true));

/** Runs without anything in between, made once each: by program, and whether they end in the panic path. Kinds of one scenario share them. */
class Undisturbed {
  readonly #bench: Bench;
  readonly #where: Where;
  readonly #known = new Map<string, Observation>();
  #positions: readonly Position[] | undefined;

  constructor(bench: Bench, where: Where) {
    this.#bench = bench;
    this.#where = where;
  }

  run({ program, ruined }: Way, looks = false): Observation {
    const key = `${program} ${ruined} ${looks}`;
    let known = this.#known.get(key);
    if (!known) {
      const end = ruined ? ruin(this.#where.revision) : undefined;
      known = this.#bench.run({ ...trialOf(this.#where, program), looks, ...(end && { interpose: (access, _, run) => end(access, run) }) });
      this.#known.set(key, known);
    }
    return known;
  }

  get positions(): readonly Position[] {
    return this.#positions ??= this.#count();
  }

  #count(): readonly Position[] {
    const points = new Map<string, Position>();
    for (const way of WAYS) {
      const times = new Map<string, { readonly step: string; readonly index: number; readonly text: string; count: number }>();
      const end = way.ruined ? ruin(this.#where.revision) : undefined;
      this.#bench.run({
        ...trialOf(this.#where, way.program),
        interpose: (access, _, run) => {
          const verdict = end?.(access, run);
          const { step, index } = access;
          if (!way.ruined || stepAt(this.#where, step)?.phase === 'panic') {
            const known = times.get(keyOf(access));
            if (known) known.count++;
            else times.set(keyOf(access), { step, index, text: access.text, count: 1 });
          }
          return verdict;
        },
      });
      for (const [key, { count, ...what }] of times) if (!points.has(key)) points.set(key, { ...what, round: Math.min(USUAL_ROUND, count), ...way });
    }
    return [...points.values()];
  }
}

/** Injects once, and says what came of it. Throws RangeError for a point that no run comes to, with the steps that there are. */
export function inject(bench: Bench, options: InjectOptions): Injection {
  return injectWith(bench, options, new Undisturbed(bench, options));
}

function injectWith(bench: Bench, options: InjectOptions, undisturbed: Undisturbed): Injection {
  const { revision, mode, kind, at } = options;
  const { round = USUAL_ROUND, program = 'long' } = at;
  const step = stepAt(options, at.step);
  const ruined = step?.phase === 'panic';
  const moment = newMoment();
  let running: RunningTrial | undefined;
  const hooks = injecting(kind, { step: at.step, index: at.index, round: ruined ? 1 : round }, moment, {
    revision, started: (run) => { running = run; }, ...(ruined && { ruined: ruin(revision) }),
  });
  const seen = bench.run({ ...trialOf(options, program), ...hooks });
  if (moment.access === undefined || running === undefined || step === undefined) {
    throw new RangeError(`${at.step}#${at.index} in round ${round}: ${revision.name} in mode ${mode} does not come to it; steps are ${revision.steps.map(({ id }) => id).join(', ')}`);
  }
  const result = outcomeOf(kind, moment, { seen, reference: undisturbed.run({ program, ruined }), run: running, revision, ruined });
  const allowed = allowedFor(kind, step, moment, revision);
  return {
    revision: revision.name, mode, kind, step: step.id, phase: step.phase, index: at.index, before: moment.access.text, el: moment.el, masked: moment.masked,
    ...result, allowed, ok: follows(result, allowed, moment),
  };
}

export interface InjectAllOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly kinds?: readonly InjectionKind[];
  /** Every n-th position only; 1, which is the default, for all. */
  readonly every?: number;
  /** Told after each injection how many of a kind are done. */
  readonly progress?: (kind: InjectionKind, done: number, of: number) => void;
}

export interface InjectReport {
  readonly revision: string;
  readonly mode: AccessorMode;
  readonly positions: number;
  readonly injections: number;
  /** How often each outcome came, by kind. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Against the rules; empty when all is well. */
  readonly failures: readonly Injection[];
}

/** Every position of a revision, every kind. */
export function injectAll(bench: Bench, { revision, mode, kinds = INJECTIONS, every = 1, progress }: InjectAllOptions): InjectReport {
  const outcomes: Record<string, number> = {};
  const failures: Injection[] = [];
  let injections = 0;
  const all = new Set<string>();
  const undisturbed = [false, true].map((debug) => new Undisturbed(bench, { revision, mode, kind: debug ? 'step' : 'interrupt' }));
  for (const kind of kinds) {
    const where = { revision, mode, kind };
    const without = undisturbed[isDebug(kind) ? 1 : 0];
    for (const at of without.positions) all.add(keyOf(at));
    const chosen = without.positions.filter((_, n) => n % every === 0);
    const settled = isDebug(kind) ? unaffected(bench, { ...where, kind }, chosen, without) : isRepeated(kind) ? together(bench, { ...where, kind }, chosen, without) : undefined;
    for (const [n, at] of chosen.entries()) {
      const injection = settled?.has(at) ? undefined : injectWith(bench, { ...where, at }, without);
      const key = `${kind}: ${injection?.outcome ?? USUAL[kind]}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      injections++;
      if (injection?.ok === false) failures.push(injection);
      progress?.(kind, n + 1, chosen.length);
    }
  }
  return { revision: revision.name, mode, positions: all.size, injections, outcomes, failures };
}

/** What comes of a kind at a position that is settled together with others. */
const USUAL: Readonly<Record<InjectionKind, InjectionOutcome>> = {
  'interrupt': 'host', 'virtual-interrupt': 'guest', 'serror': 'guest', 'breakpoint': 'nothing', 'watchpoint': 'nothing', 'step': 'nothing', 'abort': 'again',
};
/** So many in one run: each is a round trip more. */
const IN_ONE_RUN = 40;

/**
 * The positions at which an interrupt is known to come to its handler, or an abort to give the memory back: many in one run, one after the
 * other, each once, and the guest's memory as without them. Those of a run that is not so are left out, and must be tried by themselves.
 */
function together(bench: Bench, where: Where & { readonly kind: RepeatedKind }, chosen: readonly Position[], without: Undisturbed): ReadonlySet<Position> {
  const same = new Set<Position>();
  const way: Way = { program: 'long', ruined: false };
  const left = new Map(chosen.filter(({ ruined }) => !ruined).map((at) => [keyOf(at), at]));
  for (;;) {
    const moment = newMoment();
    const passed = new Map<string, number>();
    const raised: Position[] = [];
    const turn = inTurn(where.kind, moment, (access) => {
      const key = keyOf(access);
      const at = left.get(key);
      if (at === undefined || raised.length === IN_ONE_RUN) return false;
      const times = (passed.get(key) ?? 0) + 1;
      passed.set(key, times);
      if (times < at.round) return false;
      raised.push(at);
      left.delete(key);
      return true;
    });
    const seen = bench.run({ ...trialOf(where, way.program), ...turn.hooks });
    if (raised.length === 0) return same;
    // One that still waits when the guest has ended is tried again by itself.
    const settled = turn.over() ? raised : raised.slice(0, -1);
    if (moment.takenIn === undefined && isSame(where.kind, settled.length, without.run(way), seen)) for (const at of settled) same.add(at);
  }
}

/**
 * The positions at which a debug event is known to be nothing: in one run each event was armed for its own instruction and gone after it,
 * never taken, and everything that anybody could see was the same. Empty when it was not: then each must be tried by itself.
 */
function unaffected(bench: Bench, where: Where & { readonly kind: DebugKind }, chosen: readonly Position[], without: Undisturbed): ReadonlySet<Position> {
  const same = new Set<Position>();
  for (const way of WAYS) {
    const open = new Map(chosen.filter(({ program, ruined }) => program === way.program && ruined === way.ruined).map((at) => [keyOf(at), { at, left: at.round }]));
    if (open.size === 0) continue;
    const moment = newMoment();
    const due = (access: Access): boolean => {
      const found = open.get(keyOf(access));
      return found !== undefined && --found.left === 0;
    };
    const masked = (access: Access): void => { same.add((open.get(keyOf(access)) as { readonly at: Position }).at); };
    const hooks = everywhere(where.kind, moment, { due, masked }, way.ruined ? ruin(where.revision) : undefined);
    const seen = bench.run({ ...trialOf(where, way.program), looks: true, ...hooks });
    if (moment.takenIn !== undefined || firstDifference(without.run(way, true), seen) !== undefined) return new Set();
  }
  return same;
}

/**
 * Where a run can be disturbed: before each access of each step, in its usual round, or in the only one it has. Steps of the panic path are
 * come to by an instruction that is UNDEFINED, shortly before the guest is entered.
 */
export function positionsOf(bench: Bench, where: Pick<InjectOptions, 'revision' | 'mode' | 'kind'>): readonly InjectionPoint[] {
  return new Undisturbed(bench, where).positions;
}
