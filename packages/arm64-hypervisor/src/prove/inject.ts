/**
 * Something comes between two accesses of a switch. Whether it is taken there is the processor's decision; what must come of it is a rule:
 * masked, it waits for whoever may have it; taken in the middle of the switch, it is the panic path, with the step named.
 */
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { RunawayError } from '../host/host.ts';
import { VECTOR } from '../host/layout.ts';
import type { Phase, Revision } from '../switch/step.ts';
import type { Bench } from './bench.ts';
import type { Access, Interposer, RunningTrial, Trial } from './trial.ts';
import type { Scenario } from './scenario.ts';
import { HOST_INTERRUPT } from './machine.ts';
import { firstDifference } from './observation.ts';
import type { Observation } from './observation.ts';
import { GUEST, GUEST_MEMORY } from './program.ts';

/** Physical and virtual interrupt, SError, debug events that match the instruction at hand, a guest's memory that is unmapped. */
export const INJECTIONS = ['interrupt', 'virtual-interrupt', 'serror', 'breakpoint', 'watchpoint', 'step', 'abort'] as const;
export type InjectionKind = (typeof INJECTIONS)[number];

/**
 * `nothing`: masked, and the run is the same. `host`: the host's kernel got it, once. `guest`: the guest did, once. `again`: the guest faulted
 * once more and got its memory. `panic`: taken in the switch. `pending`: it still waits when the guest has ended. `lost`: nobody got it.
 */
export type InjectionOutcome = 'nothing' | 'host' | 'guest' | 'again' | 'panic' | 'pending' | 'lost' | 'harm';

/** Before which access: the n-th of a step; in which of the rounds, counted from 1. */
export interface InjectionPoint {
  readonly step: string;
  readonly index: number;
  readonly round?: number;
}

export interface InjectOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly kind: InjectionKind;
  readonly at: InjectionPoint;
  readonly seed?: bigint;
}

export interface Injection {
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
  readonly masked: { readonly D: boolean; readonly A: boolean; readonly I: boolean };
  readonly outcome: InjectionOutcome;
  /** The step that was at hand when the panic path was taken. */
  readonly panicIn?: string;
  /** What the rules allow here. */
  readonly allowed: readonly InjectionOutcome[];
  readonly ok: boolean;
  /** What was seen, in a sentence. */
  readonly text: string;
}

const DAIF = { D: 1n << 9n, A: 1n << 8n, I: 1n << 7n } as const;
const MDSCR = { SS: 1n, KDE: 1n << 13n, MDE: 1n << 15n } as const;
/** Matches at every level: HMC 1, SSC 01, PMC 11, all bytes; loads and stores for a watchpoint. */
const BCR_ANYWHERE = 0x61e7n;
const WCR_ANYWHERE = 0x7fffn;
const ARMED = / (MDSCR|DBG[BW][CV]R0)_EL1$/;
const DISTURBED: Scenario = { name: 'disturbed', seed: 11n, debug: 'none', disturbed: true };
const OWN: Scenario = { name: 'debug by the guest', seed: 12n, debug: 'own', disturbed: true };
const WAY_IN: readonly Phase[] = ['save-host', 'activate-traps', 'restore-guest', 'enter'];

const isDebug = (kind: InjectionKind): boolean => kind === 'breakpoint' || kind === 'watchpoint' || kind === 'step';

/** What is known of the moment. */
interface Moment {
  access: Access | undefined;
  el: number;
  masked: Injection['masked'];
  /** The exception was taken between two accesses of this step. */
  takenIn: string | undefined;
  vector: bigint;
  /** The host's kernel took it when it was back. */
  byHost: boolean;
}

/** Injects once, and says what came of it. Throws RangeError for a point that no run comes to, with the accesses of that step. */
export function inject(bench: Bench, options: InjectOptions): Injection {
  return injectWith(bench, options, bench.run(trialOf(options)));
}

