/** Raises things between two accesses of a switch, and notes who takes them. */
import { encodingOf } from '@worldswitch/arm64-sysreg';
import type { PortInstruction, RegisterName, Verdict } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { RunawayError } from '../host/host.ts';
import { VECTOR } from '../host/layout.ts';
import type { Revision } from '../switch/step.ts';
import { isDebug, windowOf } from './inject-rules.ts';
import type { DebugKind, InjectionKind, Moment } from './inject-rules.ts';
import { HOST_INTERRUPT } from './machine.ts';
import { GUEST, GUEST_MEMORY } from './program.ts';
import type { Access, RunningTrial, Trial } from './trial.ts';

const DAIF = { D: 1n << 9n, A: 1n << 8n, I: 1n << 7n } as const;
const MDSCR = { SS: 1n, KDE: 1n << 13n, MDE: 1n << 15n } as const;
/** Matches at every level: HMC 1, SSC 01, PMC 11, all bytes; loads and stores for a watchpoint. */
const BCR_ANYWHERE = 0x61e7n;
const WCR_ANYWHERE = 0x7fffn;
const ARMED = / (MDSCR|DBG[BW][CV]R0)_EL1$/;

/** Not allocated, and not in the space of implementations: UNDEFINED at every level (DDI 0487 D24.2). */
const UNALLOCATED = encodingOf('S3_0_C1_C7_7');

/** How often an access is let pass before: the first round maps the guest's memory, so the second is the first ordinary one. */
export const USUAL_ROUND = 2;

type Hooks = Required<Pick<Trial, 'interpose' | 'started' | 'left'>>;

/** Offset of an entry in a vector table, and the entries for SErrors of this level and a lower one. */
const IN_TABLE = 0x7ffn;
const SERRORS: readonly bigint[] = [VECTOR.currentSerror, VECTOR.lowerSerror];

/** A place: before the access `index` of `step`, when it comes there for the time `round`. */
export interface Place {
  readonly step: string;
  readonly index: number;
  readonly round: number;
}

/** An instruction that is UNDEFINED instead of the first of the way into the guest: everything is the guest's by then. */
export function ruin({ steps }: Revision): (access: Access, run: RunningTrial) => Verdict | undefined {
  const ids = new Set(steps.filter(({ phase }) => phase === 'enter').map(({ id }) => id));
  let passed = 0;
  let first: string | undefined;
  return ({ step, index }, { machine }) => {
    if (!ids.has(step) || index !== 0) return undefined;
    first ??= step;
    return step === first && ++passed === USUAL_ROUND ? machine.processor.port.execute({ op: 'mrs', encoding: UNALLOCATED }) : undefined;
  };
}

/** What an exception between two accesses ends: the interposer throws, as the processor has left hosted code. */
function taken(run: RunningTrial, access: Access, moment: Moment): void {
  if (!run.machine.takeDue()) return;
  moment.takenIn = access.step;
  const vector = run.machine.processor.debugger.read('pc') ?? 0n;
  throw new RunawayError(`an exception between two accesses, before ${access.text}: hosted code was entered at ${hex(vector)}`, vector);
}

export function newMoment(): Moment {
  return { access: undefined, el: 0, masked: { D: true, A: true, I: true }, takenIn: undefined, byHost: false };
}

function look({ machine }: RunningTrial, access: Access, moment: Moment): void {
  const { debugger: door } = machine.processor;
  const daif = door.read('DAIF') ?? 0n;
  moment.access = access;
  moment.el = Number(((door.read('CurrentEL') ?? 0n) >> 2n) & 3n);
  moment.masked = { D: (daif & DAIF.D) !== 0n, A: (daif & DAIF.A) !== 0n, I: (daif & DAIF.I) !== 0n };
}

/** Raises `kind` once, at `at`. `moment` and `started` are told. With `ruined` the run ends in the panic path. */
export function injecting(kind: InjectionKind, at: Place, moment: Moment, { revision, started, ruined }: {
  readonly revision: Revision; readonly started: (run: RunningTrial) => void; readonly ruined?: ReturnType<typeof ruin>;
}): Hooks {
  let passed = 0;
  const window = windowOf(revision);
  // The window takes an SError itself.
  const due = (run: RunningTrial, access: Access): void => { if (kind !== 'serror' || access.step !== window) taken(run, access, moment); };
  return {
    interpose: (access, instruction, run) => {
      if (moment.access !== undefined) {
        if (!isDebug(kind)) due(run, access);
        return undefined;
      }
      const verdict = ruined?.(access, run);
      if (verdict !== undefined) return verdict;
      if (access.step !== at.step || access.index !== at.index || ++passed < at.round) return undefined;
      look(run, access, moment);
      if (isDebug(kind)) return withDebugEvent(kind, access, instruction, run, moment);
      raise(kind, run);
      due(run, access);
      return undefined;
    },
    started: (run) => {
      started(run);
      prepare(run, moment);
    },
    left: (run) => {
      if (kind !== 'serror' || moment.access === undefined || !run.machine.takeDue()) return;
      moment.byHost = true;
      throw new RunawayError('the host\'s kernel took it');
    },
  };
}

