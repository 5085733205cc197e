/** Runs the steps of a revision: into the guest, out of it, and the panic path. */
import { hex } from '@worldswitch/bits';
import type { VcpuMemory } from '../guest/vcpu-memory.ts';
import { RunawayError } from '../host/host.ts';
import type { Host } from '../host/host.ts';
import { VECTOR } from '../host/layout.ts';
import { HypFault } from './code.ts';
import type { FaultName } from './faults.ts';
import type { Place } from './recorder.ts';
import { PHASE_OWNER, compose, newScratch } from './step.ts';
import type { FatalExit, GuestExit, PanicReport, Phase, Revision, Step, SwitchContext } from './step.ts';

/** What came of the guest's leaving. */
export type Left =
  /** Dealt with at EL2: the guest runs again. */
  | { readonly kind: 'resumed' }
  /** The host runs. */
  | { readonly kind: 'exit'; readonly exit: GuestExit }
  | { readonly kind: 'panic'; readonly panic: Panic };

/** The switch failed. `step` is where, `why` what happened there. */
export interface Panic {
  readonly step: string;
  readonly why: string;
  readonly report: PanicReport | undefined;
}

const EXITS: Readonly<Record<string, GuestExit['code']>> = {
  // An illegal exception return is an exception of EL2 itself.
  [String(VECTOR.currentSync)]: 'illegal',
  [String(VECTOR.lowerSync)]: 'sync', [String(VECTOR.lowerIrq)]: 'irq', [String(VECTOR.lowerFiq)]: 'fiq', [String(VECTOR.lowerSerror)]: 'serror',
};

/** The guest was not entered: something was pending that the host must see first. */
export interface Deferred {
  readonly exit: GuestExit;
}

/** While the guest runs: what the processor reports of that time is the exception that ends it. */
const GUEST: Place = { step: 'guest', phase: 'exit', kind: 'vector', owner: 'guest' };

/** After the last step of a put: what the host's kernel does is no step's. */
const KERNEL: Place = { step: 'host-kernel', phase: '', kind: 'host', owner: 'host' };

const FATAL: Readonly<Record<FatalExit, string>> = { fiq: 'a FIQ', serror: 'an SError' };

const INTO: readonly Phase[] = ['save-host', 'activate-traps', 'restore-guest'];
const BACK: readonly Phase[] = ['save-guest', 'deactivate-traps', 'restore-host'];

/** A revision bound to a host and its mode. */
export class WorldSwitch {
  readonly host: Host;
  readonly revision: Revision;
  readonly steps: readonly Step[];
  readonly faithful: ReadonlySet<FaultName>;
  readonly #byPhase: ReadonlyMap<Phase, readonly Step[]>;
  /** The way in and the way back: in the host's kernel, and at EL2. */
  readonly #into: { readonly kernel: readonly Step[]; readonly hyp: readonly Step[] };
  readonly #back: { readonly kernel: readonly Step[]; readonly hyp: readonly Step[] };
  readonly #places: ReadonlyMap<Step, Place>;

  /** Throws `StepListError` when the revision does not exist in the host's mode or makes no sense. */
  constructor(host: Host, revision: Revision, faithful: ReadonlySet<FaultName> = new Set()) {
    this.host = host;
    this.revision = revision;
    this.faithful = faithful;
    this.steps = compose(revision, host.mode);
    const byPhase = new Map<Phase, Step[]>();
    for (const step of this.steps) byPhase.set(step.phase, [...(byPhase.get(step.phase) ?? []), step]);
    this.#byPhase = byPhase;
    const way = (phases: readonly Phase[], el: 1 | 2): readonly Step[] => this.steps.filter((step) => phases.includes(step.phase) && step.el === el);
    this.#into = { kernel: way(INTO, 1), hyp: way(INTO, 2) };
    this.#back = { kernel: way(BACK, 1), hyp: way(BACK, 2) };
    this.#places = new Map(this.steps.map((step) => [step, { step: step.id, phase: step.phase, kind: step.kind, owner: PHASE_OWNER[step.phase] }]));
  }

