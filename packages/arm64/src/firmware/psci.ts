import { isSmc64, NOT_SUPPORTED, toResult, type SmcccCall } from './smccc.ts';

/** Function identifiers, DEN 0022 5.1; the 64-bit forms have bit 30. `V0_1` are the board's own choice for PSCI 0.1, which had no fixed ones. */
export const PSCI = {
  VERSION: 0x8400_0000n, CPU_SUSPEND: 0x8400_0001n, CPU_OFF: 0x8400_0002n, CPU_ON: 0x8400_0003n, AFFINITY_INFO: 0x8400_0004n, MIGRATE: 0x8400_0005n,
  MIGRATE_INFO_TYPE: 0x8400_0006n, SYSTEM_OFF: 0x8400_0008n, SYSTEM_RESET: 0x8400_0009n, FEATURES: 0x8400_000an,
  CPU_SUSPEND_64: 0xc400_0001n, CPU_ON_64: 0xc400_0003n, AFFINITY_INFO_64: 0xc400_0004n, MIGRATE_64: 0xc400_0005n,
  V0_1_CPU_SUSPEND: 0x95c1_ba5en, V0_1_CPU_OFF: 0x95c1_ba5fn, V0_1_CPU_ON: 0x95c1_ba60n, V0_1_MIGRATE: 0x95c1_ba61n,
} as const;

/** Return codes, DEN 0022 5.2.2. */
export const PSCI_RESULT = {
  SUCCESS: 0, NOT_SUPPORTED, INVALID_PARAMETERS: -2, DENIED: -3, ALREADY_ON: -4, ON_PENDING: -5, INTERNAL_FAILURE: -6, NOT_PRESENT: -7, DISABLED: -8,
} as const;

const VERSION_1_1 = 0x1_0001;
/** MIGRATE_INFO_TYPE: there is no Trusted OS that would have to migrate (DEN 0022, 5.9). */
const NO_TRUSTED_OS = 2;
/** Bits of a power state that must be zero in the original format (DEN 0022, 5.4.2.1), and the affinity level, of which only 0 exists. */
const STATE_REFUSED = 0xfffe_0000n;

export type PowerState = 'on' | 'off' | 'on-pending';

/** What PSCI needs of the machine. An `mpidr` is affinity fields only, as the caller gave it. */
export interface PsciPort {
  /** Undefined where there is no such processor. */
  cpuState(mpidr: bigint): PowerState | undefined;
  /** Starts a processor that is off: reset state at the highest level the caller's kind of software owns, `entry` in its pc, `context` in x0. */
  on(mpidr: bigint, entry: bigint, context: bigint): void;
}

/**
 * What a call comes to. With `result` the caller goes on with that value in X0 (64 bits, sign-extended); with `suspend` it first
 * waits for a wake-up event, as WFI does; the other effects do not return.
 */
export type PsciOutcome =
  | { readonly effect: 'none' | 'suspend'; readonly result: bigint }
  | { readonly effect: 'off' | 'system-off' | 'system-reset' };

/** The identifiers for which FEATURES answers that they exist; MIGRATE exists only to be refused. */
const FEATURES: ReadonlySet<bigint> = new Set<bigint>([
  PSCI.VERSION, PSCI.CPU_SUSPEND, PSCI.CPU_SUSPEND_64, PSCI.CPU_OFF, PSCI.CPU_ON, PSCI.CPU_ON_64, PSCI.AFFINITY_INFO, PSCI.AFFINITY_INFO_64,
  PSCI.MIGRATE_INFO_TYPE, PSCI.SYSTEM_OFF, PSCI.SYSTEM_RESET, PSCI.FEATURES, PSCI.V0_1_CPU_SUSPEND, PSCI.V0_1_CPU_OFF, PSCI.V0_1_CPU_ON,
]);

const STATE_NUMBER: Readonly<Record<PowerState, number>> = { on: 0, off: 1, 'on-pending': 2 };

/**
 * Power State Coordination Interface 1.1 (DEN 0022), with the calls that `virt` boards have. Whatever is unknown, SMCCC's own
 * functions included, is answered NOT_SUPPORTED, so that callers stay with SMCCC 1.0.
 */
export function psci(call: SmcccCall, port: PsciPort): PsciOutcome {
  const [first, second, third] = call.arguments;
  if (isSmc64(call.function) && !call.caller.aarch64) return answer(NOT_SUPPORTED);
  switch (call.function) {
    case PSCI.VERSION: return answer(VERSION_1_1);
    case PSCI.CPU_SUSPEND:
    case PSCI.CPU_SUSPEND_64:
    case PSCI.V0_1_CPU_SUSPEND:
      // No power-down state exists: a standby request and what would be one both come to a WFI, so entry and context are not used.
      return first & STATE_REFUSED ? answer(PSCI_RESULT.INVALID_PARAMETERS) : { effect: 'suspend', result: 0n };
    case PSCI.CPU_OFF:
    case PSCI.V0_1_CPU_OFF: return { effect: 'off' };
    case PSCI.CPU_ON:
    case PSCI.CPU_ON_64:
    case PSCI.V0_1_CPU_ON: return answer(cpuOn(first, second, third, port));
    case PSCI.AFFINITY_INFO:
    case PSCI.AFFINITY_INFO_64: return answer(affinityInfo(first, second, port));
    case PSCI.MIGRATE_INFO_TYPE: return answer(NO_TRUSTED_OS);
    case PSCI.SYSTEM_OFF: return { effect: 'system-off' };
    case PSCI.SYSTEM_RESET: return { effect: 'system-reset' };
    case PSCI.FEATURES: {
      const known = FEATURES.has(first) && (call.caller.aarch64 || !isSmc64(first));
      return answer(known ? PSCI_RESULT.SUCCESS : NOT_SUPPORTED);
    }
    default: return answer(NOT_SUPPORTED);
  }
}

function cpuOn(mpidr: bigint, entry: bigint, context: bigint, port: PsciPort): number {
  switch (port.cpuState(mpidr)) {
    case undefined: return PSCI_RESULT.INVALID_PARAMETERS;
    case 'on': return PSCI_RESULT.ALREADY_ON;
    case 'on-pending': return PSCI_RESULT.ON_PENDING;
    case 'off':
      port.on(mpidr, entry, context);
      return PSCI_RESULT.SUCCESS;
  }
}

/** Above level 0 there is always the caller's own processor, so the answer is "on" for any address. */
function affinityInfo(mpidr: bigint, level: bigint, port: PsciPort): number {
  if (level !== 0n) return STATE_NUMBER.on;
  const state = port.cpuState(mpidr);
  return state === undefined ? PSCI_RESULT.INVALID_PARAMETERS : STATE_NUMBER[state];
}

function answer(code: number): PsciOutcome {
  return { effect: 'none', result: toResult(code) };
}