/** The host listens to its device, and an SError is over when somebody has taken it; `moment` is told when that was the host's kernel. */
function prepare({ hypervisor: { host }, machine }: RunningTrial, moment: Moment): void {
  host.interrupts.setEnabled(host.code, HOST_INTERRUPT, true);
  const run = host.processor.run.bind(host.processor);
  Object.defineProperty(host.processor, 'run', {
    value: (budget: number) => {
      const stop = run(budget);
      if (stop.kind !== 'hosted' || !SERRORS.includes(stop.at & IN_TABLE)) return stop;
      machine.serror(false);
      moment.byHost = stop.at === host.entries.hostVectors + VECTOR.currentSerror;
      return stop;
    },
  });
}

/** What can be raised again and again in one run: each is dealt with before the next comes, and the run goes on. */
export type RepeatedKind = Extract<InjectionKind, 'interrupt' | 'virtual-interrupt' | 'abort'>;
export const isRepeated = (kind: InjectionKind): kind is RepeatedKind => kind === 'interrupt' || kind === 'virtual-interrupt' || kind === 'abort';

function dealtWith(kind: RepeatedKind, raised: number, run: RunningTrial): boolean {
  switch (kind) {
    case 'interrupt': return run.hostInterrupts.filter((id) => id === HOST_INTERRUPT).length === raised;
    case 'virtual-interrupt': return !run.virtualPending;
    case 'abort': return run.vm.stage2.lookup(GUEST.code) !== undefined;
  }
}

/** One after another in one run, where `due` says, the next when the one before has been dealt with. `over`: whether the last has. */
export function inTurn(kind: RepeatedKind, moment: Moment, due: (access: Access) => boolean): { readonly hooks: Pick<Hooks, 'interpose' | 'started'>; over(): boolean } {
  let raised = 0;
  let running: RunningTrial | undefined;
  return {
    hooks: {
      interpose: (access, _, run) => {
        taken(run, access, moment);
        if (raised > 0 && !dealtWith(kind, raised, run)) return undefined;
        if (!due(access)) return undefined;
        raised++;
        raise(kind, run);
        taken(run, access, moment);
        return undefined;
      },
      started: (run) => {
        running = run;
        prepare(run, moment);
      },
    },
    over: () => running !== undefined && dealtWith(kind, raised, running),
  };
}

/** Where an event is due in a run, and who is told that PSTATE.D is set there. Where it is not, nothing is armed. */
export interface Everywhere {
  readonly due: (access: Access) => boolean;
  readonly masked: (access: Access) => void;
}

/** Many debug events in one run: each is armed for its own instruction and gone after it. */
export function everywhere(kind: DebugKind, moment: Moment, { due, masked }: Everywhere, ruined?: ReturnType<typeof ruin>): Pick<Hooks, 'interpose'> {
  return {
    interpose: (access, instruction, run) => {
      const verdict = ruined?.(access, run);
      if (verdict !== undefined) return verdict;
      if (!due(access)) return undefined;
      look(run, access, moment);
      if (!moment.masked.D) return undefined;
      masked(access);
      return withDebugEvent(kind, access, instruction, run, moment);
    },
  };
}

function withDebugEvent(kind: DebugKind, access: Access, instruction: PortInstruction, run: RunningTrial, moment: Moment): Verdict {
  const { machine } = run;
  const undo = arm(kind, run, 'place' in instruction ? instruction.place.address : undefined);
  try {
    taken(run, access, moment);
    // An instruction that moves one of these registers is to find what belongs there.
    if (ARMED.test(access.text)) undo();
    return machine.processor.port.execute(instruction);
  } finally {
    undo();
  }
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
function arm(kind: DebugKind, { machine }: RunningTrial, place: bigint | undefined): () => void {
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