function trialOf({ revision, mode, kind, seed }: InjectOptions): Trial {
  const scenario = isDebug(kind) ? OWN : DISTURBED;
  return { revision, mode, scenario: seed === undefined ? scenario : { ...scenario, seed }, looks: false };
}

function injectWith(bench: Bench, options: InjectOptions, reference: Observation): Injection {
  const { revision, mode, kind, at } = options;
  const moment: Moment = { access: undefined, el: 0, masked: { D: true, A: true, I: true }, takenIn: undefined, vector: 0n, byHost: false };
  let running: RunningTrial | undefined;
  const seen = bench.run({ ...trialOf(options), ...hooks(kind, at, moment, (run) => { running = run; }) });
  const step = revision.steps.find(({ id, modes }) => id === at.step && (modes?.includes(mode) ?? true));
  if (moment.access === undefined || running === undefined || step === undefined) {
    throw new RangeError(`${at.step}#${at.index} in round ${at.round ?? 2}: ${revision.name} in mode ${mode} does not come to it; steps are ${revision.steps.map(({ id }) => id).join(', ')}`);
  }
  const result = outcomeOf(kind, moment, seen, reference, running);
  const allowed = allowedFor(kind, step.phase, moment, revision.steps.some(({ phase, kind: of }) => phase === 'enter' && of === 'mask'));
  return {
    revision: revision.name, mode, kind, step: step.id, phase: step.phase, index: at.index, before: moment.access.text, el: moment.el, masked: moment.masked,
    ...result, allowed, ok: allowed.includes(result.outcome) && (result.outcome !== 'panic' || result.panicIn === moment.takenIn),
  };
}

/** How often an access is let pass before: the first round maps the guest's memory, so the second is the first ordinary one. */
const USUAL_ROUND = 2;

function hooks(kind: InjectionKind, { step, index, round = USUAL_ROUND }: InjectionPoint, moment: Moment, started: (run: RunningTrial) => void): Pick<Trial, 'interpose' | 'started' | 'left' | 'leaving'> {
  let passed = 0;
  const after = (run: RunningTrial, access: Access): void => {
    if (!run.machine.takeDue()) return;
    moment.takenIn = access.step;
    moment.vector = run.machine.processor.debugger.read('pc') ?? 0n;
    throw new RunawayError(`an exception between two accesses, before ${access.text}: hosted code was entered at ${hex(moment.vector)}`, moment.vector);
  };
  const interpose: Interposer = (access, instruction, run) => {
    if (moment.access !== undefined) {
      if (!isDebug(kind)) after(run, access);
      return undefined;
    }
    if (access.step !== step || access.index !== index || ++passed < round) return undefined;
    const { machine } = run;
    const { debugger: door } = machine.processor;
    const daif = door.read('DAIF') ?? 0n;
    moment.access = access;
    moment.el = Number(((door.read('CurrentEL') ?? 0n) >> 2n) & 3n);
    moment.masked = { D: (daif & DAIF.D) !== 0n, A: (daif & DAIF.A) !== 0n, I: (daif & DAIF.I) !== 0n };
    if (isDebug(kind)) {
      const place = 'place' in instruction ? instruction.place.address : undefined;
      const undo = arm(kind, run, place);
      try {
        after(run, access);
        // An instruction that moves one of these registers is to find what belongs there.
        if (ARMED.test(access.text)) undo();
        return machine.processor.port.execute(instruction);
      } finally {
        undo();
      }
    }
    raise(kind, run);
    after(run, access);
    return undefined;
  };
  return {
    interpose,
    started: (run) => {
      started(run);
      const { host } = run.hypervisor;
      host.interrupts.setEnabled(host.code, HOST_INTERRUPT, true);
    },
    // Whoever takes an SError has taken it.
    leaving: (at, run) => {
      if (at === run.hypervisor.host.entries.hypVectors + VECTOR.lowerSerror) run.machine.serror(false);
    },
    left: (run) => {
      if (kind !== 'serror' || moment.access === undefined || !run.machine.takeDue()) return;
      moment.byHost = true;
      throw new RunawayError('the host\'s kernel took it');
    },
  };
}

