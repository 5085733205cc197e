/** What `VcpuSync` of the `vmm` package needs to know of arm64: which registers a VMM moves itself, in which order, and what it has of the rest. */
import { encodingOf } from '@worldswitch/arm64-sysreg';
import { STRUCTS } from '@worldswitch/hypervisor/abi';
import { checkMode, viewAarch32, viewSpsr, viewStackPointer, settle } from './cpu-state.ts';
import type { Arm64CpuState } from './cpu-state.ts';
import { PHYSICAL_TIMER_CNT, TIMER_CNT, coreId, isCore, nameOfId, systemId, systemRegisterOf } from './identifiers.ts';

const { fields: AT } = STRUCTS.arm64.kvm_regs;

/** `KVM_NR_SPSR`, in the kernel's order. */
const SPSR_NAMES = ['SPSR_EL1', 'SPSR_abt', 'SPSR_und', 'SPSR_irq', 'SPSR_fiq'];

/** A register that a VMM moves itself. */
export interface Arm64CoreRegister {
  readonly id: bigint;
  readonly name: string;
  readonly read: (state: Arm64CpuState) => bigint;
  readonly write: (state: Arm64CpuState, value: bigint) => void;
}

const numbered = (count: number, row: (n: number) => Arm64CoreRegister): Arm64CoreRegister[] => Array.from({ length: count }, (_, n) => row(n));

/**
 * In the order in which they are moved. What a row brings up to date depends on the rows before it alone: SP in use needs both stack pointers
 * and PSTATE, AArch32's view needs X0 to X30, PSTATE and the PC, the SPSR in use all five.
 */
export const CORE_REGISTERS: readonly Arm64CoreRegister[] = [
  ...numbered(31, (n) => ({ id: coreId(AT['regs.regs'].offset + 8 * n, 8), name: `x${n}`, read: ({ x }) => x[n], write: ({ x }, value) => { x[n] = value; } })),
  { id: coreId(AT['regs.sp'].offset, 8), name: 'SP_EL0', read: ({ spEl0 }) => spEl0, write: (state, value) => { state.spEl0 = value; } },
  { id: coreId(AT.sp_el1.offset, 8), name: 'SP_EL1', read: ({ spEl1 }) => spEl1, write: (state, value) => { state.spEl1 = value; } },
  {
    id: coreId(AT['regs.pstate'].offset, 8), name: 'PSTATE', read: ({ pstate }) => pstate,
    write: (state, value) => {
      checkMode(value);
      state.pstate = value;
      viewStackPointer(state);
    },
  },
  { id: coreId(AT['regs.pc'].offset, 8), name: 'PC', read: ({ pc }) => pc, write: (state, value) => { state.pc = value; viewAarch32(state); } },
  { id: coreId(AT.elr_el1.offset, 8), name: 'ELR_EL1', read: ({ elrEl1 }) => elrEl1, write: (state, value) => { state.elrEl1 = value; } },
  ...SPSR_NAMES.map((name, n): Arm64CoreRegister => ({
    id: coreId(AT.spsr.offset + 8 * n, 8), name, read: ({ spsrBanks }) => spsrBanks[n + 1],
    write: (state, value) => {
      state.spsrBanks[n + 1] = value;
      if (n === SPSR_NAMES.length - 1) viewSpsr(state);
    },
  })),
  ...numbered(32, (n) => ({
    id: coreId(AT['fp_regs.vregs'].offset + 16 * n, 16), name: `V${n}`, read: ({ vectors }) => (vectors[2 * n + 1] << 64n) | vectors[2 * n],
    write: ({ vectors }, value) => {
      vectors[2 * n] = BigInt.asUintN(64, value);
      vectors[2 * n + 1] = value >> 64n;
    },
  })),
  { id: coreId(AT['fp_regs.fpsr'].offset, 4), name: 'FPSR', read: ({ fpsr }) => fpsr, write: (state, value) => { state.fpsr = value; } },
  { id: coreId(AT['fp_regs.fpcr'].offset, 4), name: 'FPCR', read: ({ fpcr }) => fpcr, write: (state, value) => { state.fpcr = value; } },
];

const CORE_NAMES = new Map(CORE_REGISTERS.map(({ id, name }) => [id, name]));

/** The identifier of a register by the name that messages and `Arm64CpuState.system` use. Throws RangeError for an unknown name. */
export function idOfName(name: string): bigint {
  const core = CORE_REGISTERS.find((row) => row.name === name);
  if (core !== undefined) return core.id;
  const packed = encodingOf(name);
  return systemId(packed >> 14, (packed >> 11) & 7, (packed >> 7) & 15, (packed >> 3) & 15, packed & 7);
}

/** Where a system register lies in the state. */
interface Field {
  read(): bigint;
  write(value: bigint): void;
}

function fieldOf(state: Arm64CpuState, id: bigint): Field | undefined {
  const name = systemRegisterOf(id);
  if (name === undefined) return undefined;
  const constant = state.constants.get(name);
  if (constant !== undefined) return { read: () => constant, write: () => undefined };
  return { read: () => state.system.get(name) ?? 0n, write: (value) => { state.system.set(name, value); } };
}

function fieldsOf(state: Arm64CpuState): { find(id: bigint): Field | undefined } {
  const known = new Map<bigint, Field | undefined>();
  return {
    find(id) {
      if (!known.has(id)) known.set(id, fieldOf(state, id));
      return known.get(id);
    },
  };
}

/** For `VcpuSync` of the `vmm` package. */
export const STATE_KNOWLEDGE: {
  readonly core: readonly Arm64CoreRegister[];
  settle(state: Arm64CpuState): void;
  listed(id: bigint): boolean;
  level(id: bigint): 'runtime' | 'full';
  nameOf(id: bigint): string;
  fields(state: Arm64CpuState): { find(id: bigint): Field | undefined };
} = {
  core: CORE_REGISTERS,
  settle,
  listed: (id) => !isCore(id),
  // Writing a count moves the offset of the guest's clock: with every put its time would go back to where it was read.
  level: (id) => (id === TIMER_CNT || id === PHYSICAL_TIMER_CNT ? 'full' : 'runtime'),
  nameOf: (id) => CORE_NAMES.get(id) ?? nameOfId(id),
  fields: fieldsOf,
};
