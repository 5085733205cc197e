/** Registers by the names of the facts: how a VMM reads and writes each. */
import { OSLSR_EL1, REGISTERS, indexInFamily } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import { atLeast } from '../abi/profile.ts';
import { CONTEXT_SYSREGS, AARCH32_SYSREGS } from '../context/layout.ts';
import { checkPstate } from '../guest/registers.ts';
import type { DebugBank } from '../guest/vcpu-memory.ts';
import type { EmulatedRegisters } from './emulated.ts';
import { FIRMWARE_BITMAPS, WORKAROUND_LEVELS } from './firmware-registers.ts';
import type { Workaround } from './firmware-registers.ts';
import type { FirmwareBitmapName } from '../firmware/state.ts';
import { contextPlace } from './storage.ts';
import type { GuestStorage, Place } from './storage.ts';
import type { VmRegisters } from './vm-registers.ts';

/** A vCPU, for its registers. */
export interface RegisterVcpu {
  readonly storage: GuestStorage;
  readonly vm: VmRegisters;
  readonly emulated: EmulatedRegisters;
}

/** `set` throws `KvmError` and has changed nothing then. The value fits the register's size. */
export interface RegisterRow {
  readonly get: (vcpu: RegisterVcpu) => bigint;
  readonly set: (vcpu: RegisterVcpu, value: bigint) => void;
}

const U64 = 64;

function refuse(value: string, rule: string, remedy: string): never {
  throw new KvmError('EINVAL', { value, rule, remedy });
}

function stored(place: Place, check?: (value: bigint) => void): RegisterRow {
  return {
    get: ({ storage }) => storage.read(place),
    set: ({ storage }, value) => {
      check?.(value);
      storage.write(place, value);
    },
  };
}

// Core registers

const CORE = [
  ...Array.from({ length: 31 }, (_, n) => `x${n}`), 'SP_EL0', 'PC', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1', 'SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq', 'FPSR', 'FPCR',
].map((name): [string, RegisterRow] => [name, stored(contextPlace(name))]);
const VECTORS = Array.from({ length: 32 }, (_, n): [string, RegisterRow] => [`V${n}`, stored(contextPlace(`v${n}`))]);

// System registers that are kept

/** Kept elsewhere, or under another name. */
const APART: ReadonlySet<string> = new Set(['VMPIDR_EL2', 'OSLSR_EL1']);
const KEPT = [...CONTEXT_SYSREGS, ...AARCH32_SYSREGS].filter((name) => !APART.has(name)).map((name): [string, RegisterRow] => [name, stored(contextPlace(name))]);

const DEBUG = (Object.keys(REGISTERS) as RegisterName[]).flatMap((name): [string, RegisterRow][] => {
  const bank = /^DBG([BW][CV]R)\d+_EL1$/.exec(name)?.[1]?.toLowerCase() as DebugBank | undefined;
  return bank === undefined ? [] : [[name, stored({ kind: 'debug', bank, n: indexInFamily(name) as number })]];
});

/** OSLM is what the lock is like, of which OSLK alone is a state. */
const OSLK = OSLSR_EL1.mask('OSLK');
const OPEN = 8n;
const oslsr = stored(contextPlace('OSLSR_EL1'), (value) => {
  if ((value & ~OSLK) !== OPEN) refuse(`OSLSR_EL1 = ${hex(value)}`, `all but OSLK is ${hex(OPEN)}`, `write ${hex(OPEN)} or ${hex(OPEN | OSLK)}`);
});

// What the host says

const mustBe = (name: string, value: bigint, is: bigint): void => {
  if (value !== is) refuse(`${name} = ${hex(value)}`, `it is ${hex(is)}, as the host's`, 'write that or leave it out');
};
const invariant = (name: RegisterName): RegisterRow => ({ get: ({ vm }) => vm.host(name), set: ({ vm }, value) => { mustBe(name, value, vm.host(name)); } });

const identified = (packed: number): RegisterRow => ({
  get: ({ vm }) => vm.identification.read(packed) as bigint,
  set: ({ vm }, value) => { vm.identification.write(packed, value); },
});

const clidr: RegisterRow = { get: ({ emulated: { caches } }) => caches.clidr, set: ({ emulated: { caches } }, value) => { caches.clidr = value; } };

