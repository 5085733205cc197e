/**
 * What may come of something that comes between two accesses of a switch, and what did. Masked, it waits for whoever may have it; taken in
 * the middle of the switch, it is the panic path, with the step named; on the panic path itself it must not change the report.
 */
import type { Phase, Revision, Step } from '../switch/step.ts';
import { HOST_INTERRUPT } from './machine.ts';
import { firstDifference } from './observation.ts';
import type { Observation } from './observation.ts';
import type { Access, RunningTrial } from './trial.ts';

/** Physical and virtual interrupt, SError, debug events that match the instruction at hand, a guest's memory that is unmapped. */
export const INJECTIONS = ['interrupt', 'virtual-interrupt', 'serror', 'breakpoint', 'watchpoint', 'step', 'abort'] as const;
export type InjectionKind = (typeof INJECTIONS)[number];

export type DebugKind = Extract<InjectionKind, 'breakpoint' | 'watchpoint' | 'step'>;
export const isDebug = (kind: InjectionKind): kind is DebugKind => kind === 'breakpoint' || kind === 'watchpoint' || kind === 'step';

/**
 * `nothing`: masked, and the run is the same. `host`: the host's kernel got it, once. `guest`: the guest did, once. `again`: the guest faulted
 * once more and got its memory. `panic`: taken in the switch. `fatal`: taken while the guest ran, by vectors that have no handler for it.
 * `pending`: it still waits when the guest has ended. `lost`: nobody got it. `harm`: something else is different now.
 */
export type InjectionOutcome = 'nothing' | 'host' | 'guest' | 'again' | 'panic' | 'fatal' | 'pending' | 'lost' | 'harm';

/** What is known of the moment. */
export interface Moment {
  access: Access | undefined;
  el: number;
  /** PSTATE there. */
  masked: { readonly D: boolean; readonly A: boolean; readonly I: boolean };
  /** The exception was taken between two accesses of this step. */
  takenIn: string | undefined;
  /** The host's kernel took it when it was back. */
  byHost: boolean;
}

export interface InjectionFinding {
  readonly outcome: InjectionOutcome;
  /** The step that was at hand when the panic path was taken. */
  readonly panicIn?: string;
  /** What was seen, in a sentence. */
  readonly text: string;
}

/** The step by which a guest that leaves comes in. */
const vectorOf = ({ steps }: Revision): string => steps.find(({ phase, kind }) => phase === 'exit' && kind === 'vector')?.id ?? '';
/** An SError that the guest leaves for is a panic. */
const isFatal = ({ fatal }: Revision): boolean => fatal?.includes('serror') ?? false;
/** The step that lets an SError of the guest's in, where there is one: then it is the last of its phase that looks at what came. */
export function windowOf({ steps, fatal }: Revision): string | undefined {
  return fatal?.includes('serror') ? undefined : steps.findLast(({ phase, kind }) => phase === 'exit' && kind === 'vector')?.id;
}
/** The switch looks for what is pending before it enters the guest. */
const checks = ({ steps }: Revision): boolean => steps.some(({ phase, kind }) => phase === 'enter' && kind === 'mask');

const WAY_IN: readonly Phase[] = ['save-host', 'activate-traps', 'restore-guest', 'enter'];
const BACK: readonly Phase[] = ['save-guest', 'deactivate-traps', 'restore-host'];
const before = (revision: Revision, id: string): boolean => {
  const order = revision.steps.map((step) => step.id);
  return order.indexOf(id) < order.indexOf(windowOf(revision) ?? '');
};

/** By the level, the masks, the direction of the way, and what the revision's vectors have. */
export function allowedFor(kind: InjectionKind, { id, phase }: Step, { masked, takenIn }: Moment, revision: Revision): readonly InjectionOutcome[] {
  // EL2 masks everything when it takes an exception, and the host's kernel is entered with everything masked (DDI 0487 D1.3.6).
  if (phase === 'panic') return isDebug(kind) ? ['nothing'] : ['pending'];
  switch (kind) {
    // Masked from the host's decision to enter until it opens its window: nobody takes it in the switch.
    case 'interrupt': return ['host', 'pending'];
    case 'virtual-interrupt': return ['guest', 'pending'];
    case 'abort': return ['again', 'pending'];
    case 'serror':
      if (id === windowOf(revision)) return ['guest', 'host'];
      if (!masked.A) return ['panic'];
      // A call into EL2 and back: the host's kernel has it when it is there again.
      if (phase === 'load' || phase === 'put') return ['host'];
      if (WAY_IN.includes(phase)) return [isFatal(revision) ? 'fatal' : 'guest', ...(checks(revision) ? ['host' as const] : []), ...(takenIn === undefined ? [] : ['panic' as const])];
      if (takenIn !== undefined) return ['panic'];
      // Masked on the way out. Up to the window it is the guest's, behind it the host's, unless the guest runs again for another reason.
      return isFatal(revision) || BACK.includes(phase) ? ['host'] : phase === 'exit' && before(revision, id) ? ['guest'] : ['guest', 'host'];
    default: return masked.D ? ['nothing'] : ['nothing', 'panic'];
  }
}

