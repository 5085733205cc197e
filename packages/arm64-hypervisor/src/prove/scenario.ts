/** What a proof's guest is made to do, and who debugs it meanwhile. */
import type { Revision } from '../switch/step.ts';

/** Who uses debug registers while the guest runs: nobody, the guest, a debugger in the VMM. */
export type DebugUse = 'none' | 'own' | 'debugger';

export interface Scenario {
  readonly name: string;
  readonly seed: bigint;
  readonly debug: DebugUse;
  /** Exceptions may come from outside at any moment, so the guest does not look at what its own handlers leave. */
  readonly disturbed?: boolean;
  /** The shorter program; see `ProgramOptions`. */
  readonly brief?: boolean;
}

/** Those of them that a revision can be run in: not all let a VMM debug its guest. */
export function scenariosFor({ guestDebug }: Revision, from: readonly Scenario[]): readonly Scenario[] {
  return from.filter(({ debug }) => debug !== 'debugger' || guestDebug !== 'none');
}

/** Two short ones, for proofs that run very often: the debug registers stay the host's, or are the guest's. */
export function briefScenarios(seed: bigint): readonly Scenario[] {
  return (['none', 'own'] as const).map((debug, n) => ({ name: debug === 'none' ? 'debug clean' : 'debug by the guest', seed: seed + BigInt(n), debug, brief: true }));
}

/** The scenarios of a proof, with this seed. */
export function scenarios(seed: bigint): readonly Scenario[] {
  return (['none', 'own', 'debugger'] as const).map((debug, n) => ({ name: debug === 'none' ? 'debug clean' : `debug by ${debug === 'own' ? 'the guest' : 'the VMM'}`, seed: seed + BigInt(n), debug }));
}