/** CCSIDR_EL1 of one cache. */
export const ccsidrRow = (csselr: number): RegisterRow => ({
  get: ({ emulated: { caches } }) => caches.ccsidr(csselr), set: ({ emulated: { caches } }, value) => { caches.setCcsidr(csselr, value); },
});

// Timers. The registers of a timer are those of the guest, the counts are a moment's.

const ISTATUS = 4n;
const countOf = ({ vm }: RegisterVcpu, which: 'virtual' | 'physical'): bigint => BigInt.asUintN(U64, vm.host('CNTPCT_EL0') - vm.counters[which]);

function timerRows(prefix: string, which: 'virtual' | 'physical', slots: { readonly control: string; readonly compare: string }): [string, RegisterRow][] {
  const control: Place = { kind: 'state', slot: slots.control };
  const compare: Place = { kind: 'state', slot: slots.compare };
  return [
    [`${prefix}_CTL`, {
      // The condition, whether the timer is enabled or not: of one that is not, ISTATUS is UNKNOWN.
      get: (vcpu) => vcpu.storage.read(control) | (countOf(vcpu, which) >= vcpu.storage.read(compare) ? ISTATUS : 0n),
      set: ({ storage }, value) => { storage.write(control, BigInt.asUintN(32, value) & ~ISTATUS); },
    }],
    [`${prefix}_CVAL`, stored(compare)],
    [`${prefix}_CNT`, { get: (vcpu) => countOf(vcpu, which), set: ({ vm }, value) => { vm.counters.set(which, vm.host('CNTPCT_EL0') - value); } }],
  ];
}

// The VM's firmware

const FIRMWARE: [string, RegisterRow][] = [
  ['KVM_REG_ARM_PSCI_VERSION', { get: ({ vm }) => vm.firmware.psciVersion, set: ({ vm }, value) => { vm.firmware.psciVersion = value; } }],
  ...(Object.keys(WORKAROUND_LEVELS) as Workaround[]).map((name): [string, RegisterRow] => [name, {
    get: ({ vm }) => vm.firmware.workaround(name), set: ({ vm }, value) => { vm.firmware.setWorkaround(name, value); },
  }]),
  ...(Object.keys(FIRMWARE_BITMAPS) as FirmwareBitmapName[]).map((name): [string, RegisterRow] => [name, {
    get: ({ vm }) => vm.firmware.bitmap(name), set: ({ vm }, value) => { vm.firmware.setBitmap(name, value); },
  }]),
];

const PMU = (Object.keys(REGISTERS) as RegisterName[]).filter((name) => REGISTERS[name].group === 'pmu').map((name): [string, RegisterRow] => [name, {
  get: ({ emulated: { pmu } }) => pmu?.get(name) ?? 0n, set: ({ emulated: { pmu } }, value) => { pmu?.set(name, value); },
}]);

const ROWS: ReadonlyMap<string, RegisterRow> = new Map([
  ...CORE, ['PSTATE', stored(contextPlace('PSTATE'), checkPstate)], ...VECTORS, ...KEPT, ...DEBUG, ['MPIDR_EL1', stored(contextPlace('VMPIDR_EL2'))], ['OSLSR_EL1', oslsr],
  ...(['MIDR_EL1', 'REVIDR_EL1', 'AIDR_EL1'] as const).map((name): [string, RegisterRow] => [name, invariant(name)]), ['CLIDR_EL1', clidr],
  ...timerRows('TIMER', 'virtual', { control: 'cntv-ctl', compare: 'cntv-cval' }), ...timerRows('PTIMER', 'physical', { control: 'cntp-ctl', compare: 'cntp-cval' }),
  ...FIRMWARE, ...PMU,
]);

/** Those of the oldest profile, where it differs: what came to be of the VM was of the host. */
const ROWS_6_1: ReadonlyMap<string, RegisterRow> = new Map((['CLIDR_EL1', 'CTR_EL0'] as const).map((name): [string, RegisterRow] => [name, invariant(name)]));

/** Of a register by its name in the facts and, for a system register, its packed encoding; undefined for one that is not kept. */
export function rowFor(name: string, packed: number | undefined, vm: VmRegisters): RegisterRow | undefined {
  const row = (atLeast(vm.profile, '6.12') ? undefined : ROWS_6_1.get(name)) ?? ROWS.get(name);
  if (row !== undefined || packed === undefined) return row;
  return vm.identification.read(packed) === undefined ? undefined : identified(packed);
}
