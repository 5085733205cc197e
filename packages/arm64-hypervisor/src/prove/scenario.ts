/** What a proof's guest is made to do, what happens around it, and who debugs it meanwhile. */
import type { Revision } from '../switch/step.ts';
import type { Equipment } from './machine.ts';

/** Who uses debug registers while the guest runs: nobody, the guest, a debugger in the VMM. */
export type DebugUse = 'none' | 'own' | 'debugger';

/**
 * Where the switch itself fails, after its second round: before anything of the host's has moved, or when everything is the guest's and the
 * `eret` is to come, or at EL2 while the vCPU is given the processor once more, or before the first access of a step.
 */
export type FailurePoint = 'first access' | 'entry' | 'load' | { readonly before: string };

export interface Scenario {
  readonly name: string;
  readonly seed: bigint;
  readonly debug: DebugUse;
  /** Exceptions may come from outside at any moment, so the guest does not look at what its own handlers leave. */
  readonly disturbed?: boolean;
  /** The shorter program; see `ProgramOptions`. */
  readonly brief?: boolean;
  /** What the host's machine has; `plain` when absent. */
  readonly equipment?: Equipment;
  /** The VM has the virtual CPU interface of that machine, and its guest takes interrupts through it. */
  readonly interrupts?: boolean;
  /** The host profiles itself (FEAT_SPE), and has samples on their way whenever it enters a guest. */
  readonly profiled?: boolean;
  /** The switch takes an exception itself, and the panic path ends the run. */
  readonly fails?: FailurePoint;
  /** An interrupt of the host's is pending when the guest is entered, once. */
  readonly pending?: boolean;
  /** An SError of the guest's making is pending when its hypercall has left it. */
  readonly serror?: boolean;
}

/**
 * Those of them that a revision can be run in: not all let a VMM debug its guest, not all look whether an SError is pending, and those of
 * 2015 are of a kernel that does not profile with FEAT_SPE.
 */
export function scenariosFor({ guestDebug, steps }: Revision, from: readonly Scenario[]): readonly Scenario[] {
  const profiles = steps.some(({ kind }) => kind === 'spe');
  const looks = steps.some(({ id }) => id === 'serror-check');
  const loads = steps.some(({ phase, el }) => phase === 'load' && el === 2);
  return from.filter(({ debug, serror = false, profiled = false, fails }) =>
    (debug !== 'debugger' || guestDebug !== 'none') && (!serror || looks) && (!profiled || profiles) && (fails !== 'load' || loads));
}

/** Two short ones, for proofs that run very often: the debug registers stay the host's, or are the guest's. */
export function briefScenarios(seed: bigint): readonly Scenario[] {
  return (['none', 'own'] as const).map((debug, n) => ({ name: debug === 'none' ? 'debug clean' : 'debug by the guest', seed: seed + BigInt(n), debug, brief: true }));
}

/** With what else a switch may have to move or to survive: virtual interrupts in hardware, profiling, an SError, a failure of its own. */
export function specialScenarios(seed: bigint): readonly Scenario[] {
  const none = { debug: 'none', brief: true } as const;
  return [
    { ...none, name: 'interrupts by a GICv2', seed: seed + 20n, equipment: 'gicv2', interrupts: true },
    { ...none, name: 'interrupts by a GICv3', seed: seed + 21n, equipment: 'gicv3', interrupts: true },
    { ...none, name: 'a host that profiles itself', seed: seed + 22n, equipment: 'gicv3', profiled: true },
    { ...none, name: 'an SError of the guest', seed: seed + 23n, serror: true },
    { ...none, name: 'an interrupt at the entry', seed: seed + 26n, pending: true },
    { ...none, name: 'a failure at the first access', seed: seed + 24n, fails: 'first access' },
    { ...none, name: 'a failure at the entry', seed: seed + 25n, fails: 'entry' },
    { ...none, name: 'a failure at the load', seed: seed + 27n, fails: 'load' },
  ];
}

/** The scenarios of a proof, with this seed. */
export function scenarios(seed: bigint): readonly Scenario[] {
  return (['none', 'own', 'debugger'] as const).map((debug, n) => ({ name: debug === 'none' ? 'debug clean' : `debug by ${debug === 'own' ? 'the guest' : 'the VMM'}`, seed: seed + BigInt(n), debug }));
}

/** For proofs of an order: the guest that leaves most often, and all that is special. */
export function orderScenarios(revision: Revision, seed: bigint): readonly Scenario[] {
  return scenariosFor(revision, [...scenarios(seed), ...specialScenarios(seed)]);
}
