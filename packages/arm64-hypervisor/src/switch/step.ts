/** A world switch as data: named steps in phases, each with its level, its kind of state, its reason and what it must come after. */
import type { AccessorMode, RegisterName } from '@worldswitch/arm64-sysreg';
import type { LedgerOwner } from '@worldswitch/hypervisor';
import type { VcpuMemory } from '../guest/vcpu-memory.ts';
import type { HostContext } from '../host/context.ts';
import type { Layout } from '../context/layout.ts';
import type { HostedCode } from './code.ts';
import type { FaultName } from './faults.ts';

/** In the order in which they come. `enter` and `exit` are the two sides of the guest's run; `panic` comes instead of everything else. */
export const PHASES = [
  'load', 'save-host', 'activate-traps', 'restore-guest', 'enter', 'exit', 'fixup', 'save-guest', 'deactivate-traps', 'restore-host', 'put', 'panic',
] as const;
export type Phase = (typeof PHASES)[number];

/** Whose world the accesses of a phase serve, where the context they go to or come from does not say it. */
export const PHASE_OWNER: Readonly<Record<Phase, LedgerOwner>> = {
  'load': 'guest', 'save-host': 'host', 'activate-traps': 'guest', 'restore-guest': 'guest', 'enter': 'guest', 'exit': 'guest', 'fixup': 'guest',
  'save-guest': 'guest', 'deactivate-traps': 'host', 'restore-host': 'host', 'put': 'host', 'panic': 'host',
};

/** What a step moves; the classes that counts are kept apart by. */
export type StepKind =
  | 'context' | 'debug' | 'id' | 'trap-control' | 'stage2' | 'vgic' | 'timer' | 'fp' | 'general' | 'vector' | 'fault' | 'handle' | 'mask' | 'spe' | 'panic';

/** What the processor has that a switch must know of. Read from its identification registers when the host boots. */
export interface SwitchFeatures {
  readonly breakpoints: number;
  readonly watchpoints: number;
  readonly pmu: boolean;
  readonly spe: boolean;
  readonly ras: boolean;
  readonly sve: boolean;
}

/** Why the guest was left. */
export interface GuestExit {
  /** `illegal`: the guest's PSTATE could not be returned to, and the switch made that an illegal exception return of its own. */
  readonly code: 'sync' | 'irq' | 'fiq' | 'serror' | 'illegal';
  /** ESR_EL2 at the vector; 0 for interrupts. */
  readonly esr: bigint;
  /**
   * An SError was pending when the guest was left: it is the guest's, and what it left for is done again after it. `behind`: the return
   * address of an HVC, which is that of the next instruction, is still to be taken back, by the host's kernel.
   */
  readonly serror?: true | 'behind';
}

/** What a hypervisor may have no handler for. */
export type FatalExit = Extract<GuestExit['code'], 'fiq' | 'serror'>;

/** What is handed from step to step during one round trip. */
export interface SwitchScratch {
  exit: GuestExit | undefined;
  /**
   * How the exit was dealt with at EL2: `vector`, before general registers were saved (the step has returned to the guest itself), or
   * `fixup`, after (the guest is entered again).
   */
  handled: 'no' | 'vector' | 'fixup';
  /** Whether V registers hold the guest's values. */
  fpLive: boolean;
  /** The vector found the return state illegal, as the switch makes it for a PSTATE above EL1. */
  illegalReturn: boolean;
  /** The running vCPU, as the host's context names it: an opaque handle. */
  handle: bigint;
  panic: PanicReport | undefined;
}

/** What the panic path found. */
export interface PanicReport {
  readonly esr: bigint;
  readonly elr: bigint;
  readonly spsr: bigint;
  readonly far: bigint;
  readonly hpfar: bigint;
  readonly par: bigint;
}

/** A scratch for a new round trip. */
export function newScratch(): SwitchScratch {
  return { exit: undefined, handled: 'no', fpLive: false, illegalReturn: false, handle: 0n, panic: undefined };
}

export interface SwitchContext {
  readonly mode: AccessorMode;
  readonly code: HostedCode;
  readonly features: SwitchFeatures;
  /** Faults of the original code that this host has too. */
  readonly faithful: ReadonlySet<FaultName>;
  readonly vcpu: VcpuMemory;
  readonly host: HostContext;
  readonly scratch: SwitchScratch;
}

export type Predicate<C> = (context: C) => boolean;

export interface Step<C = SwitchContext> {
  readonly id: string;
  readonly phase: Phase;
  /**
   * The level the step needs: steps for 1 run in the host's kernel, which is at EL1 without VHE and at EL2 with it. On the way in they come
   * before those for 2, on the way back after them, whatever the list says.
   */
  readonly el: 1 | 2;
  readonly kind: StepKind;
  /** The modes the step exists in; both when absent. */
  readonly modes?: readonly AccessorMode[];
  /** Steps that must have run before, where the revision has them. */
  readonly after?: readonly string[];
  readonly when?: Predicate<C>;
  /** Why it exists, and why it stands where it stands. */
  readonly because: string;
  run(context: C): void;
}

