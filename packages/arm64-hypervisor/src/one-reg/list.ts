/** Which registers a vCPU has, in the order in which the kernel lists them (KVM_GET_REG_LIST). */
import { REGISTERS, isRegisterName } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { atLeast } from '../abi/profile.ts';
import { CACHES_MAX, cacheExists } from './caches.ts';
import { COPROCESSOR, ccsidrId, coprocessorOf, packedOf, wordOf } from './encoding.ts';
import { ONE_REGISTER_FACTS } from './facts/registers.ts';
import { ccsidrRow, rowFor } from './rows.ts';
import type { RegisterRow } from './rows.ts';
import type { VmRegisters } from './vm-registers.ts';

export type OneRegisterGroup = (typeof ONE_REGISTER_FACTS)[number]['group'];

/** A register by identifier. */
export interface OneRegisterFact {
  readonly id: bigint;
  /** Bytes. */
  readonly size: number;
  readonly group: OneRegisterGroup;
  readonly name: string;
  /** The Linux that brought it, where it is newer than the profiles are. */
  readonly since?: string;
  /** The field of an identification register that says whether it is there. */
  readonly condition?: string;
}

/** Those of each group that a VM's vCPUs have. V registers are core registers as long as there is no SVE. */
function groupsOf({ features }: VmRegisters): ReadonlySet<OneRegisterGroup> {
  return new Set<OneRegisterGroup>([
    'base', 'timer', features.has('sve') ? 'sve' : 'vregs', ...(features.has('pmu-v3') ? ['pmu'] as const : []),
    ...(features.has('ptrauth-address') ? ['pauth_address', 'pauth_generic'] as const : []), ...(features.has('has-el2') ? ['el2'] as const : []),
  ]);
}

/** `ID_AA64MMFR3.TCRX`: a field that is not zero. */
function holds(condition: string, vm: VmRegisters): boolean {
  const [, register = '', field = ''] = /^(\w+)\.(\w+)/.exec(condition) ?? [];
  const name = `${register}_EL1`;
  if (!isRegisterName(name)) return false;
  const range: unknown = REGISTERS[name].layouts['only']?.fields[field];
  const value = vm.identification.read(REGISTERS[name].packed) ?? 0n;
  const [high, low] = Array.isArray(range) ? range as readonly number[] : [];
  return high !== undefined && low !== undefined && ((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n)) !== 0n;
}

/** Before 6.4 the physical timer could not be saved. */
const PHYSICAL_TIMER: readonly string[] = ['PTIMER_CTL', 'PTIMER_CNT', 'PTIMER_CVAL'];
const TIMERS: readonly string[] = ['TIMER_CTL', 'TIMER_CNT', 'TIMER_CVAL', ...PHYSICAL_TIMER];
const INVARIANT: readonly RegisterName[] = ['MIDR_EL1', 'REVIDR_EL1', 'AIDR_EL1'];
const INVARIANT_6_1: readonly RegisterName[] = ['MIDR_EL1', 'REVIDR_EL1', 'CLIDR_EL1', 'AIDR_EL1', 'CTR_EL0'];

/** Where in the list a register comes: a part of it, and a place there. */
function placeOf({ id, name }: OneRegisterFact, invariant: readonly string[]): readonly [part: number, at: bigint] {
  const coprocessor = coprocessorOf(id);
  if (coprocessor === COPROCESSOR.core) return [0, wordOf(id)];
  if (coprocessor === COPROCESSOR.sve) return [1, id];
  if (coprocessor === COPROCESSOR.firmware || coprocessor === COPROCESSOR.firmwareBitmap) return [2, id];
  if (TIMERS.includes(name)) return [3, BigInt(TIMERS.indexOf(name))];
  return invariant.includes(name) ? [4, BigInt(invariant.indexOf(name))] : [5, BigInt(packedOf(id))];
}

/** What a register of a list is and does. */
export interface ListedRegister extends RegisterRow {
  readonly name: string;
  readonly size: number;
}

/** By identifier, in order. Throws RangeError for a fact whose register nobody keeps. */
export function listRegisters(vm: VmRegisters, { unlisted }: { readonly unlisted?: string } = {}): ReadonlyMap<bigint, ListedRegister> {
  const groups = groupsOf(vm);
  const old = !atLeast(vm.profile, '6.12');
  const invariant = old ? INVARIANT_6_1 : INVARIANT;
  const facts = (ONE_REGISTER_FACTS as readonly OneRegisterFact[]).filter(({ group, name, since, condition }) =>
    groups.has(group) && since === undefined && (condition === undefined || holds(condition, vm)) && !(old && PHYSICAL_TIMER.includes(name)) && name !== unlisted);
  const placed = facts.map((fact) => ({ fact, place: placeOf(fact, invariant) })).sort(({ place: a }, { place: b }) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  const listed = new Map<bigint, ListedRegister>(placed.map(({ fact: { id, name, size } }) => {
    const row = rowFor(name, coprocessorOf(id) === COPROCESSOR.sysreg ? packedOf(id) : undefined, vm);
    if (row === undefined) throw new RangeError(`one-reg/rows.ts has no row for ${name}; add one, or hide the feature that it belongs to`);
    return [id, { ...row, name, size }];
  }));
  for (let csselr = 0; csselr < CACHES_MAX; csselr++) {
    if (old && !cacheExists(vm.host('CLIDR_EL1'), csselr)) continue;
    listed.set(ccsidrId(csselr), { ...ccsidrRow(csselr), name: `CCSIDR_EL1 of ${csselr}`, size: 4 });
  }
  return listed;
}