  /** Before a series of runs, and after it. Undefined, or why the host panicked. */
  load(vcpu: VcpuMemory): Panic | undefined {
    return this.#guarded(vcpu, (c) => { this.#hostSteps(c, 'load'); });
  }
  put(vcpu: VcpuMemory): Panic | undefined {
    return this.#guarded(vcpu, (c) => {
      this.#hostSteps(c, 'put');
      c.code.place = KERNEL;
    });
  }

  /** From the host's kernel into the guest, whose next instruction is the processor's next. With `Deferred` the host runs on. */
  enter(vcpu: VcpuMemory): Panic | Deferred | undefined {
    const c = this.#context(vcpu);
    const panic = this.#guard(c, () => {
      this.#list(c, this.#into.kernel);
      this.host.enterHyp();
      this.#list(c, this.#into.hyp);
      if (!this.#enterGuest(c)) this.#finish(c);
    });
    return panic ?? (c.scratch.exit && { exit: c.scratch.exit });
  }

  /** Hosted code was entered at `at` while the guest ran. */
  leave(vcpu: VcpuMemory, at: bigint): Left {
    const code = EXITS[String(at - this.host.entries.hypVectors)];
    const c = this.#context(vcpu);
    const panic = this.#guard(c, () => {
      this.host.code.el = 2;
      if (code === undefined) throw new RunawayError(`the guest's exception went to ${hex(at)}, which is no vector for a lower level`, at);
      c.scratch.exit = { code, esr: 0n };
      this.#out(c);
    });
    if (panic) return { kind: 'panic', panic };
    if (c.scratch.handled !== 'no' || c.scratch.exit === undefined) return { kind: 'resumed' };
    return { kind: 'exit', exit: c.scratch.exit };
  }

  #out(c: SwitchContext): void {
    for (const step of this.#byPhase.get('exit') ?? []) {
      this.#step(c, step);
      if (step.kind === 'vector' && c.scratch.handle !== c.vcpu.address) {
        throw new RunawayError(`the vectors found vCPU ${hex(c.scratch.handle)}, running is ${hex(c.vcpu.address)}`);
      }
      if (step.kind === 'vector' && c.scratch.exit?.code === 'illegal' && !c.scratch.illegalReturn) {
        throw new RunawayError('a synchronous exception of EL2 itself came in the guest\'s place');
      }
      if (step.kind === 'vector') this.#survive(c.scratch.exit);
      if (c.scratch.handled !== 'no') {
        c.code.place = GUEST;
        return;
      }
    }
    this.#finish(c);
  }

  /** The vectors of some revisions have nothing but the panic path for some exceptions of a guest. */
  #survive(exit: GuestExit | undefined): void {
    const fatal = this.revision.fatal?.find((code) => code === exit?.code);
    if (fatal !== undefined) throw new RunawayError(`${FATAL[fatal]} came while the guest ran, and the vectors of ${this.revision.name} have no handler for it`);
  }

  /** The last steps of the way in. False when a step deferred the entry: then there is an exit without a guest that left. */
  #enterGuest(c: SwitchContext): boolean {
    for (const step of this.#byPhase.get('enter') ?? []) {
      this.#step(c, step);
      if (c.scratch.exit !== undefined) return false;
    }
    c.code.place = GUEST;
    return true;
  }

  /** What an exit needs at EL2, and the way back, unless the guest runs again. */
  #finish(c: SwitchContext): void {
    for (;;) {
      this.#phase(c, 'fixup');
      if (c.scratch.handled === 'no') break;
      if (c.scratch.handled === 'vector') {
        c.code.place = GUEST;
        return;
      }
      c.scratch.exit = undefined;
      if (this.#enterGuest(c)) return;
      c.scratch.handled = 'no';
    }
    this.#list(c, this.#back.hyp);
    this.host.backFromHyp();
    this.#list(c, this.#back.kernel);
  }

  /** Steps of the host's kernel, with calls into EL2 for those that need it. */
  #hostSteps(c: SwitchContext, phase: Phase): void {
    for (const step of this.#byPhase.get(phase) ?? []) {
      if (step.when?.(c) === false) continue;
      if (step.el === 2) this.host.call(() => { this.#step(c, step); });
      else this.#step(c, step);
    }
  }

  #phase(c: SwitchContext, phase: Phase): void {
    this.#list(c, this.#byPhase.get(phase) ?? []);
  }

  #list(c: SwitchContext, steps: readonly Step[]): void {
    for (const step of steps) this.#step(c, step);
  }

  #step(c: SwitchContext, step: Step): void {
    if (step.when?.(c) === false) return;
    c.code.place = this.#places.get(step) as Place;
    step.run(c);
  }

  #context(vcpu: VcpuMemory): SwitchContext {
    const { host, faithful } = this;
    return { mode: host.mode, code: host.code, features: host.features, faithful, vcpu, host, scratch: newScratch() };
  }

  #guarded(vcpu: VcpuMemory, work: (c: SwitchContext) => void): Panic | undefined {
    const c = this.#context(vcpu);
    return this.#guard(c, () => { work(c); });
  }

  #guard(c: SwitchContext, work: () => void): Panic | undefined {
    try {
      work();
      return undefined;
    } catch (error) {
      if (!(error instanceof HypFault) && !(error instanceof RunawayError)) throw error;
      const step = error instanceof HypFault ? error.place.step : c.code.place.step;
      return { step, why: error.message, report: this.#panic(c, error) };
    }
  }

  /** The panic path. What it cannot report stays undefined: an exception in it ends everything. */
  #panic(c: SwitchContext, error: HypFault | RunawayError): PanicReport | undefined {
    try {
      // The exception that a faulting instruction took is at EL2 now, whatever vectors were in force.
      if (error instanceof HypFault) this.host.arrive();
      this.host.code.el = 2;
      this.#phase(c, 'panic');
      this.host.backFromHyp();
    } catch (second) {
      if (!(second instanceof HypFault) && !(second instanceof RunawayError)) throw second;
    }
    return c.scratch.panic;
  }
}
