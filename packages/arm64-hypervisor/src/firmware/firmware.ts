/** A guest's firmware: what becomes of an HVC or SMC by the calling convention (DEN 0028). Nothing of a guest is changed here. */
import { NOT_SUPPORTED, narrowCall, toResult } from '@worldswitch/arm64/firmware';
import type { SmcccCall } from '@worldswitch/arm64/firmware';
import { PV_TIME, SMCCC, TRNG, VENDOR } from './identifiers.ts';
import type { SmcccFilter } from './filter.ts';
import { kvmPsci } from './psci.ts';
import type { PsciCpu, PsciMachine, PsciOutcome } from './psci.ts';
import { FIRMWARE_FEATURES, PSCI_VERSION } from './state.ts';
import type { FirmwareState } from './state.ts';
import { trng } from './trng.ts';
import type { RandomSource } from './trng.ts';

/** Where a vCPU's stolen time is; see DEN 0057. */
export interface StolenTime {
  /** Guest physical; undefined where the VMM has given no place. */
  readonly base: bigint | undefined;
  /** The guest has asked: the structure begins, with nothing stolen. */
  start(): void;
}

export interface FirmwareCaller<C extends PsciCpu> extends Omit<PsciMachine<C>, 'version'> {
  readonly state: FirmwareState;
  readonly filter: SmcccFilter;
  readonly random: RandomSource;
  readonly stolenTime?: StolenTime;
  /** Nanoseconds since 1970 and the physical and virtual counts of the same moment; absent where nobody knows the time. */
  readonly clock?: () => { readonly nanoseconds: bigint; readonly physical: bigint; readonly virtual: bigint };
}

export type FirmwareOutcome =
  /** x0 and up; of x0 to x3 those that are missing are zero. */
  | { readonly effect: 'results'; readonly values: readonly bigint[] }
  /** The VMM answers. */
  | { readonly effect: 'forward'; readonly id: bigint }
  | PsciOutcome;

const SMCCC_1_1 = 0x1_0001n;
/** Of WORKAROUND_1 and _3: this processor does not need it. Of WORKAROUND_2 it is said by another number (DEN 0070). */
const UNAFFECTED = 1;
const NOT_REQUIRED = -2;
/** 28b46fb6-2ec5-11e9-a9ca-4b564d003a74, as words: KVM's. */
const UID = [0xb66f_b428n, 0xe911_c52en, 0x564b_caa9n, 0x743a_004dn] as const;

const FEATURE_OF: ReadonlyMap<bigint, keyof typeof FIRMWARE_FEATURES> = new Map<bigint, keyof typeof FIRMWARE_FEATURES>([
  ...Object.values(TRNG).map((id): [bigint, 'TRNG'] => [id, 'TRNG']), [PV_TIME.FEATURES, 'PV_TIME'], [PV_TIME.ST, 'PV_TIME'],
  [VENDOR.UID, 'VENDOR'], [VENDOR.FEATURES, 'VENDOR'], [VENDOR.PTP, 'PTP'],
]);

function has(state: FirmwareState, feature: keyof typeof FIRMWARE_FEATURES): boolean {
  const { register, bit } = FIRMWARE_FEATURES[feature];
  return (state.bitmap(register) & bit) !== 0n;
}

const value = (code: number): FirmwareOutcome => ({ effect: 'results', values: [toResult(code)] });
const REFUSED = value(NOT_SUPPORTED);

export function firmwareCall<C extends PsciCpu>(wide: SmcccCall, caller: FirmwareCaller<C>): FirmwareOutcome {
  const call = narrowCall(wide);
  const id = call.function;
  const action = caller.filter.action(id);
  if (action === 'forward') return { effect: 'forward', id };
  if (action === 'deny' || !allowed(id, caller.state)) return REFUSED;
  const [first] = call.arguments;
  switch (id) {
    case SMCCC.VERSION: return { effect: 'results', values: [SMCCC_1_1] };
    case SMCCC.ARCH_FEATURES: return archFeatures(BigInt.asUintN(32, first), caller.state);
    case PV_TIME.FEATURES: return isPvTime(BigInt.asUintN(32, first)) && caller.stolenTime?.base !== undefined ? value(0) : REFUSED;
    case PV_TIME.ST: return stolenTime(caller.stolenTime);
    case VENDOR.UID: return { effect: 'results', values: UID };
    case VENDOR.FEATURES: return { effect: 'results', values: [caller.state.bitmap(FIRMWARE_FEATURES.VENDOR.register)] };
    case VENDOR.PTP: return time(BigInt.asUintN(32, first), caller.clock);
  }
  const values = trng(id, first, caller.random);
  if (values !== undefined) return { effect: 'results', values };
  const { psciVersion: version } = caller.state;
  // The numbers of 0.1 are older than the convention: bit 30 says nothing, and arguments have all their bits.
  return kvmPsci(version === PSCI_VERSION.V0_1 ? { ...wide, function: id } : call, { ...caller, version });
}

/** Which calls there are: by the bitmaps; PSCI, in its own ranges, always. */
function allowed(id: bigint, state: FirmwareState): boolean {
  const feature = FEATURE_OF.get(id);
  return feature === undefined || has(state, feature);
}

/** The calling convention's way to ask for what else there is. */
function archFeatures(id: bigint, state: FirmwareState): FirmwareOutcome {
  switch (id) {
    case SMCCC.WORKAROUND_1:
    case SMCCC.WORKAROUND_3: return value(UNAFFECTED);
    case SMCCC.WORKAROUND_2: return value(NOT_REQUIRED);
    case PV_TIME.FEATURES: return has(state, 'PV_TIME') ? value(0) : REFUSED;
    default: return REFUSED;
  }
}

const isPvTime = (id: bigint): boolean => id === PV_TIME.FEATURES || id === PV_TIME.ST;

function stolenTime(place: StolenTime | undefined): FirmwareOutcome {
  if (place?.base === undefined) return REFUSED;
  place.start();
  return { effect: 'results', values: [place.base] };
}

/** The time of day with a count of the same moment, in halves, the upper first. Counter 0 is the virtual one, 1 the physical. */
function time(counter: bigint, clock: FirmwareCaller<PsciCpu>['clock']): FirmwareOutcome {
  if (clock === undefined || counter > 1n) return REFUSED;
  const { nanoseconds, physical, virtual } = clock();
  const count = counter === 0n ? virtual : physical;
  return { effect: 'results', values: [nanoseconds >> 32n, BigInt.asUintN(32, nanoseconds), count >> 32n, BigInt.asUintN(32, count)] };
}