/** A state of the world switch: a list of steps, per mode. */
export interface Revision {
  readonly name: string;
  readonly about: string;
  readonly modes: readonly AccessorMode[];
  readonly steps: readonly Step[];
  /** How it lays out a context in memory. */
  readonly layout: Layout;
  /**
   * Who may use the debug registers. `none`: the guest alone, the VMM has no say. `dirty`: the guest and the VMM, and a flag says that they
   * are to be switched. `owner`: nobody, guest or host, told before each entry.
   */
  readonly guestDebug: 'none' | 'dirty' | 'owner';
  /**
   * From when to when the guest's virtual timer is in hardware: `run`, from entry to exit, and between them the host's own timer stands in
   * for it; from load to put when absent.
   */
  readonly timer?: 'run';
  /** CNTHCTL_EL2 while the host runs, where the switch changes it with every run in that mode; when absent the host has its own. */
  readonly timerControl?: (mode: AccessorMode, faithful: ReadonlySet<FaultName>) => bigint | undefined;
  /**
   * What of the guest is in the processor from load to put; nothing when absent. Slots of its context, and `mdcr` of its state where
   * MDCR_EL2 is loaded too.
   */
  readonly loaded?: (mode: AccessorMode) => ReadonlySet<string>;
  /** Registers in which the guest's values stay when its vCPU is put, besides those of an EL1 that the host does not use. */
  readonly leaves?: (mode: AccessorMode) => readonly RegisterName[];
  /**
   * Exceptions of a guest that its vectors have no handler for: each is the panic path, by the vector. Of what is not named here an SError
   * becomes a virtual one of the guest, a FIQ an interrupt of the host.
   */
  readonly fatal?: readonly FatalExit[];
  /** Without VHE: the host's calls come by vectors of their own, not by those of guests. */
  readonly ownCallVectors?: boolean;
}

/** A step list that does not make sense, refused when it is composed. */
export class StepListError extends Error {
  constructor(value: string, rule: string, remedy: string) {
    super(`${value}: ${rule}; ${remedy}`);
    this.name = 'StepListError';
  }
}

/** Phases that a switch may mix: what is the guest's first, its traps or its registers, differs from generation to generation. */
const MIXED: readonly Phase[] = ['activate-traps', 'restore-guest'];
const rank = (phase: Phase): number => PHASES.indexOf(MIXED.includes(phase) ? MIXED[0] : phase);

/** Phases a complete switch cannot be without. */
const NEEDED: readonly Phase[] = ['save-host', 'activate-traps', 'restore-guest', 'enter', 'exit', 'save-guest', 'deactivate-traps', 'restore-host', 'panic'];

/**
 * The steps of one mode, checked: unique ids, known and complete phases in their order, every `after` satisfied. Throws `StepListError`.
 */
export function compose(revision: Revision, mode: AccessorMode): readonly Step[] {
  if (!revision.modes.includes(mode)) {
    throw new StepListError(`${revision.name} in mode ${mode}`, `the revision exists in ${revision.modes.join(', ')}`, 'choose one of these');
  }
  const steps = revision.steps.filter(({ modes }) => modes === undefined || modes.includes(mode));
  const position = new Map<string, number>();
  for (const [index, { id }] of steps.entries()) {
    if (position.has(id)) throw new StepListError(`step ${id}`, 'ids are unique in a mode', 'rename one of the two');
    position.set(id, index);
  }
  const everywhere = new Set(revision.steps.map(({ id }) => id));
  for (const [index, step] of steps.entries()) {
    const previous = steps[index - 1];
    if (previous && rank(step.phase) < rank(previous.phase)) {
      throw new StepListError(`step ${step.id} (${step.phase})`, `phases come in the order ${PHASES.join(', ')}`, `move it before ${previous.id} (${previous.phase})`);
    }
    for (const needed of step.after ?? []) {
      if (!everywhere.has(needed)) throw new StepListError(`step ${step.id} after ${needed}`, `${revision.name} has no such step`, 'correct the name or drop the constraint');
      if ((position.get(needed) ?? -1) >= index) {
        throw new StepListError(`step ${step.id}`, `it must come after ${needed}`, needed === step.id ? 'a step cannot follow itself' : 'reorder the list; two steps that wait for each other are a cycle');
      }
    }
  }
  const missing = NEEDED.find((phase) => !steps.some((step) => step.phase === phase));
  if (missing) throw new StepListError(`${revision.name} in mode ${mode}`, `it has no step in phase ${missing}`, 'add one; a switch goes both ways');
  return steps;
}

/** A step that several revisions have, behind the steps that come before it in this one. */
export function placed(step: Step, ...after: readonly string[]): Step {
  return { ...step, after };
}

/** The same revision without one step and without the constraints that name it: for asking what the step was good for. */
export function without(revision: Revision, id: string): Revision {
  const steps = revision.steps.filter((step) => step.id !== id).map((step): Step => {
    const { after, ...rest } = step;
    return after === undefined ? step : { ...rest, after: after.filter((name) => name !== id), run: (context) => { step.run(context); } };
  });
  return { ...revision, name: `${revision.name} without ${id}`, steps };
}