function raise(kind: InjectionKind, run: RunningTrial): void {
  const { machine, vm } = run;
  switch (kind) {
    case 'interrupt': machine.interrupt(); break;
    case 'virtual-interrupt': run.raiseVirtual(); break;
    case 'serror': machine.serror(true); break;
    case 'abort':
      vm.stage2.unmap(GUEST.code, GUEST_MEMORY);
      machine.forgetTranslations();
      break;
    default:
  }
}

/** Debug registers that match the instruction at hand, behind everybody's back. Returns what takes them away again. */
function arm(kind: InjectionKind, { machine }: RunningTrial, place: bigint | undefined): () => void {
  const { debugger: door } = machine.processor;
  const changes: [RegisterName, bigint][] = [['MDSCR_EL1', (door.read('MDSCR_EL1') ?? 0n) | MDSCR.KDE | (kind === 'step' ? MDSCR.SS : MDSCR.MDE)]];
  if (kind === 'breakpoint') changes.push(['DBGBVR0_EL1', door.read('pc') ?? 0n], ['DBGBCR0_EL1', BCR_ANYWHERE]);
  if (kind === 'watchpoint') changes.push(['DBGWVR0_EL1', (place ?? 0n) & ~7n], ['DBGWCR0_EL1', WCR_ANYWHERE]);
  const before = changes.map(([name]) => door.read(name) ?? 0n);
  for (const [name, value] of changes) machine.poke(name, value);
  const armed = changes.map(([name]) => door.read(name));
  let undone = false;
  return () => {
    if (undone) return;
    // What the instruction itself has written is not ours to undo.
    changes.forEach(([name], n) => { if (door.read(name) === armed[n]) machine.poke(name, before[n]); });
    undone = true;
  };
}

function outcomeOf(kind: InjectionKind, moment: Moment, seen: Observation, reference: Observation, run: RunningTrial): Pick<Injection, 'outcome' | 'panicIn' | 'text'> {
  const counters = (observation: Observation): readonly bigint[] => observation.looks[observation.looks.length - 1].values;
  const hostVectors = run.hypervisor.host.entries.hostVectors;
  const host = moment.byHost || (seen.failure?.includes(hex(hostVectors + VECTOR.currentSerror)) ?? false);
  if (seen.failure !== undefined) {
    if (host && moment.takenIn === undefined) return { outcome: 'host', text: 'the host\'s kernel took it, after its registers were back' };
    const panicIn = /in ([\w-]+): /.exec(seen.failure)?.[1];
    return { outcome: moment.takenIn === undefined ? 'harm' : 'panic', ...(panicIn === undefined ? {} : { panicIn }), text: seen.failure };
  }
  const [memory, , irqs, , serrors] = counters(seen);
  const [wanted, , irqsBefore, , serrorsBefore] = counters(reference);
  if (memory !== wanted) return { outcome: 'harm', text: `the guest's memory is another: ${firstDifference(reference, seen)?.text ?? ''}` };
  switch (kind) {
    case 'interrupt': {
      const taken = run.hostInterrupts.filter((id) => id === HOST_INTERRUPT).length;
      if (irqs !== irqsBefore) return { outcome: 'harm', text: 'the guest got an interrupt of the host' };
      return taken === 1 ? { outcome: 'host', text: 'the host handled it, once' } : taken === 0 ? { outcome: 'pending', text: 'nobody has entered a guest since' } : { outcome: 'harm', text: `the host handled it ${taken} times` };
    }
    case 'virtual-interrupt':
      if (run.virtualPending) return { outcome: 'pending', text: 'the guest has not run since' };
      // The timer's may be handled together with it.
      return irqs >= irqsBefore ? { outcome: 'guest', text: `the guest's handler ran ${irqs === irqsBefore ? 'for it and its timer at once' : 'once more'}` } : { outcome: 'lost', text: 'the guest\'s handler did not run' };
    case 'serror':
      return serrors === serrorsBefore + 1n ? { outcome: 'guest', text: 'the guest left for it and took a virtual SError, once' } : { outcome: serrors === serrorsBefore ? 'lost' : 'harm', text: `the guest took ${serrors - serrorsBefore}` };
    case 'abort':
      return { outcome: seen.roundTrips > reference.roundTrips ? 'again' : 'pending', text: `${seen.roundTrips - reference.roundTrips} more round trips, the result the same` };
    default: return { outcome: 'nothing', text: 'masked: the run is the same' };
  }
}

