/**
 * PSCI as KVM answers it, up to 1.3 (DEN 0022). The firmware of a board (`psci` of `@worldswitch/arm64/firmware`) knows its processors by
 * number and refuses power states; here affinities are matched level by level, every suspend is a wait, and old versions answer less.
 */
import { NOT_SUPPORTED, PSCI, PSCI_RESULT, toResult } from '@worldswitch/arm64/firmware';
import type { SmcccCall } from '@worldswitch/arm64/firmware';
import { PSCI_LATER, SMCCC } from './identifiers.ts';
import { PSCI_VERSION } from './state.ts';

/** A processor of the guest's machine, as its firmware knows it. */
export interface PsciCpu {
  /** Affinity fields of MPIDR_EL1, the other bits 0. */
  readonly affinity: bigint;
  readonly stopped: boolean;
}

export interface PsciMachine<C extends PsciCpu> {
  /** What the caller has; see `PSCI_VERSION`. */
  readonly version: bigint;
  /** Whether SYSTEM_SUSPEND is one of the VMM's. */
  readonly systemSuspend: boolean;
  readonly cpus: Iterable<C>;
  /** Starts one that is stopped, with `entry` in its pc and `context` in x0. */
  readonly on: (cpu: C, entry: bigint, context: bigint) => void;
}

/** What a call comes to: with `result` the caller goes on (64 bits, x1 to x3 zero); `suspend` waits first; the other effects do not return. */
export type PsciOutcome =
  | { readonly effect: 'none' | 'suspend' | 'off'; readonly result: bigint }
  | { readonly effect: 'system-off' | 'system-reset'; readonly flags: bigint }
  | { readonly effect: 'system-suspend' };

/** Aff3 in 39:32, Aff2 to Aff0 in 23:0 (DDI 0487 MPIDR_EL1). */
export const AFFINITY = 0xff_00ff_ffffn;
const SMC64 = 1n << 30n;
/** MIGRATE_INFO_TYPE: no trusted OS that would have to migrate (DEN 0022 5.9). */
const NO_TRUSTED_OS = 2;
/** Affinity levels 0 to 3, and what AFFINITY_INFO says of processors that are on, and off (DEN 0022 5.7). */
const LEVELS = 4n;
const ON = 0;
const OFF = 1;
/** SYSTEM_RESET2: the architectural warm reset, and where types of the vendor begin (DEN 0022 5.12). */
const WARM_RESET = 0n;
const VENDOR_RESETS = 0x8000_0000n;
/** SYSTEM_OFF2: the one type there is, and what FEATURES says of it (DEN 0022 5.11). */
const HIBERNATE_OFF = 1n;
/** `kvm_run.system_event.data[0]`. */
const FLAG_RESET2 = 1n;
const FLAG_OFF2 = 1n;

const answer = (code: number): PsciOutcome => ({ effect: 'none', result: toResult(code) });

const V0_2: ReadonlySet<bigint> = new Set<bigint>([
  PSCI.VERSION, PSCI.CPU_SUSPEND, PSCI.CPU_SUSPEND_64, PSCI.CPU_OFF, PSCI.CPU_ON, PSCI.CPU_ON_64, PSCI.AFFINITY_INFO, PSCI.AFFINITY_INFO_64,
  PSCI.MIGRATE_INFO_TYPE, PSCI.SYSTEM_OFF, PSCI.SYSTEM_RESET,
]);

/** `call` narrowed to what the convention counts (see `narrowCall`). */
export function kvmPsci<C extends PsciCpu>(call: SmcccCall, machine: PsciMachine<C>): PsciOutcome {
  if ((call.function & SMC64) !== 0n && !call.caller.aarch64) return answer(NOT_SUPPORTED);
  if (machine.version === PSCI_VERSION.V0_1) return version01(call, machine);
  const later = machine.version >= PSCI_VERSION.V1_0 ? version1(call, machine) : undefined;
  return later ?? version02(call, machine);
}

function version01<C extends PsciCpu>({ function: id, arguments: [target, entry, context] }: SmcccCall, machine: PsciMachine<C>): PsciOutcome {
  switch (id) {
    case PSCI.V0_1_CPU_OFF: return { effect: 'off', result: 0n };
    case PSCI.V0_1_CPU_ON: return answer(cpuOn(target, entry, context, machine));
    default: return answer(NOT_SUPPORTED);
  }
}

