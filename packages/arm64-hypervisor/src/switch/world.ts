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
import type { GuestExit, PanicReport, Phase, Revision, Step, SwitchContext } from './step.ts';

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
  [String(VECTOR.lowerSync)]: 'sync', [String(VECTOR.lowerIrq)]: 'irq', [String(VECTOR.lowerFiq)]: 'fiq', [String(VECTOR.lowerSerror)]: 'serror',
};

/** While the guest runs: what the processor reports of that time is the exception that ends it. */
const GUEST: Place = { step: 'guest', phase: 'exit', kind: 'vector', owner: 'guest' };

const INTO: readonly Phase[] = ['save-host', 'activate-traps', 'restore-guest', 'enter'];
const BACK: readonly Phase[] = ['save-guest', 'deactivate-traps', 'restore-host'];

/** A revision bound to a host and its mode. */
export class WorldSwitch {
  readonly host: Host;
  readonly revision: Revision;
  readonly steps: readonly Step[];
  readonly faithful: ReadonlySet<FaultName>;
  readonly #byPhase: ReadonlyMap<Phase, readonly Step[]>;
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
    this.#places = new Map(this.steps.map((step) => [step, { step: step.id, phase: step.phase, kind: step.kind, owner: PHASE_OWNER[step.phase] }]));
  }

  /** Before a series of runs, and after it. Undefined, or why the host panicked. */
  load(vcpu: VcpuMemory): Panic | undefined {
    return this.#guarded(vcpu, (c) => { this.#hostSteps(c, 'load'); });
  }
  put(vcpu: VcpuMemory): Panic | undefined {
    return this.#guarded(vcpu, (c) => { this.#hostSteps(c, 'put'); });
  }

  /** From the host's kernel into the guest, whose next instruction is the processor's next. */
  enter(vcpu: VcpuMemory): Panic | undefined {
    return this.#guarded(vcpu, (c) => {
      this.host.enterHyp();
      for (const phase of INTO) this.#phase(c, phase);
      c.code.place = GUEST;
    });
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
      if (step.id === 'vector' && c.scratch.handle !== c.vcpu.address) {
        throw new RunawayError(`the vectors found vCPU ${hex(c.scratch.handle)}, running is ${hex(c.vcpu.address)}`);
      }
      if (c.scratch.handled !== 'no') {
        c.code.place = GUEST;
        return;
      }
    }
    this.#phase(c, 'fixup');
    if (c.scratch.handled !== 'no') {
      this.#phase(c, 'enter');
      c.code.place = GUEST;
      return;
    }
    for (const phase of BACK) this.#phase(c, phase);
    this.host.backFromHyp();
  }

  /** Steps of the host's kernel, with calls into EL2 for those that need it. */
  #hostSteps(c: SwitchContext, phase: Phase): void {
    for (const step of this.#byPhase.get(phase) ?? []) {
      if (step.el === 2) this.host.call(() => { this.#step(c, step); });
      else this.#step(c, step);
    }
  }

  #phase(c: SwitchContext, phase: Phase): void {
    for (const step of this.#byPhase.get(phase) ?? []) this.#step(c, step);
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