/** What may come of it, by the level, the masks, the direction of the way, and whether the switch looks for what is pending before it enters. */
function allowedFor(kind: InjectionKind, phase: Phase, { masked, takenIn }: Moment, checks: boolean): readonly InjectionOutcome[] {
  switch (kind) {
    // Masked from the host's decision to enter until it opens its window: nobody takes it in the switch.
    case 'interrupt': return ['host', 'pending'];
    case 'virtual-interrupt': return ['guest', 'pending'];
    case 'abort': return ['again', 'pending'];
    case 'serror':
      if (!masked.A) return ['panic'];
      // A call into EL2 and back: the host's kernel has it when it is there again.
      if (phase === 'load' || phase === 'put') return ['host'];
      // Masked on the way in, the guest's world has it. On the way out, the window at the vector or the host.
      return WAY_IN.includes(phase) ? ['guest', ...(checks ? ['host' as const] : []), ...(takenIn === undefined ? [] : ['panic' as const])] : takenIn === undefined ? ['host', 'guest'] : ['panic'];
    default: return masked.D ? ['nothing'] : ['nothing', 'panic'];
  }
}

export interface InjectAllOptions {
  readonly revision: Revision;
  readonly mode: AccessorMode;
  readonly kinds?: readonly InjectionKind[];
  /** Every n-th position only; 1 for all. */
  readonly every?: number;
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
export function injectAll(bench: Bench, { revision, mode, kinds = INJECTIONS, every = 1 }: InjectAllOptions): InjectReport {
  const outcomes: Record<string, number> = {};
  const failures: Injection[] = [];
  let injections = 0;
  const all = new Set<string>();
  for (const kind of kinds) {
    const positions = positionsOf(bench, { revision, mode, kind });
    const reference = bench.run(trialOf({ revision, mode, kind, at: { step: '', index: 0 } }));
    for (const [n, at] of positions.entries()) {
      all.add(`${at.step} ${at.index}`);
      if (n % every !== 0) continue;
      const injection = injectWith(bench, { revision, mode, kind, at }, reference);
      injections++;
      const key = `${kind}: ${injection.outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      if (!injection.ok) failures.push(injection);
    }
  }
  return { revision: revision.name, mode, positions: all.size, injections, outcomes, failures };
}

/** Where a run can be disturbed: before each access of each step, in its usual round, or in the only one it has. */
export function positionsOf(bench: Bench, { revision, mode, kind }: Pick<InjectOptions, 'revision' | 'mode' | 'kind'>): readonly InjectionPoint[] {
  const times = new Map<string, { readonly step: string; readonly index: number; count: number }>();
  bench.run({
    ...trialOf({ revision, mode, kind, at: { step: '', index: 0 } }),
    interpose: ({ step, index }) => {
      const key = `${step} ${index}`;
      const known = times.get(key);
      if (known) known.count++;
      else times.set(key, { step, index, count: 1 });
      return undefined;
    },
  });
  return [...times.values()].map(({ step, index, count }) => ({ step, index, round: Math.min(USUAL_ROUND, count) }));
}