function version02<C extends PsciCpu>({ function: id, arguments: [first, second, third] }: SmcccCall, machine: PsciMachine<C>): PsciOutcome {
  switch (id) {
    case PSCI.VERSION: return { effect: 'none', result: machine.version };
    // A power-down state may be answered as a standby one (DEN 0022 5.4.2), so what is asked for does not matter.
    case PSCI.CPU_SUSPEND:
    case PSCI.CPU_SUSPEND_64: return { effect: 'suspend', result: 0n };
    case PSCI.CPU_OFF: return { effect: 'off', result: 0n };
    case PSCI.CPU_ON:
    case PSCI.CPU_ON_64: return answer(cpuOn(first, second, third, machine));
    case PSCI.AFFINITY_INFO:
    case PSCI.AFFINITY_INFO_64: return answer(affinityInfo(first, second, machine.cpus));
    case PSCI.MIGRATE_INFO_TYPE: return answer(NO_TRUSTED_OS);
    case PSCI.SYSTEM_OFF: return { effect: 'system-off', flags: 0n };
    case PSCI.SYSTEM_RESET: return { effect: 'system-reset', flags: 0n };
    default: return answer(NOT_SUPPORTED);
  }
}

/** What came with 1.0 and after; undefined for anything else. */
function version1<C extends PsciCpu>(call: SmcccCall, { version, systemSuspend }: PsciMachine<C>): PsciOutcome | undefined {
  const { function: id, arguments: [first, second], caller } = call;
  switch (id) {
    case PSCI.FEATURES: return answer(features(BigInt.asUintN(32, first), { version, systemSuspend, aarch64: caller.aarch64 }));
    case PSCI_LATER.SYSTEM_SUSPEND:
    case PSCI_LATER.SYSTEM_SUSPEND_64: return systemSuspend ? { effect: 'system-suspend' } : answer(NOT_SUPPORTED);
    case PSCI_LATER.SYSTEM_RESET2:
    case PSCI_LATER.SYSTEM_RESET2_64: {
      if (version < PSCI_VERSION.V1_1) return answer(NOT_SUPPORTED);
      // The type is a word in either convention.
      const type = BigInt.asUintN(32, first);
      return type <= WARM_RESET || type >= VENDOR_RESETS ? { effect: 'system-reset', flags: FLAG_RESET2 } : answer(PSCI_RESULT.INVALID_PARAMETERS);
    }
    case PSCI_LATER.SYSTEM_OFF2:
    case PSCI_LATER.SYSTEM_OFF2_64:
      if (version < PSCI_VERSION.V1_3) return answer(NOT_SUPPORTED);
      return first <= HIBERNATE_OFF && second === 0n ? { effect: 'system-off', flags: FLAG_OFF2 } : answer(PSCI_RESULT.INVALID_PARAMETERS);
    default: return undefined;
  }
}

function features(id: bigint, { version, systemSuspend, aarch64 }: { readonly version: bigint; readonly systemSuspend: boolean; readonly aarch64: boolean }): number {
  if ((id & SMC64) !== 0n && !aarch64) return NOT_SUPPORTED;
  switch (id) {
    case PSCI.FEATURES:
    case SMCCC.VERSION: return 0;
    case PSCI_LATER.SYSTEM_SUSPEND:
    case PSCI_LATER.SYSTEM_SUSPEND_64: return systemSuspend ? 0 : NOT_SUPPORTED;
    case PSCI_LATER.SYSTEM_RESET2:
    case PSCI_LATER.SYSTEM_RESET2_64: return version >= PSCI_VERSION.V1_1 ? 0 : NOT_SUPPORTED;
    case PSCI_LATER.SYSTEM_OFF2:
    case PSCI_LATER.SYSTEM_OFF2_64: return version >= PSCI_VERSION.V1_3 ? Number(HIBERNATE_OFF) : NOT_SUPPORTED;
    default: return V0_2.has(id) ? 0 : NOT_SUPPORTED;
  }
}

function cpuOn<C extends PsciCpu>(target: bigint, entry: bigint, context: bigint, { version, cpus, on }: PsciMachine<C>): number {
  if ((target & ~AFFINITY) !== 0n) return PSCI_RESULT.INVALID_PARAMETERS;
  const cpu = [...cpus].find(({ affinity }) => affinity === target);
  if (cpu === undefined) return PSCI_RESULT.INVALID_PARAMETERS;
  // 0.1 had no word for it.
  if (!cpu.stopped) return version === PSCI_VERSION.V0_1 ? PSCI_RESULT.INVALID_PARAMETERS : PSCI_RESULT.ALREADY_ON;
  on(cpu, entry, context);
  return PSCI_RESULT.SUCCESS;
}

/** Of all processors whose affinity is `target` from a level up: on when any is. */
function affinityInfo(target: bigint, level: bigint, cpus: Iterable<PsciCpu>): number {
  if ((target & ~AFFINITY) !== 0n || level >= LEVELS) return PSCI_RESULT.INVALID_PARAMETERS;
  const mask = AFFINITY & ~((1n << (level * 8n)) - 1n);
  const matching = [...cpus].filter(({ affinity }) => (affinity & mask) === (target & mask));
  if (matching.length === 0) return PSCI_RESULT.INVALID_PARAMETERS;
  return matching.some(({ stopped }) => !stopped) ? ON : OFF;
}