const countersOf = (observation: Observation): readonly bigint[] => observation.looks[observation.looks.length - 1].values;

/** `reference`: the same run without it. `ruined`: both runs were made to end in the panic path. */
export function outcomeOf(kind: InjectionKind, moment: Moment, { seen, reference, run, revision, ruined }: {
  readonly seen: Observation; readonly reference: Observation; readonly run: RunningTrial; readonly revision: Revision; readonly ruined: boolean;
}): InjectionFinding {
  if (ruined) return onPanicPath(kind, moment, seen, reference);
  if (seen.failure !== undefined) return failed(kind, moment, seen.failure, revision);
  const [memory, , irqs, , serrors] = countersOf(seen);
  const [wanted, , irqsBefore, , serrorsBefore] = countersOf(reference);
  if (memory !== wanted) return { outcome: 'harm', text: `the guest's memory is another: ${firstDifference(reference, seen)?.text ?? ''}` };
  switch (kind) {
    case 'interrupt': {
      const taken = run.hostInterrupts.filter((id) => id === HOST_INTERRUPT).length;
      if (irqs !== irqsBefore) return { outcome: 'harm', text: 'the guest got an interrupt of the host' };
      return taken === 1 ? { outcome: 'host', text: 'the host handled it, once' } : taken === 0 ? { outcome: 'pending', text: 'nobody has entered a guest since' } : { outcome: 'harm', text: `the host handled it ${taken} times` };
    }
    case 'virtual-interrupt':
      if (run.virtualPending) return { outcome: 'pending', text: 'the guest has not run since' };
      if (irqs > irqsBefore + 1n) return { outcome: 'harm', text: `the guest's handler ran ${irqs - irqsBefore} times more` };
      // The timer's may be handled together with it.
      return irqs >= irqsBefore ? { outcome: 'guest', text: `the guest's handler ran ${irqs === irqsBefore ? 'for it and its timer at once' : 'once more'}` } : { outcome: 'lost', text: 'the guest\'s handler did not run' };
    case 'serror':
      return serrors === serrorsBefore + 1n ? { outcome: 'guest', text: 'the guest left for it and took a virtual SError, once' } : { outcome: serrors === serrorsBefore ? 'lost' : 'harm', text: `the guest took ${serrors - serrorsBefore}` };
    case 'abort':
      return { outcome: seen.roundTrips > reference.roundTrips ? 'again' : 'pending', text: `${seen.roundTrips - reference.roundTrips} more round trips, the result the same` };
    default: return { outcome: 'nothing', text: 'masked: the run is the same' };
  }
}

/** Whether a run with `raised` of a kind, one after the other, is what it must be: each came to its handler once, and the guest's memory is the same. */
export function isSame(kind: InjectionKind, raised: number, reference: Observation, seen: Observation): boolean {
  const [memory, , irqs] = countersOf(seen);
  const [wanted, , irqsBefore] = countersOf(reference);
  const more = Number(irqs - irqsBefore);
  if (seen.failure !== undefined || memory !== wanted) return false;
  // The guest's timer may be handled together with one of them.
  return kind === 'virtual-interrupt' ? more === raised || more === raised - 1 : more === 0;
}

function failed(kind: InjectionKind, moment: Moment, failure: string, revision: Revision): InjectionFinding {
  if (moment.byHost && moment.takenIn === undefined) return { outcome: 'host', text: 'the host\'s kernel took it, after its registers were back' };
  const panicIn = /in ([\w-]+): /.exec(failure)?.[1];
  const text = failure.replace(/^hypervisor-panic in [\w-]+: /, '');
  if (moment.takenIn !== undefined) return { outcome: 'panic', ...(panicIn === undefined ? {} : { panicIn }), text };
  if (kind === 'serror' && isFatal(revision) && panicIn === vectorOf(revision)) return { outcome: 'fatal', panicIn, text };
  return { outcome: 'harm', text: failure };
}

function onPanicPath(kind: InjectionKind, { takenIn }: Moment, seen: Observation, reference: Observation): InjectionFinding {
  if (takenIn !== undefined) return { outcome: 'panic', panicIn: takenIn, text: 'an exception on the panic path itself: nothing is reported' };
  const difference = firstDifference(reference, seen, ['failure', 'exit']);
  if (difference !== undefined) return { outcome: 'harm', text: `the panic is reported as another: ${difference.text}` };
  return isDebug(kind) ? { outcome: 'nothing', text: 'masked: the panic is reported as without it' } : { outcome: 'pending', text: 'the panic is reported as without it' };
}

/** Whether what came is what may come, and by the step that was at hand. */
export function follows({ outcome, panicIn }: InjectionFinding, allowed: readonly InjectionOutcome[], { takenIn }: Moment): boolean {
  return allowed.includes(outcome) && (outcome !== 'panic' || panicIn === takenIn);
}
